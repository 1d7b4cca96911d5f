"""The console: each tree, in the picture of contract §6, when its root has ended."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.foreign import is_foreign
from dopejar_tracing.model.forest import build_forest
from dopejar_tracing.notices import Losses
from dopejar_tracing.show.terminal import drawn, stderr_console
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
        self._begin()

    def _begin(self) -> None:
        self._losses = Losses("console", "event")
        self._console = stderr_console()
        # Both re-entrant: a signal handler may trace while its thread is in here.
        self._state = threading.RLock()
        self._writing = threading.RLock()
        self._forking = False
        self._trees: dict[str, _Tree] = {}

    def started(self, span: OpenSpan) -> None:
        """Open a tree for a root; let the span join its parent's tree otherwise."""
        span_id = span.trace_id or ""
        with self._state:
            tree = self._trees.get(span.parent_id) if span.parent_id else None
            self._trees[span_id] = tree or _Tree(span_id)

    def __call__(self, line: dict[str, Any]) -> None:
        """Keep the event until its root has ended; draw then."""
        finished = self._settle(TraceEvent(**line))
        if finished:
            self._draw(finished)

    def before_fork(self) -> None:
        """Wait for a tree that is being written: in the child, stderr would stay locked for ever.

        A second at most, as its reader may have stopped.
        """
        self._forking = self._writing.acquire(timeout=1)

    def after_fork(self, *, child: bool) -> None:
        """The open trees are the parent's, who will draw them; so are its losses, its locks, and rich's."""
        if child:
            self._begin()
        elif self._forking:
            self._writing.release()

    def close(self) -> None:
        """Draw what has ended of the trees whose roots have not."""
        with self._state:
            unfinished = {id(tree): tree for tree in self._trees.values() if tree.events}
            self._trees.clear()
        for tree in unfinished.values():
            self._draw(tree.events)
        self._losses.tell()

    def _settle(self, event: TraceEvent) -> list[TraceEvent]:
        """Put the event into its tree; returns what is to be drawn now."""
        with self._state:
            tree = self._trees.pop(event.trace_id, None) or self._trees.get(event.parent_id or "")
            if tree is None:
                return [event]
            tree.events.append(event)
            if event.trace_id != tree.root_id and tree.root_id in self._trees:
                return []
            finished, tree.events = tree.events, []
            return finished

    def _draw(self, events: list[TraceEvent]) -> None:
        try:
            for tree in render_forest(build_forest(events)):
                text = drawn(self._console, tree)
                with self._writing:
                    sys.stderr.write(text)
                    sys.stderr.flush()
        except Exception as error:  # a closed pipe, a terminal that went away
            if not is_foreign(error):
                raise
            self._losses.add(error, len(events))
