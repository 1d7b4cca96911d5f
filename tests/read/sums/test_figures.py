"""Summaries in figures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from spans import span, timed_forests
from traces import event

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.report import Report
from dopejar_tracing.read.sums.durations import LONGEST
from dopejar_tracing.read.sums.figures import BINS, report
from dopejar_tracing.read.sums.summarize import Summarizer


def reported(events: list[TraceEvent], *by: str) -> Report:
    """What these say."""
    summarizer = Summarizer(by or ("layer",))
    summarizer.add(events)
    return report(summarizer.summary, by or ("layer",))


class TestReport:
    """The report."""

    def test_figures(self) -> None:
        """Each figure of a group."""
        events = [span(f"alt_1_{at}", None, 0, at + 1) for at in range(100)]
        events += [event("alt_1_e", status="error"), event("alt_1_b", status="blocked")]
        (group,) = reported(events).groups
        assert group.key == ("altitude",)
        assert (group.events, group.spans, group.errors, group.blocked) == (102, 100, 1, 1)
        assert (group.mean_us, group.p50_us, group.p95_us, group.p99_us, group.max_us) == (
            50,
            50,
            95,
            99,
            100,
        )
        assert (group.total_us, group.self_us) == (5_050, 5_050)

    def test_no_spans(self) -> None:
        """A group without spans has no times, and no bars."""
        whole = reported([event("alt_1_a")])
        (group,) = whole.groups
        assert (group.mean_us, group.p50_us, group.max_us, group.total_us) == (None, None, None, 0)
        assert (whole.axis, group.histogram, whole.slowest) == ((), (), ())

    def test_nothing(self) -> None:
        """Of nothing."""
        whole = reported([])
        assert (whole.events, whole.groups, whole.axis, whole.first) == (0, (), (), "")

    def test_order(self) -> None:
        """Layers in the contract's order, then others by name; slowest first; most frequent errors first."""
        names = ["mem", "tools", "sys", "foc", "agents", "alt"]
        events = [span(f"{name}_1_a", None, 0, at, hrm_layer=name) for at, name in enumerate(names)]
        where = [("b", 2), ("a", 2), ("c", 3)]
        events += [
            event(hrm_layer="alt", status="error", metadata={"error_type": name})
            for name, count in where
            for _ in range(count)
        ]
        whole = reported(events)
        assert [group.key[0] for group in whole.groups] == [
            "altitude", "focus", "memory", "system", "agents", "tools",
        ]  # fmt: skip
        assert [slow.duration_us for slow in whole.slowest] == [5, 4, 3, 2, 1, 0]
        assert [(fault.type, fault.count) for fault in whole.faults] == [("c", 3), ("a", 2), ("b", 2)]

    def test_several(self) -> None:
        """A group has a value for each field that was asked for."""
        whole = reported([span("mem_1_a", None, 0, 5, operation="write")], "operation", "layer")
        assert (whole.by, whole.groups[0].key) == (("operation", "layer"), ("write", "memory"))


class TestHistogram:
    """Spans by duration."""

    @given(timed_forests())
    def test_all_spans(self, events: list[TraceEvent]) -> None:
        """Each span is in one bar of its group; the axis grows."""
        whole = reported(events)
        for group in whole.groups:
            assert sum(group.histogram) == (group.spans if whole.axis else 0)
        if whole.axis:
            assert len(whole.axis) == BINS
            assert list(whole.axis) == sorted(whole.axis)

    @given(st.integers(0, LONGEST // 2), st.integers(2, 10**6))
    def test_ends(self, shortest: int, times: int) -> None:
        """The axis begins with the shortest span, and both ends have a bar."""
        longest = shortest * times + 10
        whole = reported([span("alt_1_a", None, 0, shortest), span("alt_1_b", None, 0, longest)])
        assert abs(whole.axis[0] - max(1, shortest)) <= shortest * 0.01
        (group,) = whole.groups
        assert group.histogram[0] == 1 or shortest == 0
        assert sum(group.histogram[1:]) == 1 or shortest == 0

    def test_begins_exactly(self) -> None:
        """No rounding makes a millisecond of 8 ms into one of 7."""
        for milliseconds in range(1, 999):
            whole = reported([span("alt_1_a", None, 0, milliseconds * 1_000)])
            assert whole.axis[0] == milliseconds * 1_000

    def test_shared(self) -> None:
        """All groups share one axis."""
        events = [span("alt_1_a", None, 0, 10), span("mem_1_b", None, 0, 100_000)]
        first, second = reported(events).groups
        assert first.histogram == (1, *[0] * (BINS - 1))
        assert second.histogram == (*[0] * (BINS - 1), 1)
