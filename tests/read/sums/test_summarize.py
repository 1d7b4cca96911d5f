"""Events → a summary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spans import span, timed_forests
from traces import event

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.model.report import Fault
from dopejar_tracing.read.query.filters import Query, by_operation
from dopejar_tracing.read.sums.durations import LONGEST, Durations
from dopejar_tracing.read.sums.summarize import GROUPINGS, Summarizer
from dopejar_tracing.read.sums.summary import Summary

FIELDS = {
    "layer": "hrm_layer", "operation": "operation", "component": "component", "status": "status",
}  # fmt: skip


def summed(events: Sequence[TraceEvent], **options: Any) -> Summary:
    """The summary of these."""
    summarizer = Summarizer(**options)
    summarizer.add(events)
    return summarizer.summary


class TestGroups:
    """What they are grouped by."""

    @given(timed_forests(), st.lists(st.sampled_from(GROUPINGS), min_size=1, max_size=5, unique=True))
    def test_reference(self, events: list[TraceEvent], by: list[str]) -> None:
        """Counts and durations of every group are what a naive count says, by whatever is asked for."""
        expected: dict[tuple[str, ...], list[TraceEvent]] = defaultdict(list)
        for one in events:
            values = {name: getattr(one, field) for name, field in FIELDS.items()}
            values["hour"] = one.timestamp[:13]
            expected[tuple(values[name] for name in by)].append(one)
        groups = summed(events, by=by).groups
        assert groups.keys() == expected.keys()
        for key, members in expected.items():
            durations = Durations()
            durations.add(one.duration_us for one in members if one.duration_us is not None)
            tally = groups[key]
            assert (tally.events, tally.durations) == (len(members), durations)
            assert tally.errors == sum(one.status == "error" for one in members)
            assert tally.blocked == sum(one.status == "blocked" for one in members)

    def test_both_spellings(self) -> None:
        """A layer is one group, however the file has it; so are its errors."""
        events = [
            event("a", hrm_layer=name, status="error", metadata={"duration_us": 5})
            for name in ("alt", "altitude", "tol", "tools", "unknown", "unk nown", "")
        ]
        summary = summed(events, layers=Layers({"tools": "tol"}))
        counts = {key: tally.events for key, tally in summary.groups.items()}
        assert counts == {("altitude",): 2, ("tools",): 2, ("unknown",): 1, ("system",): 2}
        assert {place for _, place in summary.faults} == {f"{name}.plan" for (name,) in counts}
        assert {slow.layer for slow in summary.slowest} == {name for (name,) in counts}

    def test_hour(self) -> None:
        """Hours are those of UTC, whatever zone the file has; what has no time has none."""
        events = [
            event("a", timestamp=time)
            for time in ("2026-01-13T14:30:00+02:00", "2026-01-13T12:00:00", "2026-01-13T12:59Z", "soon")
        ]
        counts = {key: tally.events for key, tally in summed(events, by=["hour"]).groups.items()}
        assert counts == {("2026-01-13T12",): 3, ("",): 1}

    def test_query(self) -> None:
        """Only what is looked for counts; others still take from their parents' own time."""
        events = [span("c", "p", 0, 40, operation="read"), span("p", None, 0, 100, operation="write")]
        summary = summed(events, query=Query((by_operation(["write"]),)))
        assert (summary.events, summary.total.own_us) == (1, 60)
        assert [slow.trace_id for slow in summary.slowest] == ["p"]


