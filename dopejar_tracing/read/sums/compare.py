"""What changed between two traces, and whether it is more than noise.

The test is that of Mann and Whitney (also Wilcoxon's rank sum): is a span of one trace slower than one of
the other more often than chance would have it? It asks for no distribution, and ranks need no more than the
counts of `Durations`. The approximation by a normal distribution, corrected for ties and continuity, holds
from about 20 spans on each side on; below that, no confidence is claimed. The tests hold it against SciPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import erfc, log, sqrt

import msgspec

from dopejar_tracing.model.report import Key
from dopejar_tracing.read.sums.durations import Durations
from dopejar_tracing.read.sums.summary import Summary, Tally

ENOUGH = 20
"""Spans on each side from which on the test says something."""
CONFIDENT = 0.95
"""From which on a difference is taken for more than noise."""


class Change(msgspec.Struct, frozen=True):
    """One group before and after.

    Attributes:
        key: of the group.
        before: an empty tally if it was not there.
        after: an empty tally if it is not there any more.
        confidence: 0 to 1, that durations differ by more than noise; None if there are too few.
    """

    key: Key
    before: Tally
    after: Tally
    confidence: float | None

    @property
    def ratio(self) -> float | None:
        """Of the medians, after to before, each at least 1 µs; None if there is none."""
        before, after = self.before.durations.percentile(0.5), self.after.durations.percentile(0.5)
        return None if before is None or after is None else max(1, after) / max(1, before)

    @property
    def weight(self) -> float:
        """How far it moved; what is no more than noise hardly did."""
        if not self.before.events or not self.after.events:
            return float("inf")
        moved = abs(log(self.ratio)) if self.ratio else 0.0
        faults = abs(_share(self.after) - _share(self.before))
        return (moved if (self.confidence or 0) >= CONFIDENT else moved / 1_000) + faults


def compare(before: Summary, after: Summary) -> list[Change]:
    """The groups of both, what moved most first."""
    return sorted(_changes(before, after), key=lambda change: (-change.weight, change.key))


def _changes(before: Summary, after: Summary) -> Iterator[Change]:
    for key in {**before.groups, **after.groups}:
        old, new = before.groups.get(key, Tally()), after.groups.get(key, Tally())
        yield Change(key, old, new, confidence(old.durations, new.durations))


def _share(tally: Tally) -> float:
    """Of errors and blocked among all."""
    return (tally.errors + tally.blocked) / tally.events


def confidence(some: Durations, others: Durations) -> float | None:
    """1 − p of the two-sided rank test; None if there are too few."""
    if min(some.count, others.count) < ENOUGH:
        return None
    count = some.count + others.count
    below, ranks, ties = 0, 0.0, 0
    for least in sorted({*some.counts, *others.counts}):
        here = some.counts[least] + others.counts[least]
        ranks += some.counts[least] * (below + (here + 1) / 2)
        ties += here**3 - here
        below += here
    u = ranks - some.count * (some.count + 1) / 2
    spread = some.count * others.count / 12 * (count + 1 - ties / (count * (count - 1)))
    if spread <= 0:  # all alike
        return 0.0
    z = (abs(u - some.count * others.count / 2) - 0.5) / sqrt(spread)
    return 1 - min(1.0, erfc(z / sqrt(2)))
