"""The last matches: where in the files they begin, found from the end."""

from __future__ import annotations

from typing import Any

from dopejar_tracing.read.lines import Bad, Glance
from dopejar_tracing.read.query import Filter, Query, Test
from dopejar_tracing.read.reading import Group, Reading, Start


def narrowed(reading: Reading, query: Query, last: int | None) -> tuple[list[Start], Query]:
    """Where each group must be read from, and the query for the last of its matches.

    Args:
        reading: of the files, which are read from their ends only as far as it takes.
        query: what is looked for.
        last: how many are wanted; of several files, those that began last. None: all.
    """
    if last is None:
        return [Start()] * len(reading.groups), query
    glance = Glance(query.fields | {"timestamp"})
    starts, found = [], []
    for group in reading.groups:
        start, matches = _last_of(group, glance, query.test, last)
        starts.append(start)
        found += matches
    if len(reading.groups) > 1:
        found.sort(key=lambda match: match.timestamp)
    chosen = {match.trace_id for match in found[-last:]}
    among = Filter("--last", frozenset({"trace_id"}), lambda event: event.trace_id in chosen)
    return starts, Query((among, *query.filters))


def _last_of(group: Group, glance: Glance, test: Test, count: int) -> tuple[Start, list[Any]]:
    """Where to begin, and the last matches of one group in their order."""
    found: list[Any] = []
    start = Start()
    for part, source in reversed(list(enumerate(group))):
        for block in source.backward():
            glances = glance.quick(block)
            if glances is None:
                glances, _ = glance.one_by_one(block, Bad())  # they are counted when it is read forward
            found = [each for each in glances if test(each)] + found
            start = Start(part, block.offset)
            if len(found) >= count:
                return start, found[-count:]
    return Start(), found
