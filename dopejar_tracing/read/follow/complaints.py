"""What stands in the way, said once."""

from __future__ import annotations

from collections.abc import Callable


class Complaints:
    """Hands each complaint on once, until all is well again.

    Args:
        tell: takes the text.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def add(self, place: str, error: OSError) -> None:
        """Say what is wrong with a place."""
        self.say(f"{place}: {error.strerror or error}")

    def say(self, text: str) -> None:
        """Say this, unless it was said."""
        if text not in self._told:
            self._told.add(text)
            self._tell(text)

    def clear(self) -> None:
        """All is well: what comes now is news."""
        self._told.clear()
