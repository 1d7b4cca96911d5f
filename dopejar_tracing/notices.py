"""What the tracing itself has to say, on stderr, in one line each.

Tracing does not raise into the application (contract §4); this is the other half of that promise.
"""

from __future__ import annotations

import contextlib
import os
import sys

from dopejar_tracing.show.text import visible


def say(text: str) -> None:
    """Write one line to stderr; if there is no stderr to write to, nobody can be told."""
    with contextlib.suppress(Exception):
        with contextlib.suppress(AttributeError, ValueError):  # no file: a StringIO, say
            os.fstat(
                sys.stderr.fileno()
            )  # if it is closed: what stays in its buffer would be an error at the exit
        sys.stderr.write(f"dopejar_tracing: {visible(' '.join(text.splitlines()))}\n")
        sys.stderr.flush()


class Losses:
    """Counts what one place could not deliver; speaks when it begins and at the end.

    Args:
        where: the place, as a person knows it: `trace.jsonl`.
        what: what is counted, in the singular: `line`.
    """

    def __init__(self, where: str, what: str = "line") -> None:
        self.where = where
        self.what = what
        self.count = 0
        self._told = 0
        self._spoken = False

    def add(self, why: object, count: int = 1) -> None:
        """Count a loss; the first is told at once, with its reason."""
        self.count += count
        if not self._spoken:
            self._spoken = True
            reason = why.strerror if isinstance(why, OSError) and why.strerror else why
            say(f"{self.where}: {reason}; {self.what}s are being lost, the application goes on")

    def tell(self) -> None:
        """Say how many were lost since this was last said, if any were."""
        new = self.count - self._told
        self._told = self.count
        if new:
            say(f"{self.where}: {new:,} {self.what}{'s' if new > 1 else ''} lost")
