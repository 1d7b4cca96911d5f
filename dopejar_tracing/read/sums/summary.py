"""What many events say together. Summaries of parts of a trace add up to that of the whole."""

from __future__ import annotations

import heapq
from typing import Any

import msgspec

from dopejar_tracing.model.report import Fault, Key, Slow
from dopejar_tracing.read.sums.durations import Durations
from dopejar_tracing.read.sums.nesting import Nesting


class Tally(msgspec.Struct):
    """The events of one group."""

    events: int = 0
    errors: int = 0
    blocked: int = 0
    durations: Durations = msgspec.field(default_factory=Durations)
    """Of the spans among them; an event has none."""
    own_us: int = 0
    """Microseconds that its spans spent themselves, not in their children."""

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            self.events + other.events,
            self.errors + other.errors,
            self.blocked + other.blocked,
            self.durations + other.durations,
            self.own_us + other.own_us,
        )

    def with_own(self, change: int) -> Tally:
        """The same, with so many microseconds more of its own."""
        return msgspec.structs.replace(self, own_us=self.own_us + change)


class Summary(msgspec.Struct):
    """What the events of a part of a trace say together.

    A sum is taken of parts in the order in which they were written.
    """

    slowest_wanted: int = 10
    events: int = 0
    first: str = ""
    """Timestamp of the event that began first."""
    last: str = ""
    groups: dict[Key, Tally] = msgspec.field(default_factory=dict)
    slowest: list[Slow] = []
    """In no order."""
    faults: dict[tuple[str, str], Fault] = msgspec.field(default_factory=dict)
    """By type and place."""
    nesting: Nesting = msgspec.field(default_factory=Nesting)

    def __add__(self, later: Summary) -> Summary:
        """Both together."""
        nesting, changes = self.nesting.joined(later.nesting)
        both = Summary(
            self.slowest_wanted,
            self.events + later.events,
            min(filter(None, (self.first, later.first)), default=""),
            max(self.last, later.last),
            _joined(self.groups, later.groups),
            heapq.nlargest(self.slowest_wanted, [*self.slowest, *later.slowest]),
            _joined(self.faults, later.faults),
            nesting,
        )
        for key, change in changes:
            if key in both.groups and change:
                both.groups[key] = both.groups[key].with_own(change)
        return both

    @property
    def total(self) -> Tally:
        """All groups together."""
        return sum(self.groups.values(), Tally())


def _joined(some: dict[Any, Any], others: dict[Any, Any]) -> dict[Any, Any]:
    """Of both, those that both have added up."""
    return {**some, **{key: some[key] + other if key in some else other for key, other in others.items()}}
