"""What trees that grow are made of, and what is handed out of them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dopejar_tracing.model.event import TraceEvent


class Branch(msgspec.Struct, eq=False, weakref=True):
    """A span, or an event, in its tree."""

    trace_id: str
    layer: str
    operation: str
    given: str
    """Its input."""
    started_ns: int
    """Nanoseconds of the monotonic clock; 0 for what was not seen to begin."""
    parent: Branch | None
    number: int
    """Its place among all that began."""
    alive: Callable[[], object] | None = None
    """None once nobody can end the span any more."""
    event: TraceEvent | None = None
    """What it became; None as long as it is open, and for ever if nobody ended it."""
    children: list[Branch] = []
    """In the order in which they began. Of a long span only what is still held."""
    open: dict[str, Branch] = {}
    """The children that are open."""
    strays: dict[str, Branch] = {}
    """What is open below children that are not."""
    trouble: dict[str, int] = {}
    """How many events in it, with its own, have a status that is none to be glad of."""
    long: bool = False
    """Its children are handed out as they finish."""
    parted: bool = False
    """Some of them have been."""


class Piece(msgspec.Struct, frozen=True):
    """Something finished: a whole tree, or a part of one whose upper spans are still open."""

    parent: Branch | None
    """The span that it hangs under; None for a whole tree."""
    top: Branch
    count: int
    """Events in it."""


class Gap(msgspec.Struct):
    """Stands where events were left out."""

    count: int = 0
