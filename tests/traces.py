"""Events and files of them, made by hand, for whoever reads traces."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from dopejar_tracing.model.event import TraceEvent

BEGIN = datetime(2026, 1, 13, 14, tzinfo=UTC)
_LAYERS = {
    "alt": "altitude",
    "foc": "focus",
    "rsn": "reasoning",
    "lrn": "learning",
    "mem": "memory",
    "sys": "system",
}


def event(
    trace_id: str = "alt_1768312800_a3f2", parent_id: str | None = None, at: int = 0, **changes: Any
) -> TraceEvent:
    """An event that began so many microseconds after 14:00; its layer is that of its ID."""
    fields: dict[str, Any] = {
        "timestamp": (BEGIN + timedelta(microseconds=at)).isoformat(timespec="microseconds"),
        "hrm_layer": _LAYERS.get(trace_id.partition("_")[0], "system"),
        "operation": "plan", "component": "plan.py", "input_summary": "", "output_summary": "",
        "duration_ms": 0, "status": "success", "metadata": {},
    }  # fmt: skip
    return TraceEvent(trace_id, parent_id, **{**fields, **changes})


def line(one: TraceEvent) -> bytes:
    """Its line, without the newline."""
    return msgspec.json.encode(one)


def write(path: Path, events: Iterable[TraceEvent]) -> Path:
    """A file of them."""
    path.write_bytes(b"".join(line(one) + b"\n" for one in events))
    return path


@st.composite
def forests(draw: st.DrawFn, most: int = 25) -> list[TraceEvent]:
    """Events of trees, in the order in which a program would write them: children before their parents."""
    parents = draw(st.lists(st.integers(-3, 24), min_size=1, max_size=most))
    layers = draw(st.lists(st.sampled_from([*_LAYERS]), min_size=len(parents), max_size=len(parents)))
    ids = [f"{layer}_{1768312800 + at // 7}_{at:04x}" for at, layer in enumerate(layers)]
    events = [
        event(
            ids[at],
            ids[parent % at] if at and parent >= 0 else None,
            at,
            status=draw(st.sampled_from(["success"] * 4 + ["error", "blocked"])),
            operation=draw(st.sampled_from(["read", "write", "plan"])),
        )
        for at, parent in enumerate(parents)
    ]
    ended: list[TraceEvent] = []

    def end(one: TraceEvent) -> None:
        for other in events:
            if other.parent_id == one.trace_id:
                end(other)
        ended.append(one)

    for one in events:
        if one.parent_id is None:
            end(one)
    return ended
