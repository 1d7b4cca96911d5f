"""The assistant's own record of what it decided, for `/why`. It knows nothing of tracing.

One line of JSON for each decision. Words of a person come in here only as `Consent.shown` lets them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from the_assist.state import State


class Journal:
    """Appends to one file."""

    def __init__(self, folder: Path, state: State) -> None:
        self._path = folder / "journal.jsonl"
        self._state = state

    def note(self, kind: str, **facts: object) -> None:
        """Keep a decision of this turn."""
        line = json.dumps({"turn": self._state.turn, "kind": kind, **facts}, ensure_ascii=False)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    @contextmanager
    def attempt(self, kind: str, **facts: object) -> Iterator[dict[str, object]]:
        """Keep what happens inside: `done`, unless it says something else as its verdict; or `failed`."""
        entry = {**facts, "verdict": "failed"}
        said: dict[str, object] = {"verdict": "done"}
        try:
            yield said
            entry |= said
        finally:
            self.note(kind, **entry)

    def of_turn(self, turn: int) -> list[str]:
        """The decisions of a turn, each in one line."""
        if not self._path.exists():
            return []
        lines = self._path.read_text("utf-8").splitlines()
        entries = [json.loads(line) for line in lines]
        return [_told(entry) for entry in entries if entry.pop("turn") == turn]


def _told(entry: dict[str, object]) -> str:
    kind = entry.pop("kind")
    return f"{kind}: {', '.join(f'{name} {value}' for name, value in entry.items())}"
