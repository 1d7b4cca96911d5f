"""The line that stands in the file where lines were lost."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from os.path import basename
from typing import TYPE_CHECKING, Any

import msgspec

from dopejar_tracing.model.event import Status, TraceEvent
from dopejar_tracing.notices import numbered

if TYPE_CHECKING:
    from dopejar_tracing.model.ids import Mint
    from dopejar_tracing.notices import Gap

OPERATION = "gap"


def gap_line(gap: Gap, mint: Mint) -> dict[str, Any]:
    """A line of contract §3: when it began, how long it took, and how many lines are missing."""
    duration_ns = max(0, time.time_ns() - gap.began_ns)
    began = datetime.fromtimestamp(gap.began_ns / 1e9, UTC)
    event = TraceEvent(
        trace_id=mint("sys", gap.began_ns),
        parent_id=None,
        timestamp=began.isoformat(timespec="microseconds"),
        hrm_layer="system",
        operation=OPERATION,
        component=basename(__file__),
        input_summary="",
        output_summary=f"{numbered(gap.count, 'line')} lost",
        duration_ms=duration_ns // 1_000_000,
        status=Status.ERROR.value,
        metadata={
            "lost": gap.count,
            "duration_us": duration_ns // 1_000,
            "level": "error",
            "error": gap.reason,
        },
    )
    return msgspec.structs.asdict(event)
