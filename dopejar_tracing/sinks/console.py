"""The console: each tree, in the picture of contract §6, when its root has ended."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import build_forest
from dopejar_tracing.notices import Losses
from dopejar_tracing.show.terminal import stderr_console
from dopejar_tracing.show.tree import render_forest

if TYPE_CHECKING:
    from dopejar_tracing.model.event import OpenSpan


class _Tree:
    """What has ended under a root that is still open."""

    __slots__ = ("events", "root_id")

    def __init__(self, root_id: str) -> None:
        self.root_id = root_id
        self.events: list[TraceEvent] = []


class ConsoleSink:
    """Draws on stderr. Trees of several threads and tasks do not mix: each is written in one piece.

    A span that ends after its root, in a task that outlived it, stands as a tree of its own.
    """

    target = "stderr"
    watches = True

    def __init__(self) -> None:
        self._losses = Losses("console", "event")
        self._console = stderr_console()
        self.after_fork()

    def started(self, span: OpenSpan) -> None:
        """Open a tree for a root; let the span join its parent's tree otherwise."""
        span_id = span.trace_id or ""
        with self._lock:
            tree = self._trees.get(span.parent_id) if span.parent_id else None
            self._trees[span_id] = tree or _Tree(span_id)

    def __call__(self, line: dict[str, Any]) -> None:
        """Keep the event until its root has ended; draw then."""
        event = TraceEvent(**line)
        with self._lock:
            tree = self._trees.pop(event.trace_id, None) or self._trees.get(event.parent_id or "")
            if tree is None:
                self._draw([event])
                return
            tree.events.append(event)
            if event.trace_id == tree.root_id or tree.root_id not in self._trees:
                self._draw(tree.events)
                tree.events.clear()

    def after_fork(self) -> None:
        """The open trees are the parent's, who will draw them."""
        self._lock = threading.RLock()
        self._trees: dict[str, _Tree] = {}

    def close(self) -> None:
        """Draw what has ended of the trees whose roots have not."""
        with self._lock:
            unfinished = {id(tree): tree for tree in self._trees.values() if tree.events}
            self._trees.clear()
            for tree in unfinished.values():
                self._draw(tree.events)
        self._losses.tell()

    def _draw(self, events: list[TraceEvent]) -> None:
        try:
            for tree in render_forest(build_forest(events)):
                self._console.print(tree, soft_wrap=True)
        except Exception as error:  # a closed pipe, a terminal that went away
            self._losses.add(error, len(events))
