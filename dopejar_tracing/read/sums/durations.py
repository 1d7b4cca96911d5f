"""How long things took: counts at three significant digits, which can be added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from math import ceil

import msgspec

_EXACT = 1_000
"""Microseconds below which each has a count of its own."""
LONGEST = 10**15
"""Microseconds, 31 years: what is longer was never measured, and sums of it would burst others' integers."""
_KNOWN = 100_000


class _Classes(dict[int, int]):
    """Microseconds → the least of those that share their first three digits; most come often."""

    def __missing__(self, microseconds: int) -> int:
        step = _step(microseconds)
        least: int = microseconds // step * step
        if len(self) < _KNOWN:
            self[microseconds] = least
        return least


def _step(microseconds: int) -> int:
    """How many durations share a count with this one."""
    return int(10 ** max(0, len(str(microseconds)) - 3))


_class_of: Callable[[int], int] = _Classes().__getitem__


def bounded(microseconds: int) -> int:
    """A duration that can be: not negative, and not longer than LONGEST."""
    return min(max(0, microseconds), LONGEST)


class Durations(msgspec.Struct):
    """Durations of some spans, in microseconds.

    Count, total and maximum are exact; a percentile is within half a percent of the span it stands for. What
    is held grows with the range of durations (900 counts for each power of ten), not with their number.
    """

    count: int = 0
    total: int = 0
    longest: int = 0
    counts: Counter[int] = msgspec.field(default_factory=Counter)
    """Of each class, named by the least duration in it."""

    def add(self, microseconds: Iterable[int]) -> None:
        """Count some more."""
        found = list(microseconds)
        if not found:
            return
        if min(found) < 0 or max(found) > LONGEST:  # nobody who measures writes that
            found = list(map(bounded, found))
        self.count += len(found)
        self.total += sum(found)
        longest = max(found)
        self.longest = max(self.longest, longest)
        self.counts.update(map(_class_of, found))

    def __add__(self, other: Durations) -> Durations:
        """Those of both."""
        return Durations(
            self.count + other.count,
            self.total + other.total,
            max(self.longest, other.longest),
            self.counts + other.counts,
        )

    @property
    def mean(self) -> int | None:
        """The average, rounded down; None if there is none."""
        return self.total // self.count if self.count else None

    def percentile(self, part: float) -> int | None:
        """What this part of all (0 to 1) does not exceed, by nearest rank; None if there is none."""
        rank = max(1, ceil(part * self.count))
        for least in sorted(self.counts):
            rank -= self.counts[least]
            if rank <= 0:
                return min(least + (_step(least) - 1) // 2, self.longest)
        return None
