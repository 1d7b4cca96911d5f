"""The console: trees on stderr, live on a terminal, whole anywhere else (contract §6)."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.growth import Growth
from dopejar_tracing.show.tree import SHOWN_METADATA
from dopejar_tracing.sinks.console.drawer import Drawer
from dopejar_tracing.sinks.console.frames import AFTER_NS, Frames, Occasion
from dopejar_tracing.sinks.console.host import Host
from dopejar_tracing.sinks.console.outlet import CHILD_PATIENCE, Outlet
from dopejar_tracing.sinks.console.screen import descriptor_of, is_writable, look, stderr
from dopejar_tracing.sinks.console.signals import Departures

if TYPE_CHECKING:
    from dopejar_tracing.model.event import BegunSpan
    from dopejar_tracing.settings import Settings

FORK_PATIENCE = 0.2
"""Seconds that a fork waits for a frame that is being drawn."""
YOUNG = 1.0
"""Seconds in which a forked child draws itself, without a thread: it may end by os._exit at any moment."""
CLOSING = 0.6
"""Seconds that the last frames may take."""


class ConsoleSink:
    """Shows trees on whatever stderr is. Who traces only notes what changed; one thread draws.

    Args:
        settings: its theme is used.
    """

    target = "stderr"
    watches = True

    def __init__(self, settings: Settings) -> None:
        self._theme = settings.styles()
        self._host = Host(self._host_writes)
        self._departures = Departures(self._leave, self._come_back)
        self._begin(live=True)
        number = descriptor_of(stderr())
        if number is not None:
            self._host.streams.watch(number)
        screen = look(stderr())
        if screen is not None:
            self._departures.take()
            self._host.watch_terminal(screen.number)
        self._drawer.wake()  # a thread takes its time to start, which would be the first span's

    def _begin(self, *, live: bool) -> None:
        self._state = threading.RLock()  # re-entrant: a signal handler may trace while its thread is in here
        self._growth = Growth()
        self._outlet = Outlet(self._host, self._theme, None if live else CHILD_PATIENCE)
        self._frames = Frames(self._growth, self._state, self._host, self._outlet, regions=live)
        self._drawer = Drawer(self._due, self._draw)
        self._held: list[Any] = []

    def adopt(self, settings: Settings) -> None:
        """Take another theme."""
        self._theme = settings.styles()
        self._outlet.restyle(self._theme)

    def started(self, span: BegunSpan) -> None:
        """Note that a span is open."""
        with self._state:
            self._growth.started(span)
        if self._drawer.is_idle:
            self._drawer.wake()

    def __call__(self, line: dict[str, Any]) -> None:
        """Note that a span has ended, or an event has happened."""
        metadata = line["metadata"]
        if "interrupted" in metadata and "error_type" not in metadata:
            return  # it is still open, and will be shown as that
        shown = {key: metadata[key] for key in SHOWN_METADATA if key in metadata}
        event = TraceEvent(**{**line, "metadata": shown})
        with self._state:
            wanted = self._growth.ended(event)
        if wanted:
            self._drawer.wake()

    def before_fork(self) -> None:
        """Wait for a frame that is being drawn, but not long; the thread rests, since a child has none."""
        patience = FORK_PATIENCE if self._drawer.rest(FORK_PATIENCE) else 0
        locks = (self._frames.drawing, self._host.turn)
        self._held = [lock for lock in locks if lock.acquire(timeout=patience)]

    def after_fork(self, *, child: bool) -> None:
        """The open trees are the parent's, who will draw them; so are its region, losses and locks."""
        if child:
            self._departures.release()
            self._host.after_fork()
            self._begin(live=False)
            self._drawer.at_once_until = time.perf_counter() + YOUNG
            return
        for lock in reversed(self._held):
            lock.release()
        self._drawer.resume()

    def close(self) -> None:
        """Draw what is left, what is open as unfinished; leave the terminal as it was. Within a second."""
        idle = self._drawer.stop()
        self._drawer.closed = True
        with self._state:
            self._growth.give_up()
        self._frames.finish(CLOSING)
        self._host.release()
        self._departures.release()
        losses, number = self._frames.losses, descriptor_of(stderr())
        losses.note(self._growth.pending)
        if idle or (number is not None and is_writable(number, 0)):  # else whoever writes to stderr hangs
            losses.tell()

    def _draw(self) -> None:
        self._frames.draw(Occasion.END if self._drawer.closed else Occasion.TICK)

    def _due(self) -> float | None:
        with self._state:
            due_ns = self._growth.due(AFTER_NS if self._frames.live else None)
        return None if due_ns is None else due_ns / 1e9

    def _host_writes(self) -> None:
        """Let what has ended stand above what the host prints now."""
        if self._drawer.is_stopped:
            self._drawer.wake()
        if self._growth.is_ready or self._frames.is_busy:
            self._frames.draw(Occasion.PRINT)

    def _leave(self) -> None:
        """The process is about to stop."""
        self._frames.draw(Occasion.PRINT)
        self._frames.away = True
        self._host.erase()

    def _come_back(self) -> None:
        self._frames.away = False
        self._drawer.wake()
