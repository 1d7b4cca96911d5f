"""The one record that spans, events and lines become (contract §3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol

import msgspec


class Status(StrEnum):
    """How an operation ended."""

    SUCCESS = "success"
    ERROR = "error"
    BLOCKED = "blocked"


class Level(IntEnum):
    """How much an event matters; the numbers are those of `logging`."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


INFO, ERROR, SUCCESS = Level.INFO, Level.ERROR, Status.SUCCESS.value
"""By names of their own, for where each line comes by: CPython 3.11 looks an enum's member up in Python."""

LEVELS: dict[str, Level] = {level.name.lower(): level for level in Level}

STATUS_LEVELS: dict[str, Level] = {Status.BLOCKED.value: Level.WARN, Status.ERROR.value: Level.ERROR}
"""What a status makes of an event's level, if that is lower (contract §5)."""


SPAN = "<span>"
EVENT = "<event>"
OWN_KINDS = frozenset({SPAN, EVENT})
"""What stands for a logger's method in the chain where there is none; no method can have such a name."""


class TraceEvent(msgspec.Struct, frozen=True):
    """One line of the JSONL file: the seed's eleven fields, in the seed's order."""

    trace_id: str
    parent_id: str | None
    timestamp: str
    """When it began: ISO 8601, UTC, microseconds."""
    hrm_layer: str
    operation: str
    component: str
    input_summary: str
    output_summary: str
    duration_ms: int
    """Whole milliseconds; a span's exact time is in `metadata["duration_us"]`."""
    status: str
    metadata: dict[str, Any]

    @property
    def began(self) -> datetime:
        """The timestamp as an aware datetime; ValueError if it is not ISO 8601."""
        return datetime.fromisoformat(self.timestamp)

    @property
    def duration_us(self) -> int | None:
        """Microseconds as exactly as known; None for an event, which has no duration."""
        return exact_duration(self.metadata, self.duration_ms)


def exact_duration(metadata: Mapping[str, Any], duration_ms: int) -> int | None:
    """Microseconds as exactly as a line tells them; None for an event, which has no duration."""
    exact = metadata.get("duration_us")
    if type(exact) is int:  # JSON's true is an int, too
        return exact
    return duration_ms * 1000 if duration_ms else None


_OURS = 32
"""Characters of a timestamp as we write it: microseconds, `+00:00`."""


def comparable(timestamp: str) -> str:
    """The timestamp so that texts compare as the moments do; empty if it is none.

    One without a time zone is in UTC, as the seed's files have them.
    """
    if len(timestamp) == _OURS and timestamp.endswith("+00:00") and timestamp[10] == "T":
        return timestamp
    try:
        moment = datetime.fromisoformat(timestamp)
        return written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return ""


def written(moment: datetime) -> str:
    """A moment as our lines have it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


KEYS: tuple[str, ...] = TraceEvent.__struct_fields__


class OpenSpan(Protocol):
    """What processors and sinks may know of a span that has not ended."""

    @property
    def trace_id(self) -> str | None:
        """The span's own ID; None while its level keeps it unrecorded."""

    @property
    def parent_id(self) -> str | None:
        """ID of the recorded span that encloses it."""

    @property
    def layer(self) -> str:
        """The long name of its layer."""


class BegunSpan(OpenSpan, Protocol):
    """What a sink may know of a span that has just begun."""

    @property
    def operation(self) -> str:
        """What is done."""

    @property
    def input(self) -> str:
        """What went in, as text, not cut."""

    @property
    def started_ns(self) -> int:
        """When it began: nanoseconds of the monotonic clock."""
