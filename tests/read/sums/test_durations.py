"""Durations that are counted, added up, and asked for percentiles."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.read.sums.durations import LONGEST, Durations

_LENGTHS = st.one_of(st.integers(0, 2_000), st.integers(0, 10**7), st.integers(0, LONGEST))
_SOME = st.lists(_LENGTHS, max_size=60)
PARTS = (0.5, 0.95, 0.99)


def durations(found: list[int]) -> Durations:
    """Those, counted."""
    counted = Durations()
    counted.add(found)
    return counted


def nearest_rank(found: list[int], part: float) -> int:
    """The exact one."""
    return sorted(found)[max(1, ceil(part * len(found))) - 1]


class TestDurations:
    """Counts."""

    @given(_SOME)
    def test_exact(self, found: list[int]) -> None:
        """Count, total, mean and maximum are exact."""
        counted = durations(found)
        assert (counted.count, counted.total) == (len(found), sum(found))
        assert counted.longest == max(found, default=0)
        assert counted.mean == (sum(found) // len(found) if found else None)
        assert sum(counted.counts.values()) == len(found)

    @given(_SOME.filter(bool), st.one_of(st.sampled_from(PARTS), st.floats(0, 1)))
    def test_percentile(self, found: list[int], part: float) -> None:
        """A percentile is within half a percent of the nearest rank, and exact below a millisecond."""
        exact = nearest_rank(found, part)
        guess = durations(found).percentile(part)
        assert guess is not None
        assert abs(guess - exact) <= exact * 0.005
        if exact < 1_000:
            assert guess == exact

    @pytest.mark.parametrize("count", [1, 2, 19, 20, 99, 100, 101, 1_000])
    def test_ranks(self, count: int) -> None:
        """The rank is the nearest one, to the span."""
        found = list(range(1, count + 1)) if count < 1_000 else [*range(1_000)]
        for part in PARTS:
            assert durations(found).percentile(part) == nearest_rank(found, part)

    def test_never_more_than_the_longest(self) -> None:
        """A percentile is no more than the maximum, whatever it was rounded to."""
        assert durations([1_000_001]).percentile(0.5) == 1_000_001
        assert durations([1_003_000, 1_000_001]).percentile(1.0) == 1_003_000

    def test_none(self) -> None:
        """Of none there is neither mean nor percentile."""
        assert (Durations().mean, Durations().percentile(0.5)) == (None, None)

    @given(_SOME, _SOME)
    def test_sum(self, some: list[int], others: list[int]) -> None:
        """The sum of two is that of all together, and neither changes by it."""
        one, other = durations(some), durations(others)
        assert one + other == durations(some + others) == other + one
        assert (one, other) == (durations(some), durations(others))
        assert one + Durations() == one

    @given(_SOME, st.data())
    def test_in_parts(self, found: list[int], data: st.DataObject) -> None:
        """It does not matter how many are added at a time."""
        cut = data.draw(st.integers(0, len(found)))
        counted = durations(found[:cut])
        counted.add(found[cut:])
        assert counted == durations(found)

    def test_impossible(self) -> None:
        """What nobody can have measured counts as nothing, or as the longest that can be."""
        counted = durations([-5, 10**30, 7])
        assert (counted.total, counted.longest) == (LONGEST + 7, LONGEST)
        assert [counted.percentile(part) for part in (0.1, 0.5, 1)] == [0, 7, LONGEST]

    def test_bounded(self) -> None:
        """What is held depends on the range alone: 900 counts for each power of ten."""
        counted = durations(list(range(0, 10_000_000, 97)))
        assert len(counted.counts) <= 1_000 + 4 * 900
