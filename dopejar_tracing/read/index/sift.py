"""A filter, asked of every event of an index, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dopejar_tracing.read.index.index import Index
from dopejar_tracing.read.index.links import Numbers
from dopejar_tracing.read.index.shelf import Shelf
from dopejar_tracing.read.input.blocks import MAX_LINE, Block
from dopejar_tracing.read.input.lines import Glance, read_event
from dopejar_tracing.read.query.filters import Filter

_EVENTS = 1_000
"""Events that are asked at once."""

ABOVE, MATCH = 1, 2
"""Marks: it stands over a match; it is one."""


class Asked(NamedTuple):
    """Events that were asked, and those of them for which the filter holds."""

    events: Numbers
    matches: list[int]


class Sieve:
    """What a filter lets through of an index, which may grow meanwhile.

    Attributes:
        asked: how many events have been asked.
        matched: how many of them match.
        marks: of each event; 0 for what is neither a match nor over one.
    """

    def __init__(self, index: Index, shelf: Shelf, condition: Filter) -> None:
        self.asked = 0
        self.matched = 0
        self.marks = bytearray()
        self._index = index
        self._shelf = shelf
        self._glance = Glance(condition.fields)
        self._test = condition.test

    def mark_of(self, node: int) -> int:
        """The mark of an event; 0 if nobody knows yet."""
        return self.marks[node] if node < len(self.marks) else 0

    def sift(self) -> Iterator[Asked]:
        """Ask the events that have not been asked, up to the last there is; it may be done in a thread."""
        at = self.asked
        while events := self._index.order[at : at + _EVENTS]:
            yield Asked(events, self._matches(events))
            at += len(events)

    def mark(self, asked: Asked) -> None:
        """Take in what `sift` found."""
        self.asked += len(asked.events)
        self.matched += len(asked.matches)
        marks = self.marks
        marks.extend(bytes(len(self._index.links) - len(marks)))
        for node in asked.matches:
            marks[node] = MATCH
        for node in asked.events:
            if marks[node]:  # or what is below matched before it was known what is above
                self._mark_above(node)

    def _mark_above(self, node: int) -> None:
        marks = self.marks
        for parent in self._index.links.above(node):
            if marks[parent]:
                break
            marks[parent] = ABOVE

    def _matches(self, events: Numbers) -> list[int]:
        places = [self._index.places[node] for node in events]
        size = places[-1] - places[0]
        if 0 <= size < MAX_LINE:
            block = Block(self._shelf.read(places[0], size) + self._shelf.line(places[-1]), 0)
            glances = self._glance.quick(block)
            if glances is not None and len(glances) == len(events):
                test = self._test
                return [node for node, glance in zip(events, glances, strict=True) if test(glance)]
        return [node for node, place in zip(events, places, strict=True) if self._holds(place)]

    def _holds(self, place: int) -> bool:
        event = read_event(self._shelf.line(place))
        return event is not None and bool(self._test(event))
