"""What came in several files, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush

import msgspec

from dopejar_tracing.model.event import comparable
from dopejar_tracing.read.follow.trail import Budget, Trail


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A line that came.

    Attributes:
        path: of the file itself, as a person named it, also if the line stands in a rotated one.
        data: the line without its newline.
    """

    path: str
    data: bytes


class _Line(msgspec.Struct):
    timestamp: str | None = None


_decode = msgspec.json.Decoder(_Line).decode
_NOT_OURS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def merge(trails: Sequence[Trail], budget: Budget) -> Iterator[Arrival]:
    """The next lines of all trails, the earliest first; within one trail, as they stand there.

    Args:
        trails: that were looked at.
        budget: what is left of it is counted down; lines that it does not cover stay in their trails.
    """
    heads = [(time_of(trail.lines[0]), index) for index, trail in enumerate(trails) if trail.fill(budget)]
    if len(heads) == 1:  # whose lines need not be looked into
        yield from _rest(trails[heads[0][1]], budget)
        return
    heapify(heads)
    while heads and budget.left > 0:
        _, index = heappop(heads)
        trail = trails[index]
        yield _taken(trail, budget)
        if trail.fill(budget):
            heappush(heads, (time_of(trail.lines[0]), index))


def _rest(trail: Trail, budget: Budget) -> Iterator[Arrival]:
    while budget.left > 0 and trail.fill(budget):
        yield _taken(trail, budget)


def _taken(trail: Trail, budget: Budget) -> Arrival:
    data = trail.lines.popleft()
    budget.left -= len(data) + 1
    return Arrival(trail.path, data)


def time_of(line: bytes) -> str:
    """When the line says that it began, as a text that sorts by time.

    Empty, and so before any other, if it says nothing: then it comes right after the line before it, since at
    that moment no other trail has a line that is earlier.
    """
    try:
        return comparable(_decode(line).timestamp or "")
    except _NOT_OURS:
        return ""
