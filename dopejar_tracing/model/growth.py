"""Trees that grow while the work runs, for whoever shows them. State alone: no thread, no clock, no I/O.

A span's branch is made when it begins and gets its event when it ends. What is finished is handed out in
pieces: a whole tree when its root ends; of a root that stays open for long, each part as it finishes. What
is held is bounded: see `MAX_HELD`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import ref

from dopejar_tracing.model.branch import Branch, Gap, Piece
from dopejar_tracing.model.event import SUCCESS, TraceEvent

if TYPE_CHECKING:
    from dopejar_tracing.model.event import BegunSpan

MAX_HELD = 5_000
"""Events held at once, about 5 MB. Beyond half of that, what is open hands out its finished parts early;
beyond all of it, what comes is counted and left out."""

_SWEEP = 10_000
"""Open spans at which those are looked for that nobody can end any more."""


class Growth:
    """All trees of a process that have not been shown. Not thread-safe: the caller has a lock.

    Args:
        limit: events held at once.
    """

    def __init__(self, limit: int = MAX_HELD) -> None:
        self._limit = limit
        self._open: dict[str, Branch] = {}
        self._roots: dict[str, Branch] = {}
        self._ready: deque[Piece | Gap] = deque()
        self._count = 0
        self._sweep_at = _SWEEP
        self.held = 0

    def started(self, span: BegunSpan) -> None:
        """A span has begun."""
        if self.held >= self._limit:
            return  # its end will be counted
        if len(self._open) >= self._sweep_at:
            self.forget_the_dead()
            self._sweep_at = max(_SWEEP, 2 * len(self._open))
        parent = self._open.get(span.parent_id or "")
        span_id = span.trace_id or ""
        self._count += 1
        branch = Branch(
            span_id, span.layer, span.operation, span.input, span.started_ns, parent, self._count, ref(span)
        )
        self._open[span_id] = branch
        if parent is None:
            self._roots[span_id] = branch
            return
        parent.open[span_id] = branch
        if not parent.long:
            parent.children.append(branch)

    def ended(self, event: TraceEvent) -> bool:
        """A span has ended, or an event has happened; returns whether there is something to take."""
        branch = self._open.pop(event.trace_id, None)
        if branch is None:
            if self.held >= self._limit:
                self._leave_out()
                return True
            branch = self._adopt(event)
        branch.event = event
        self.held += 1
        if event.status != SUCCESS:
            for above in (branch, *_ancestors(branch)):
                above.trouble[event.status] = above.trouble.get(event.status, 0) + 1
        return self._finish(branch)

    def _adopt(self, event: TraceEvent) -> Branch:
        """What was not seen to begin: an event, or a span whose beginning was left out."""
        parent = self._open.get(event.parent_id or "")
        self._count += 1
        branch = Branch(
            event.trace_id,
            event.hrm_layer,
            event.operation,
            event.input_summary,
            0,
            parent,
            self._count,
            None,
            event,
        )
        if parent is not None and not parent.long:
            parent.children.append(branch)
        return branch

    def _finish(self, branch: Branch) -> bool:
        parent = branch.parent
        if parent is None:
            self._roots.pop(branch.trace_id, None)
        else:
            parent.open.pop(branch.trace_id, None)
            above = parent.parent
            while above is not None and above.strays.pop(branch.trace_id, None) is not None:
                above = above.parent
            if not parent.long:
                if branch.open or branch.strays:
                    parent.strays |= {**branch.open, **branch.strays}
                return self.is_crowded
        self._hand_out(branch)
        return True

    def _hand_out(self, top: Branch) -> None:
        span = top.parent
        while span is not None and not span.parted:
            span.parted = True
            span = span.parent
        self._ready.append(Piece(top.parent, top, self._cut_off(top)))

    def _leave_out(self) -> None:
        last = self._ready[-1] if self._ready else None
        if not isinstance(last, Gap):
            last = Gap()
            self._ready.append(last)
        last.count += 1

    @property
    def is_ready(self) -> bool:
        """Something can be taken."""
        return bool(self._ready)

    @property
    def is_crowded(self) -> bool:
        """More is held than is comfortable."""
        return self.held > self._limit // 2

    def due(self, after_ns: int | None) -> int | None:
        """When there is something to show, in nanoseconds of the monotonic clock.

        Args:
            after_ns: how long a root must be open to be shown; None: open ones are not.

        Returns:
            0 for now; None if nothing is coming.
        """
        if self._ready or self.is_crowded:
            return 0
        oldest = next(iter(self._roots.values()), None)
        return None if oldest is None or after_ns is None else oldest.started_ns + after_ns

    def take(self, events: int) -> Iterator[Piece | Gap]:
        """What is finished, in the order in which it finished; at least one piece, if there is one.

        Args:
            events: how many to take; a piece that was begun is not divided.
        """
        while self._ready and events > 0:
            piece = self._ready.popleft()
            if isinstance(piece, Piece):
                self.held -= piece.count
                events -= piece.count
            yield piece

    def lengthen(self, began_before_ns: int) -> None:
        """Let spans that began before then (monotonic clock) hand out their parts as they finish.

        All that are open do, where more is held than is comfortable.
        """
        for branch in list(self._open.values()):  # in the order in which they began
            if branch.started_ns >= began_before_ns and not self.is_crowded:
                break
            if not branch.long:
                branch.long = True
                children, branch.children, branch.strays = branch.children, [], {}
                for child in children:
                    if child.trace_id not in branch.open:
                        self._hand_out(child)

    def forget_the_dead(self) -> None:
        """Give up on spans that nobody can end any more: they are shown as unfinished."""
        branches = list(self._open.values())
        for branch in [branch for branch in branches if branch.alive and branch.alive() is None]:
            branch.alive = None
            self._open.pop(branch.trace_id)
            self._finish(branch)

    def give_up(self) -> None:
        """Give up on all that is open, as the process ends: it is shown as unfinished, inner spans first."""
        rank: dict[int, int] = {}  # of each branch, that of its root
        branches = list(self._open.values())  # in the order in which they began: parents first
        for branch in branches:
            rank[id(branch)] = rank.get(id(branch.parent), len(rank))
        branches.reverse()
        branches.sort(key=lambda branch: rank[id(branch)])
        for branch in branches:
            branch.open = branch.strays = {}
        for branch in branches:
            if branch.parent is None or branch.parent.long:
                self._hand_out(branch)
        self._open.clear()
        self._roots.clear()

    def _cut_off(self, top: Branch) -> int:
        """Count the events of what is finished; what is still open in it becomes a tree of its own."""
        pending, count = [top], 0
        kept: list[Branch] = []
        while pending:
            branch = pending.pop()
            count += branch.event is not None
            if branch.open:
                kept += branch.open.values()
                branch.children = [child for child in branch.children if child.trace_id not in branch.open]
                branch.open = {}
            pending += branch.children
        for branch in kept:
            branch.parent = None
            self._roots[branch.trace_id] = branch
        return count

    @property
    def roots(self) -> list[Branch]:
        """Those that are open, in the order in which they became roots."""
        return list(self._roots.values())

    @property
    def open_count(self) -> int:
        """How many spans are open."""
        return len(self._open)

    @property
    def pending(self) -> int:
        """How many events have neither been taken nor told of, those that were left out among them."""
        return self.held + sum(piece.count for piece in self._ready if isinstance(piece, Gap))


def _ancestors(branch: Branch) -> Iterator[Branch]:
    """From the parent to the root."""
    while branch.parent is not None:
        branch = branch.parent
        yield branch
