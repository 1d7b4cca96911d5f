"""What is looked for in files that grow: first what is there, then what comes."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from dopejar_tracing.model.forest import Absent, Node, with_absent
from dopejar_tracing.read.find.gather import PATIENCE, Gathering, Held, around_matches, grown
from dopejar_tracing.read.find.search import Search
from dopejar_tracing.read.follow import Mark
from dopejar_tracing.read.input.lines import is_blank, read_event
from dopejar_tracing.read.input.reading import Reading

SETTLE = 10.0
"""Seconds after which what still waits for a root is handed out without it."""

Trees = list[Node | Absent]


def stop_here(reading: Reading) -> dict[str, Mark]:
    """Where each file will be read on, by its name; what is there now is read no further than that."""
    last = [group[-1] for group in reading.groups]
    marks = {source.name: source.stop() for source in last}
    return {name: Mark(*mark) for name, mark in marks.items() if mark is not None}


class LiveTrees:
    """Trees that grow while they are looked at.

    Args:
        search: what is looked for, and where.
        context: with a match, also what hangs below and beside it.
        clock: seconds that never go back.

    Attributes:
        bad: how many lines that came were none of ours.
    """

    def __init__(
        self, search: Search, *, context: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.bad = 0
        self._search = search
        self._context = context
        self._clock = clock
        # What hangs below a span that is asked for is known when that comes: until then all is held.
        self._gathering = Gathering(search.query.test, context=context or bool(search.trace_ids))
        self._count = 0
        self._times: deque[tuple[float, int]] = deque()  # how many lines had come by then

    def there(self, patience: int = PATIENCE) -> Iterator[Trees]:
        """The trees of what is there now, as far as they have a root.

        Args:
            patience: lines that are read after a root before its tree is shown.
        """
        gathering = self._gathering
        for held in self._search.gather(gathering, patience):
            yield self._grown(held)
        gathering.test = self._search.query.test
        self._count = sys.maxsize // 2  # later than all that has come
        yield from self._whole()

    def take(self, lines: Iterable[bytes]) -> Iterator[Trees]:
        """The trees that are whole now, with these lines, and those that have waited for long."""
        for line in lines:
            event = read_event(line)
            if event is None:
                self.bad += not is_blank(line)
                continue
            self._count += 1
            if self._gathering.wants(event):
                self._gathering.add(line, event, self._count)
        yield from self._whole()
        yield from self._settled()

    @property
    def waiting(self) -> Trees:
        """What waits for a root."""
        return self._grown(self._gathering.waiting)

    def _whole(self) -> Iterator[Trees]:
        return map(self._grown, self._gathering.whole(self._count, patience=0))

    def _settled(self) -> Iterator[Trees]:
        now, before = self._clock(), 0
        self._times.append((now, self._count))
        while now - self._times[0][0] >= SETTLE:
            _, before = self._times.popleft()
        if before:
            held = self._gathering.settle(before + 1)
            if held:
                yield self._grown(held)

    def _grown(self, held: list[Held]) -> Trees:
        if not self._search.trace_ids:
            return with_absent(grown(held, context=self._context))
        roots = grown(held, context=None)
        _match_below(roots, self._search.trace_ids)
        return with_absent(around_matches(roots, context=self._context))


def _match_below(roots: list[Node], trace_ids: frozenset[str]) -> None:
    """Of what is looked for, leave what is one of these spans or hangs below one."""
    pending = [(root, root.event.parent_id in trace_ids) for root in roots]
    while pending:
        node, is_below = pending.pop()
        is_below = is_below or node.event.trace_id in trace_ids
        node.matched = node.matched and is_below
        pending += [(child, is_below) for child in node.children]
