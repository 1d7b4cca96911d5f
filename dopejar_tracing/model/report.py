"""What many events say together, in figures. Times are in microseconds."""

from __future__ import annotations

import msgspec

Key = tuple[str, ...]
"""What the events of a group have in common: a value for each field that they are grouped by."""


class Fault(msgspec.Struct, frozen=True):
    """Errors of one type that were raised at one place."""

    type: str
    place: str
    """`file.py:42`, or the operation where no place is known."""
    count: int
    first: str
    last: str
    """Timestamps of the first and the last; empty if none is one."""
    trace_id: str
    """Of the last."""
    message: str
    """Of the last."""

    def __add__(self, other: Fault) -> Fault:
        """Both together."""
        latest = max(self, other, key=lambda fault: fault.last)
        first = min(filter(None, (self.first, other.first)), default="")
        return msgspec.structs.replace(latest, count=self.count + other.count, first=first)


class Slow(msgspec.Struct, frozen=True, order=True):
    """A span, the slowest last in order."""

    duration_us: int
    timestamp: str
    trace_id: str
    layer: str
    operation: str
    input: str


class Figures(msgspec.Struct, frozen=True):
    """Of one group. Times are in microseconds; null where there is no span."""

    key: Key
    events: int
    spans: int
    errors: int
    blocked: int
    mean_us: int | None
    p50_us: int | None
    p95_us: int | None
    p99_us: int | None
    max_us: int | None
    total_us: int
    self_us: int
    """Without the time of children."""
    histogram: tuple[int, ...] = ()
    """Spans by duration, on an axis that all groups share: see `axis`."""


class Report(msgspec.Struct, frozen=True):
    """What a summary says."""

    by: tuple[str, ...]
    events: int
    first: str
    last: str
    """Timestamps of the events that began first and last."""
    axis: tuple[int, ...]
    """Where each part of the histograms begins, in microseconds."""
    groups: tuple[Figures, ...]
    slowest: tuple[Slow, ...]
    faults: tuple[Fault, ...]
    """The most frequent first."""


class Compared(msgspec.Struct, frozen=True):
    """One group of two traces."""

    key: Key
    before: Figures
    after: Figures
    confidence: float | None
    """0 to 1, that durations differ by more than noise; null if there are too few to tell."""
