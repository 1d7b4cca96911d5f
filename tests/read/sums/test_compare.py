"""What changed between two traces, and how sure that is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]
from spans import span
from traces import event

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.sums.compare import CONFIDENT, ENOUGH, compare, confidence
from dopejar_tracing.read.sums.durations import Durations
from dopejar_tracing.read.sums.summarize import Summarizer
from dopejar_tracing.read.sums.summary import Summary

_LENGTHS = st.lists(st.one_of(st.integers(0, 30), st.integers(0, 10**7)), min_size=ENOUGH, max_size=70)


def durations(found: list[int]) -> Durations:
    """Those, counted."""
    counted = Durations()
    counted.add(found)
    return counted


def classes(counted: Durations) -> list[int]:
    """What stands for each span: the least of those that share its first three digits."""
    return list(counted.counts.elements())


def summary(*events: TraceEvent) -> Summary:
    """Of these, by operation."""
    summarizer = Summarizer(["operation"])
    summarizer.add(events)
    return summarizer.summary


def spans(operation: str, count: int, length: int, **changes: object) -> list[TraceEvent]:
    """So many spans of about that length."""
    return [
        span(f"{operation}{at}", None, 0, length + at % 10, operation=operation, **changes)
        for at in range(count)
    ]


class TestConfidence:
    """1 − p of the rank test."""

    @settings(max_examples=200)
    @given(_LENGTHS, _LENGTHS)
    def test_scipy(self, some: list[int], others: list[int]) -> None:
        """It is that of SciPy: of Mann and Whitney, two-sided, by the normal distribution, corrected."""
        one, other = durations(some), durations(others)
        found = confidence(one, other)
        assert found is not None
        if len({*one.counts, *other.counts}) == 1:
            assert found == 0  # SciPy divides by nothing
            return
        expected = stats.mannwhitneyu(
            classes(one), classes(other), alternative="two-sided", method="asymptotic", use_continuity=True
        )
        assert found == pytest.approx(1 - expected.pvalue, abs=1e-9)
        assert found == pytest.approx(confidence(other, one), abs=1e-12)

    @pytest.mark.parametrize("counts", [(ENOUGH - 1, 1_000), (1_000, ENOUGH - 1), (0, 1_000)])
    def test_too_few(self, counts: tuple[int, int]) -> None:
        """Of too few it says nothing."""
        one, other = (durations([5] * count) for count in counts)
        assert confidence(one, other) is None

    def test_noise(self) -> None:
        """The same twice is noise; what is twice as slow is not; a million spans are no trouble."""
        found = list(range(1_000, 2_000))
        assert confidence(durations(found), durations(found)) == 0
        assert (confidence(durations(found), durations([2 * each for each in found])) or 0) > 0.999999
        many = Durations(10**9, 10**12, 1_000, durations([1_000]).counts)
        many.counts[1_000] = 10**9
        assert confidence(many, many) == 0


class TestCompare:
    """The order."""

    def test_what_moved_first(self) -> None:
        """New and gone ones, then by how far the median moved, slower or quicker; noise last."""
        before = [*spans("same", 50, 1_000), *spans("slower", 50, 1_000), *spans("quicker", 50, 10_000),
                  *spans("gone", 5, 1_000), *spans("few", 5, 1_000)]  # fmt: skip
        after = [*spans("same", 50, 1_000), *spans("slower", 50, 1_500), *spans("quicker", 50, 1_000),
                 *spans("new", 5, 1_000), *spans("few", 5, 9_000)]  # fmt: skip
        changes = compare(summary(*before), summary(*after))
        assert [change.key[0] for change in changes] == ["gone", "new", "quicker", "slower", "few", "same"]
        assert [(change.confidence or 0) >= CONFIDENT for change in changes] == [
            False, False, True, True, False, False,
        ]  # fmt: skip

    def test_errors(self) -> None:
        """A group that fails more often moved, although it takes as long."""
        before = [*spans("a", 50, 1_000), *spans("b", 50, 1_000)]
        after = [*spans("a", 50, 1_000), *spans("b", 40, 1_000), *spans("b", 10, 1_000, status="error")]
        assert [change.key[0] for change in compare(summary(*before), summary(*after))] == ["b", "a"]

    def test_from_nothing(self) -> None:
        """From no microsecond to a second is far, too."""
        nothing = [span(f"s{at}", None, 0, 0, operation="b") for at in range(50)]
        before = [*spans("a", 50, 1_000), *nothing]
        after = [*spans("a", 50, 3_000), *spans("b", 50, 10**6)]
        changes = compare(summary(*before), summary(*after))
        assert [change.key[0] for change in changes] == ["b", "a"]

    def test_events_only(self) -> None:
        """Groups without spans have neither ratio nor confidence."""
        (change,) = compare(summary(event("a")), summary(event("b"), event("c")))
        assert (change.ratio, change.confidence, change.weight) == (None, None, 0)
        assert (change.before.events, change.after.events) == (1, 2)

    def test_nothing(self) -> None:
        """Of nothing there is nothing to say."""
        assert compare(summary(), summary()) == []
