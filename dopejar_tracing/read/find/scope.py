"""One request: a span and all that hangs below it, and the spans above it, wherever their lines stand.

A child's line usually stands before its parent's, so a file is read from its end for what is below, and
from its beginning for what is above; again, as long as that finds anything, for what was written in another
order. Blocks that mention none of the IDs are not looked into: the IDs of a request share the second in
which they were minted, so a handful of byte searches tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

import msgspec

from dopejar_tracing.errors import InvalidIdError
from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.ids import parse_id
from dopejar_tracing.read.input.blocks import Block
from dopejar_tracing.read.input.lines import BAD_LINE, lines_of, read_event
from dopejar_tracing.read.input.reading import Group, Reading, Start

_MANY = 8
"""Byte searches that together take longer than to look into a block."""


class _Link(msgspec.Struct, gc=False):
    trace_id: str
    parent_id: str | None = None


_decode = msgspec.json.Decoder(_Link).decode


Place = tuple[int, int, int]
"""(number of the group, of the part in it, bytes of that before the line): they sort as the lines stand."""


class Relative(msgspec.Struct, frozen=True):
    """A line of the request."""

    event: TraceEvent
    line: bytes
    below: bool
    """It belongs to what was asked for; else it is above that."""


class Scope:
    """Collects the lines of what was asked for, below and above.

    Args:
        below: IDs of spans that are wanted with all that hangs under them, and all that encloses them.
        above: IDs of spans that are wanted with what encloses them alone.
    """

    def __init__(self, below: Iterable[str] = (), above: Iterable[str] = ()) -> None:
        self._asked = frozenset(below)
        self._below = set(self._asked)
        self._above = set(above)
        self._missing = set(above)
        self._found: dict[Place, Relative] = {}
        self._bad: set[Place] = set()  # lines that are none of ours after all
        self._needles: set[bytes] = set()
        self._everywhere = False
        for trace_id in self._below | self._above:
            self._search_for(trace_id)

    def collect(self, reading: Reading) -> list[Relative]:
        """The lines, in the order of the files."""
        backward = bool(self._below)
        while not self._is_done:
            found, below = len(self._found), len(self._below)
            self._look_through(reading, backward=backward)
            # What a pass found nothing of, or nothing but what was the last missing, no other will.
            grew = found != len(self._found) or below != len(self._below)
            if not grew or (below == len(self._below) and not self._missing):
                break
            backward = not backward
        return self._in_order(reading)

    def look_back(self, reading: Reading, starts: Sequence[Start], most: int) -> list[Relative]:
        """The lines, looked for behind those places, and in so many bytes before them at most."""
        found = -1
        while found != len(self._found) and not self._is_done:  # until a pass finds nothing
            found = len(self._found)
            for number, group in enumerate(reading.groups):
                for place, block in _backward(group, number):
                    if place[1] < starts[number].part:
                        break
                    self._look_at(place, block, backward=True)
                left = most
                for place, block in _backward(group, number, starts[number]):
                    self._look_at(place, block, backward=True)
                    left -= len(block.data)
                    if left <= 0 or self._is_done:
                        break
        return self._in_order(reading)

    def _in_order(self, reading: Reading) -> list[Relative]:
        if self._asked:  # else the files were read before, and their bad lines counted
            for group, part, offset in self._bad:
                reading.bad[reading.groups[group][part]].add(offset)
        return [relative for _, relative in sorted(self._found.items(), key=itemgetter(0))]

    @property
    def _is_done(self) -> bool:
        return not self._below and not self._missing

    def _look_through(self, reading: Reading, *, backward: bool) -> None:
        for number, group in enumerate(reading.groups):
            blocks = _backward(group, number) if backward else _forward(group, number)
            for place, block in blocks:
                if self._is_done:
                    return
                self._look_at(place, block, backward=backward)

    def _look_at(self, place: tuple[int, int], block: Block, *, backward: bool) -> None:
        data = block.data
        if not (self._everywhere or any(needle in data for needle in self._needles)):
            return
        lines = lines_of(block)
        for offset, line in reversed(list(lines)) if backward else lines:
            if self._everywhere or any(needle in line for needle in self._needles):
                self._take((*place, offset), line)

    def _take(self, place: Place, line: bytes) -> None:
        known = self._found.get(place)
        if (known is not None and known.below) or place in self._bad:
            return
        try:
            link = _decode(line)
        except BAD_LINE:
            return
        is_below = link.trace_id in self._below or link.parent_id in self._below
        if not is_below and (known is not None or link.trace_id not in self._above):
            return
        event = read_event(line)
        if event is None:  # it only looks like one of ours; that may come yet
            self._bad.add(place)
            return
        self._found[place] = Relative(event, line, is_below)
        if is_below:
            self._below.add(link.trace_id)
            self._search_for(link.trace_id)
            if link.trace_id not in self._asked:
                return
        self._missing.discard(link.trace_id)
        parent_id = link.parent_id
        if parent_id is not None and parent_id not in self._above and parent_id not in self._below:
            self._above.add(parent_id)
            self._missing.add(parent_id)
            self._search_for(parent_id)

    def _search_for(self, trace_id: str) -> None:
        """What a block must contain to be looked into: the second of the ID, which its relatives share."""
        try:
            self._needles.add(f"_{parse_id(trace_id).seconds}_".encode())
        except InvalidIdError:
            self._everywhere = True
        if len(self._needles) > _MANY:
            self._everywhere = True


def _forward(group: Group, number: int) -> Iterator[tuple[tuple[int, int], Block]]:
    for part, source in enumerate(group):
        for block in source.forward():
            yield (number, part), block


def _backward(
    group: Group, number: int, start: Start | None = None
) -> Iterator[tuple[tuple[int, int], Block]]:
    last = len(group) - 1
    for part in range(last if start is None else min(last, start.part), -1, -1):
        end = start.offset if start is not None and part == start.part else None
        for block in group[part].backward(end):
            yield (number, part), block
