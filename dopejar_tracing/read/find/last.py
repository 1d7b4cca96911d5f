"""The last matches: where in the files they begin, found from the end."""

from __future__ import annotations

import heapq
from itertools import accumulate
from typing import NamedTuple

from dopejar_tracing.model.event import comparable
from dopejar_tracing.read.input.blocks import Block
from dopejar_tracing.read.input.lines import Glance, lines_of, read_event
from dopejar_tracing.read.input.reading import Group, Reading, Start
from dopejar_tracing.read.query.filters import Filter, Query, Test


class _Match(NamedTuple):
    time: str
    trace_id: str
    start: Start


def narrowed(reading: Reading, query: Query, last: int | None) -> tuple[list[Start], Query]:
    """Where each group must be read from, and the query for the last of its matches.

    Args:
        reading: of the files, which are read from their ends only as far as it takes.
        query: what is looked for.
        last: how many are wanted; of several files, those that began last. None: all.
    """
    if last is None:
        return [Start()] * len(reading.groups), query
    found = [_last_of(group, Glance(query.fields), query.test, last) for group in reading.groups]
    if len(found) > 1:
        streams = [
            [(time, number) for time in accumulate((match.time for match in matches), max)]
            for number, matches in enumerate(found)
        ]
        numbers = [number for _, number in heapq.merge(*streams)][-last:]
        found = [matches[len(matches) - numbers.count(number) :] for number, matches in enumerate(found)]
    starts = [
        matches[0].start if matches else Start(len(group))
        for group, matches in zip(reading.groups, found, strict=True)
    ]
    chosen = {match.trace_id for matches in found for match in matches}
    among = Filter("--last", frozenset({"trace_id"}), lambda event: event.trace_id in chosen)
    return starts, Query((among, *query.filters))


def _last_of(group: Group, glance: Glance, test: Test, count: int) -> list[_Match]:
    """The last matches of one group in their order."""
    blocks: list[list[_Match]] = []  # the last first
    left = count
    for part, source in reversed(list(enumerate(group))):
        for block in source.backward():
            blocks.append(_matches(part, block, glance, test)[-left:])
            left -= len(blocks[-1])
            if not left:
                break
        if not left:
            break
    return [match for matches in reversed(blocks) for match in matches]


def _matches(part: int, block: Block, glance: Glance, test: Test) -> list[_Match]:
    """Those of a block. What only looks like a line of ours is none; it is counted later."""
    glances = glance.quick(block)
    if glances is not None and not any(map(test, glances)):
        return []
    events = ((offset, read_event(line)) for offset, line in lines_of(block))
    return [
        _Match(comparable(event.timestamp), event.trace_id, Start(part, offset))
        for offset, event in events
        if event is not None and test(event)
    ]
