"""What spans spent themselves: their time without that of their children, overlapping ones counted once.

A child's line stands before its parent's, so children wait for the parent with the time that they cover. A
trace may be taken apart anywhere, and the parts be read by several processes: children that still wait at the
end of a part meet their parents in the next. Such a parent was open at the cut, so it began before the first
line of its part was written; those few are kept with what their children cover.

Where it stops: a child whose line comes after its parent's is not taken from the parent's time; and of more
than `MAX_WAITING` parents that are waited for, those that were named first are given up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from dopejar_tracing.model.report import Key

MAX_WAITING = 100_000
"""Parents that are waited for, about 30 MB."""
MAX_STRETCHES = 10_000
"""Stretches of time of one parent; beyond, they are put together, which is exact for what began in order."""
SLACK_US = 1_000_000
"""How far lines of several processes may be out of order."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Stretch = tuple[int, int]
"""(start, end) of some time, in microseconds since the epoch."""


class Edge(msgspec.Struct):
    """A span that was open before the first line of a part: it may have children in the part before."""

    key: Key
    start: int
    end: int
    covered: list[Stretch]

    def own(self) -> int:
        """Microseconds that it spent itself."""
        return self.end - self.start - _within(self.covered, self.start, self.end)


class Nesting(msgspec.Struct):
    """Spans of a part of a trace, as far as relatives in other parts matter."""

    is_first: bool = True
    """There is no part before."""
    began: int | None = None
    """When the first span of the part ended, in microseconds since the epoch."""
    waiting: dict[str, list[Stretch]] = {}
    """What children cover, by the ID of a parent that has not come."""
    edges: dict[str, Edge] = {}
    """Of the spans that were open before that, by their IDs."""

    def add(self, trace_id: str, parent_id: str | None, key: Key, start: int, duration: int) -> int:
        """A span has ended.

        Args:
            trace_id: its own ID.
            parent_id: of the span that encloses it.
            key: of its group.
            start: microseconds since the epoch.
            duration: microseconds.

        Returns:
            Microseconds that it spent itself.
        """
        end = start + duration
        waiting = self.waiting
        covered = waiting.pop(trace_id, None)  # first, as some span may name itself its parent
        if parent_id is not None:
            stretches = waiting.get(parent_id)
            if stretches is None:
                waiting[parent_id] = [(start, end)]
                if len(waiting) > MAX_WAITING:
                    del waiting[next(iter(waiting))]
            else:
                stretches.append((start, end))
                if len(stretches) > MAX_STRETCHES:
                    _fold(stretches)
        if not self.is_first:
            self._keep_edge(trace_id, Edge(key, start, end, covered or []))
        return duration if covered is None else duration - _within(covered, start, end)

    def _keep_edge(self, trace_id: str, edge: Edge) -> None:
        if self.began is None:
            self.began = edge.end
        if edge.start <= self.began + SLACK_US:
            self.edges.setdefault(trace_id, edge)  # of two with one ID, the first has the children
            if len(self.edges) > 2 * MAX_WAITING:  # those that began first were most surely open
                ordered = sorted(self.edges.items(), key=lambda each: each[1].start)
                self.edges = dict(ordered[:MAX_WAITING])

    def joined(self, later: Nesting) -> tuple[Nesting, list[tuple[Key, int]]]:
        """This part and the one that follows.

        Returns:
            (both together, (key of a group, microseconds by which its spans' own time changes) of each edge).
        """
        began = later.began if self.began is None else self.began
        both = Nesting(self.is_first, began, {**self.waiting}, {**self.edges})
        changes = []
        for trace_id, edge in later.edges.items():
            covered = both.waiting.pop(trace_id, [])
            whole = Edge(edge.key, edge.start, edge.end, [*covered, *edge.covered])
            changes.append((edge.key, whole.own() - edge.own()))
            if not both.is_first:
                both._keep_edge(trace_id, whole)
        for parent_id, stretches in later.waiting.items():
            both.waiting[parent_id] = [*both.waiting.get(parent_id, ()), *stretches]
        return both, changes


def _within(stretches: list[Stretch], start: int, end: int) -> int:
    """Microseconds between two moments that the stretches cover, those that overlap counted once."""
    covered, at = 0, start
    for its_start, its_end in sorted(stretches) if len(stretches) > 1 else stretches:
        since, until = max(its_start, at), min(its_end, end)
        if until > since:
            covered += until - since
            at = until
    return covered


def _fold(stretches: list[Stretch]) -> None:
    """Put together what overlaps; if much is left, also neighbours: as long as both, ended with the later."""
    apart: list[Stretch] = []
    for start, end in sorted(stretches):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    if len(apart) > MAX_STRETCHES // 2:
        pairs = zip(apart[::2], apart[1::2], strict=False)
        odd = apart[len(apart) // 2 * 2 :]
        apart = [(later[0] - (end - start), later[1]) for (start, end), later in pairs] + odd
    stretches[:] = apart


class Clock:
    """Timestamps → microseconds since the epoch. The text of the last second is remembered."""

    def __init__(self) -> None:
        self._second = ""
        self._at = 0

    def __call__(self, timestamp: str) -> int | None:
        """The moment; None if it is none. Without a time zone it is in UTC."""
        try:
            if len(timestamp) == 32 and timestamp[:19] == self._second and timestamp.endswith("+00:00"):
                return self._at + int(timestamp[20:26])
            moment = datetime.fromisoformat(timestamp)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            at = (aware - _EPOCH) // _MICROSECOND
        except (ValueError, OverflowError):
            return None
        if len(timestamp) == 32 and timestamp.endswith("+00:00"):
            self._second, self._at = timestamp[:19], at - aware.microsecond
        return at
