"""Which trace points a trace contains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dopejar_tracing.model.event import TraceEvent

Name = tuple[str, str]
"""(layer, operation)"""
_NOTHING: tuple[Any, ...] = (None, "", [], {})


class Seen:
    """How often one trace point came, and which of its fields ever held something."""

    def __init__(self, fields: Sequence[str]) -> None:
        self.fields = tuple(fields)
        self.count = 0
        self._filled: set[str] = set()

    def add(self, metadata: Mapping[str, Any]) -> None:
        """Count one line of it."""
        self.count += 1
        self._filled.update(name for name in self.fields if metadata.get(name) not in _NOTHING)

    @property
    def empty(self) -> list[str]:
        """Its fields that no line ever filled; none as long as it did not come."""
        return [name for name in self.fields if name not in self._filled] if self.count else []


def count_points(events: Iterable[TraceEvent], points: Mapping[Name, Sequence[str]]) -> dict[Name, Seen]:
    """Count the lines of each of the points, in the order of the points.

    Args:
        events: of a trace.
        points: each with the fields that its lines should carry.
    """
    seen = {name: Seen(fields) for name, fields in points.items()}
    for event in events:
        point = seen.get((event.hrm_layer, event.operation))
        if point is not None:
            point.add(event.metadata)
    return seen