class TestDurations:
    """What is a span, and how long it took."""

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"duration_ms": 5, "metadata": {"duration_us": 5_123}}, 5_123),
            ({"duration_ms": 5}, 5_000),
            ({"duration_ms": 0}, None),
            ({"metadata": {"duration_us": 0}}, 0),
            ({"metadata": {"duration_us": -5}}, 0),
            ({"duration_ms": -5}, 0),
            ({"metadata": {"duration_us": 10**30}}, LONGEST),
            ({"metadata": {"duration_us": True}}, None),
            ({"metadata": {"duration_us": 1.5}}, None),
            ({"metadata": {"duration_us": "5"}, "duration_ms": 3}, 3_000),
            ({"metadata": {"duration_us": None}}, None),
            ({"metadata": {"duration_us": [5]}}, None),
        ],
    )
    @pytest.mark.parametrize("slowest", [0, 3])
    def test_odd(self, fields: dict[str, Any], expected: int | None, slowest: int) -> None:
        """What can be no duration is none, or the nearest that can be; everywhere the same."""
        summary = summed([event("a", **fields), event("b")], slowest=slowest)
        tally = summary.total
        assert (tally.durations.count, tally.durations.total) == (int(expected is not None), expected or 0)
        assert tally.own_us == (expected or 0)
        shown = [] if expected is None else [("a", expected)]
        assert [(slow.trace_id, slow.duration_us) for slow in summary.slowest] == shown[:slowest]

    def test_events_are_not_slow(self) -> None:
        """An event is none of the slowest spans, even where there are fewer than are wanted."""
        events = [event(f"e{at}") for at in range(5)]
        assert [slow.trace_id for slow in summed([*events, span("s", None, 0, 9)]).slowest] == ["s"]

    def test_no_time(self) -> None:
        """A span whose time is none took as long as it says all the same."""
        events = [span("c", "p", 0, 40), event("p", timestamp="soon", metadata={"duration_us": 100})]
        tally = summed(events).total
        assert (tally.durations.total, tally.own_us) == (140, 140)


class TestTimes:
    """The first and the last."""

    @pytest.mark.parametrize(
        ("times", "first", "last"),
        [
            (["2026-01-13T14:00:00.000000+00:00", "2026-01-13T13:00:00.000000+00:00"], "13", "14"),
            (["2026-01-13T14:00:00", "2026-01-13T13:00:00Z"], "13", "14"),
            (["2026-01-13T14:30:00+02:00", "2026-01-13T13:00:00+00:00"], "12", "13"),
            (["soon", "2026-01-13T13:00:00+00:00", "", "~"], "13", "13"),
        ],
    )
    def test_times(self, times: list[str], first: str, last: str) -> None:
        """They are the moments' first and last, in UTC, whatever the zone; what is no time is left out."""
        summary = summed([event("a", timestamp=time) for time in times])
        assert (summary.first[11:13], summary.last[11:13]) == (first, last)
        assert summary.first.endswith("+00:00")

    def test_none(self) -> None:
        """Without any time there is none."""
        summary = summed([event("a", timestamp="soon")])
        assert (summary.events, summary.first, summary.last) == (1, "", "")


class TestFaults:
    """Errors by type and place."""

    def test_grouped(self) -> None:
        """Each type and place once, with the first and last time, the last one's ID and message."""
        where = {"error_type": "OSError", "error_at": "manager.py:42"}
        events = [
            event("a", at=3, status="error", metadata={**where, "error": "disk full"}),
            event("b", at=1, status="error", metadata={**where, "error": "no such file"}),
            event("c", at=2, status="error", metadata={**where, "error_type": "ValueError"}),
            event("d", at=4, status="blocked", metadata=where),
            event("alt_1_e", at=5, status="error"),
        ]
        faults = {(fault.type, fault.place): fault for fault in summed(events).faults.values()}
        assert faults[("OSError", "manager.py:42")] == Fault(
            "OSError", "manager.py:42", 2, events[1].timestamp, events[0].timestamp, "a", "disk full"
        )
        assert {key: fault.count for key, fault in faults.items()} == {
            ("OSError", "manager.py:42"): 2, ("ValueError", "manager.py:42"): 1,
            ("error", "altitude.plan"): 1,
        }  # fmt: skip

    @pytest.mark.parametrize("odd", [5, True, ["x"], {"a": 1}, None, ""])
    def test_odd(self, odd: object) -> None:
        """Types, places and messages may be of any kind."""
        metadata = {"error": odd, "error_type": odd, "error_at": odd}
        (fault,) = summed([event("alt_1_a", status="error", metadata=metadata)]).faults.values()
        assert (fault.type, fault.place) == ((str(odd), str(odd)) if odd else ("error", "altitude.plan"))
