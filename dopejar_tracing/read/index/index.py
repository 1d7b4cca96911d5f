"""The index of a big file: how its events hang under each other, when each began, and which alarm.

Every event has a number, and so has every parent that is named and has no line, or none yet. An event costs
some 40 bytes here and 150 for its ID; what else it says is read again from where its line is.
"""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from dopejar_tracing.model.event import Status
from dopejar_tracing.model.forest import CIRCLE, TWICE
from dopejar_tracing.read.index.links import NONE, Links, Numbers
from dopejar_tracing.read.index.scan import Head

ERROR, BLOCKED = 1, 2
"""Flags of what ended so."""
BELOW = 2
"""Bits that a flag is moved by where it stands for what is somewhere below."""
_FLAGS: dict[str, int] = {Status.ERROR: ERROR, Status.BLOCKED: BLOCKED}
_ALL_BELOW = (ERROR | BLOCKED) << BELOW
_FEW = 500
"""Numbers that are put in their order one by one; for more, all are sorted."""


class Tally(NamedTuple):
    """What is below an event."""

    events: int
    errors: int
    blocked: int


class Index:
    """Events as numbers, in trees.

    Nothing is left out. What has no line stands at the top; of several events with one ID the first that came
    is the parent of what names it; a circle begins with the event of it that began first.

    Attributes:
        links: which event hangs under which.
        order: the events that have lines, as these came.
        places: of each event's line, or NONE.
        flags: of each event.
        absent: events that are named as parents and have no line.
        odd: what is wrong with an event's place in its tree.
    """

    def __init__(self) -> None:
        self.links = Links()
        self.order: Numbers = array("i")
        self.places: Numbers = array("q")
        self.flags = bytearray()
        self.absent: set[int] = set()
        self.odd: dict[int, str] = {}
        self._ids: dict[str, int] = {}
        self._times = array("d")
        self._roots: Numbers = array("i")
        self._new_roots: list[int] = []

    def add(self, heads: Iterable[Head], places: Iterable[int]) -> None:
        """Take in events, as their lines came."""
        ids, absent, order = self._ids, self.absent, self.order
        for head, place in zip(heads, places, strict=True):
            node = ids.get(head.trace_id, NONE)
            if node == NONE:
                node = ids[head.trace_id] = self._number()
            elif node in absent:
                absent.remove(node)
            else:
                node = self._number()
                self.odd[node] = TWICE
            order.append(node)
            self.places[node] = place
            self._times[node] = _seconds(head.timestamp)
            if head.status in _FLAGS:
                self.flags[node] |= _FLAGS[head.status]
            if head.parent_id is None:
                self._new_roots.append(node)
            else:
                self._hang(node, head.parent_id)

    def tops(self, *, settled: bool) -> Numbers:
        """What stands at the top, in the order in which it began.

        Args:
            settled: also what has no line; while a file is read, most of these are still to come.
        """
        if self._new_roots:
            self._roots = self._in_order(self._roots, self._new_roots)
            self._new_roots = []
        if not settled or not self.absent:
            return self._roots[:]
        for node in self.absent:
            self._times[node] = min(map(self._times.__getitem__, self.links.children(node)))
        return self._in_order(self._roots[:], self.absent)

    def count_tops(self) -> int:
        """How many stand at the top, with what has no line."""
        return len(self._roots) + len(self._new_roots) + len(self.absent)

    def children(self, node: int) -> Numbers:
        """What hangs right under an event, in the order in which it began."""
        came = [*self.links.children(node)][::-1]
        return array("i", sorted(came, key=self._times.__getitem__))

    def tally(self, node: int, counts: Callable[[int], bool] | None = None) -> Tally:
        """Count what is below an event.

        Args:
            node: the event.
            counts: whether one is counted; None: all are.
        """
        flags = self.flags
        events = errors = blocked = 0
        for below in filter(counts, self.links.below(node)) if counts else self.links.below(node):
            events += 1
            if flags[below]:
                errors += flags[below] & ERROR
                blocked += (flags[below] & BLOCKED) // BLOCKED
        return Tally(events, errors, blocked)

    def _number(self) -> int:
        """A number for one more event."""
        self.places.append(NONE)
        self.flags.append(0)
        self._times.append(0)
        return self.links.add()

    def _hang(self, node: int, parent_id: str) -> None:
        parent = self._ids.get(parent_id, NONE)
        if parent == NONE:
            parent = self._ids[parent_id] = self._number()
            self.absent.add(parent)
        elif self.links.is_below(parent, node):
            self._open_circle(node, parent)
            return
        self.links.hang(node, parent)
        if self.flags[node]:
            self._alarm(node)

    def _open_circle(self, node: int, parent: int) -> None:
        """Hang an event under one that is below it, and let the first of the circle stand at the top."""
        members = [node]
        if parent != node:
            members = [parent, *self.links.above(parent)]
        first = min(members, key=self._times.__getitem__)
        self.links.turn(node, parent, first)
        self._alarm(node)
        self.odd[first] = CIRCLE
        self._new_roots.append(first)

    def _alarm(self, node: int) -> None:
        """Let all above know of an event's flags, as far as they do not know of such."""
        flags = self.flags
        alarm = (flags[node] << BELOW | flags[node]) & _ALL_BELOW
        for parent in self.links.above(node):
            if flags[parent] & alarm == alarm:
                break
            flags[parent] |= alarm

    def _in_order(self, ordered: Numbers, new: Iterable[int]) -> Numbers:
        """The numbers and the new ones, in the order in which they began."""
        came = list(new)
        if len(came) > _FEW:
            return array("i", sorted(chain(ordered, came), key=self._times.__getitem__))
        for node in came:
            insort(ordered, node, key=self._times.__getitem__)
        return ordered


def _seconds(timestamp: str) -> float:
    """Since 1970, less than any other if it is no time; without a time zone in UTC, as the seed's are."""
    try:
        moment = datetime.fromisoformat(timestamp)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float("-inf")
