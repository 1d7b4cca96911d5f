"""Summaries of parts of a trace, and their sums."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spans import own_times, span, timed_forests
from traces import event

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.report import Fault
from dopejar_tracing.read.query.filters import Query, by_status
from dopejar_tracing.read.sums.durations import Durations
from dopejar_tracing.read.sums.summarize import GROUPINGS, Summarizer
from dopejar_tracing.read.sums.summary import Summary, Tally

QUERIES = (Query(), Query((by_status(["error"]),)))


def summed(events: Sequence[TraceEvent], *, is_first: bool = True, **options: Any) -> Summary:
    """The summary of one part."""
    summarizer = Summarizer(is_first=is_first, slowest=3, **options)
    summarizer.add(events)
    return summarizer.summary


def said(summary: Summary) -> tuple[object, ...]:
    """What a summary says; not what it holds for the part that follows."""
    return (
        summary.events, summary.first, summary.last, summary.groups, sorted(summary.slowest), summary.faults,
    )  # fmt: skip


class TestSum:
    """`Summary + Summary`."""

    @settings(max_examples=300)
    @given(
        timed_forests(), st.data(), st.sampled_from(QUERIES),
        st.lists(st.sampled_from(GROUPINGS), min_size=1, max_size=3, unique=True),
    )  # fmt: skip
    def test_any_split(
        self, events: list[TraceEvent], data: st.DataObject, query: Query, by: list[str]
    ) -> None:
        """However a trace is split, the summaries of the parts add up to that of the whole."""
        cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=4)))
        parts = [
            summed(events[start:end], is_first=not number, query=query, by=by)
            for number, (start, end) in enumerate(pairwise([0, *cuts, len(events)]))
        ]
        whole = said(summed(events, query=query, by=by))
        assert said(reduce(add, parts)) == whole
        assert said(reduce(lambda later, earlier: earlier + later, reversed(parts))) == whole

    @given(timed_forests(), st.data())
    def test_in_blocks(self, events: list[TraceEvent], data: st.DataObject) -> None:
        """It does not matter how many events are added at a time."""
        cut = data.draw(st.integers(0, len(events)))
        summarizer = Summarizer(slowest=3)
        for part in (events[:cut], events[cut:]):
            summarizer.add(part)
        assert said(summarizer.summary) == said(summed(events))

    @given(timed_forests())
    def test_own_times(self, events: list[TraceEvent]) -> None:
        """A group's own time is the sum of those of its spans."""
        expected = own_times(events)
        summary = summed(events)
        for key, tally in summary.groups.items():
            assert tally.own_us == sum(
                expected.get(one.trace_id, 0) for one in events if (one.hrm_layer,) == key
            )
        assert summary.total.own_us == sum(expected.values())

    def test_left_as_they_are(self) -> None:
        """Neither of the two is changed."""
        events = [span("c", "p", 0, 40), span("p", None, 0, 100)]
        one, other = summed(events[:1]), summed(events[1:], is_first=False)
        first, second = one + other, one + other
        assert said(first) == said(second) == said(summed(events))
        assert said(one) == said(summed(events[:1]))
        assert said(other) == said(summed(events[1:], is_first=False))

    def test_nothing(self) -> None:
        """An empty summary changes nothing."""
        events = [span("c", "p", 0, 40), event("e", status="error"), span("p", None, 0, 100)]
        nothing = summed([])
        assert said(nothing + summed(events)) == said(summed(events)) == said(summed(events) + nothing)
        assert (nothing.first, nothing.last, nothing.total) == ("", "", Tally())

    @pytest.mark.parametrize("wanted", [0, 1, 5])
    def test_slowest(self, wanted: int) -> None:
        """So many as are wanted are kept, of equally slow ones those that began last."""
        spans = [span(f"s{at}", None, at, at + 10 + at % 3) for at in range(12)]
        options = {"slowest": wanted}
        halves = []
        for number, part in enumerate((spans[:6], spans[6:])):
            summarizer = Summarizer(is_first=not number, **options)  # type: ignore[arg-type]
            summarizer.add(part)
            halves.append(summarizer.summary)
        slowest = sorted((halves[0] + halves[1]).slowest, reverse=True)
        expected = sorted(spans, key=lambda one: (one.duration_us, one.timestamp), reverse=True)
        assert [slow.trace_id for slow in slowest] == [one.trace_id for one in expected[:wanted]]


class TestTally:
    """One group."""

    def test_sum(self) -> None:
        """Everything is added up."""
        one, other = Tally(3, 1, 0, Durations(), 5), Tally(4, 0, 2, Durations(), 6)
        assert one + other == Tally(7, 1, 2, Durations(), 11)
        assert one.with_own(-2) == Tally(3, 1, 0, Durations(), 3)


class TestFault:
    """Errors of one type and place."""

    def test_sum(self) -> None:
        """The counts are added; first and last are those of both, ID and message those of the last."""
        one = Fault("OSError", "a.py:1", 2, "2026-01-02", "2026-01-05", "a", "disk full")
        other = Fault("OSError", "a.py:1", 3, "2026-01-01", "2026-01-04", "b", "no such file")
        both = Fault("OSError", "a.py:1", 5, "2026-01-01", "2026-01-05", "a", "disk full")
        assert one + other == both == other + one

    def test_no_time(self) -> None:
        """One without a time does not hide those of the others."""
        one = Fault("OSError", "a.py:1", 1, "", "", "a", "")
        other = Fault("OSError", "a.py:1", 1, "2026-01-01", "2026-01-04", "b", "")
        assert one + other == Fault("OSError", "a.py:1", 2, "2026-01-01", "2026-01-04", "b", "")
