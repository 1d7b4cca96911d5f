"""A query and files → what was found: lines, or the trees that they stand in."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from dopejar_tracing.model.event import TraceEvent, comparable
from dopejar_tracing.model.forest import CIRCLE, Absent, Node, with_absent
from dopejar_tracing.read.find.gather import PATIENCE, Gathering, Held, grown
from dopejar_tracing.read.find.last import narrowed
from dopejar_tracing.read.find.scope import Relative, Scope
from dopejar_tracing.read.input.blocks import Block
from dopejar_tracing.read.input.lines import Glance, read_event
from dopejar_tracing.read.input.reading import Reading, Start
from dopejar_tracing.read.input.source import Source
from dopejar_tracing.read.query.filters import Query, Select, selecting

LOOK_BACK = 1 << 23
"""Bytes before the last matches in which parents are looked for that ended before their children."""


class Found(NamedTuple):
    """An event that was looked for, and its line."""

    event: TraceEvent
    line: bytes


class Search:
    """Looks for events in files.

    Args:
        reading: of the files.
        query: what is looked for.
        last: only the last so many matches; None: all.
        trace_ids: only these spans, and what hangs below them.
        context: with a match, also what hangs below and beside it.

    Attributes:
        query: see there.
        trace_ids: see there.
        matched: how many have been found so far.
    """

    def __init__(
        self,
        reading: Reading,
        query: Query,
        *,
        last: int | None = None,
        trace_ids: Sequence[str] = (),
        context: bool = False,
    ) -> None:
        self.query = query
        self.trace_ids = frozenset(trace_ids)
        self.matched = 0
        self._reading = reading
        self._starts: list[Start] = []
        self._last = last
        self._context = context

    def lines(self) -> Iterator[Found]:
        """The events that are looked for, in the order of the files; of several files, in that of time."""
        if self.trace_ids:
            found: Iterable[Found] = [
                Found(each.event, each.line) for each, matched in self._request() if matched
            ]
        else:
            found = self._matches()
        for each in found:
            self.matched += 1
            yield each

    def trees(self) -> Iterator[Node | Absent]:
        """The trees of what is looked for, each when it is whole; at the end those that never were."""
        return self._request_trees() if self.trace_ids else self._trees()

    def _request_trees(self) -> Iterator[Node | Absent]:
        held = [_held(relative, matched=matched) for relative, matched in self._request()]
        self.matched = sum(each.matched for each in held)
        yield from with_absent(grown(held, context=self._context))

    def _request(self) -> list[tuple[Relative, bool]]:
        """The events of the spans asked for, below and above them, and whether they are looked for."""
        relatives = Scope(self.trace_ids).collect(self._reading)
        test = self.query.test
        matched = [each for each in relatives if each.below and test(each.event)]
        chosen = set(map(id, matched if self._last is None else matched[max(0, len(matched) - self._last) :]))
        return [(each, id(each) in chosen) for each in relatives]

    def _matches(self) -> Iterator[Found]:
        reading = self._reading
        starts, query = narrowed(reading, self.query, self._last)
        glance, select = Glance(query.fields), query.select
        streams = [
            self._matches_of(reading.parts(group, start), glance, select)
            for group, start in zip(reading.groups, starts, strict=True)
        ]
        if len(streams) == 1:
            return streams[0]
        return (found for _, found in heapq.merge(*map(_by_time, streams), key=itemgetter(0)))

    def _matches_of(
        self, blocks: Iterable[tuple[Source, Block]], glance: Glance, select: Select
    ) -> Iterator[Found]:
        for source, block in blocks:
            for _, line in self._reading.lines(source, block, glance, select):
                event = read_event(line)
                if event is None:
                    self._reading.spoil(source, block, line)
                else:
                    yield Found(event, line)

    def _trees(self) -> Iterator[Node | Absent]:
        gathering = Gathering(self.query.test, context=self._context)
        for held in self.gather(gathering):
            # Without context, nothing is held but what is looked for and what is above it.
            yield from with_absent(grown(held, context=self._context or None))
        yield from self._rest(gathering.rest())

    def gather(self, gathering: Gathering, patience: int = PATIENCE) -> Iterator[list[Held]]:
        """Read the files into it; what is whole is handed on, the rest is left in it."""
        reading = self._reading
        self._starts, query = narrowed(reading, self.query, self._last)
        if self._context:  # what hangs below and beside may stand anywhere
            self._starts = [Start()] * len(self._starts)
        glance, gathering.test = Glance(query.fields), query.test
        select = selecting(lambda _: True) if gathering.holds_all else query.select
        for source, block in reading.blocks(self._starts):
            for each, line in reading.lines(source, block, glance, select, gathering.missing):
                if not gathering.add(line, each, reading.events):
                    reading.spoil(source, block, line)
            self.matched = gathering.matched
            yield from gathering.whole(reading.events, patience)

    def _rest(self, held: list[Held]) -> Iterator[Node | Absent]:
        """What waits for a parent that stands before it, or never comes."""
        roots = grown(held, context=self._context)
        missing = {
            root.event.parent_id for root in roots if root.event.parent_id is not None and root.odd != CIRCLE
        }
        if missing:
            scope = Scope(above=missing)
            if self._last is None:
                relatives = scope.collect(self._reading)
            else:
                relatives = scope.look_back(self._reading, self._starts, LOOK_BACK)
            held += [_held(relative, matched=False) for relative in relatives]
            roots = grown(held, context=self._context)
        yield from with_absent(roots)


def _held(relative: Relative, *, matched: bool) -> Held:
    return Held(relative.line, relative.event.trace_id, relative.event.parent_id, matched)


def _by_time(found: Iterator[Found]) -> Iterator[tuple[str, Found]]:
    """With what they are ordered by, which never goes back: the order of one file stays as it is."""
    latest = ""
    for each in found:
        latest = max(latest, comparable(each.event.timestamp))
        yield latest, each
