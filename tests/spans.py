"""Spans of random forests in the order in which a program writes them, and what they spent, said naively."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from traces import BEGIN, event

from dopejar_tracing.model.event import TraceEvent

UNIT = 400_000
"""Microseconds: a few of them are more than what counts as the same moment where parts of a file meet."""
_PREFIXES = ("alt", "foc", "mem", "tol")


def span(trace_id: str, parent_id: str | None, start: int, end: int, **changes: Any) -> TraceEvent:
    """A span from one microsecond after 14:00 to another."""
    metadata = {"duration_us": end - start, **changes.pop("metadata", {})}
    return event(trace_id, parent_id, start, metadata=metadata, **changes)


@st.composite
def timed_forests(draw: st.DrawFn, most: int = 14, *, tidy: bool = False) -> list[TraceEvent]:
    """Spans, and a few events among them, by the time at which they ended.

    Args:
        draw: of hypothesis.
        most: how many there are at most.
        tidy: children lie within their parents, and beside each other.
    """
    made: list[tuple[int, int, TraceEvent]] = []  # (end, depth, event)
    free: list[tuple[str | None, int, int, int]] = [(None, 0, 40 * UNIT, 0)]  # where spans may lie
    for at in range(draw(st.integers(1, most))):
        place = draw(st.integers(0, len(free) - 1))
        parent_id, low, high, depth = free[place]
        start = draw(st.integers(low, high))
        end = draw(st.integers(start, high if tidy else high + 2 * UNIT))
        trace_id = f"{draw(st.sampled_from(_PREFIXES))}_1768312800_{at:04x}"
        status = draw(st.sampled_from(["success", "success", "error", "blocked"]))
        if not tidy and draw(st.integers(0, 5)) == 0:
            made.append((start, depth, event(trace_id, parent_id, start, status=status)))
            continue
        operation = draw(st.sampled_from(["read", "write"]))
        made.append((end, depth, span(trace_id, parent_id, start, end, status=status, operation=operation)))
        free.append((trace_id, start, end, depth + 1))
        if tidy:
            free[place] = (parent_id, end, high, depth)
    return [one for _, _, one in sorted(made, key=lambda each: (each[0], -each[1]))]


def interval(one: TraceEvent) -> tuple[int, int] | None:
    """When it began and ended, in microseconds after 14:00; None for an event."""
    if one.duration_us is None:
        return None
    start = round((one.began - BEGIN).total_seconds() * 1e6)
    return start, start + one.duration_us


def covered(stretches: Iterable[tuple[int, int]], start: int, end: int) -> int:
    """Microseconds between two moments that lie in a stretch, moment by moment that something changes at."""
    stretches = list(stretches)
    moments = sorted({start, end, *(min(max(at, start), end) for stretch in stretches for at in stretch)})
    return sum(
        until - since
        for since, until in pairwise(moments)
        if any(its_start <= since and until <= its_end for its_start, its_end in stretches)
    )


def own_times(events: Sequence[TraceEvent]) -> dict[str, int]:
    """Of each span, its time without that of the children whose lines stand before its own."""
    owns = {}
    for at, one in enumerate(events):
        its = interval(one)
        if its is not None:
            below = [interval(other) for other in events[:at] if other.parent_id == one.trace_id]
            owns[one.trace_id] = its[1] - its[0] - covered(filter(None, below), *its)
    return owns
