"""The one thread that draws."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable

from dopejar_tracing.joining import join_wholly

INTERVAL = 0.1
"""Seconds between two frames, at least."""
_PATIENCE = 0.3
"""Seconds that are waited for a frame to end; a terminal that stopped reading never ends it."""


class Drawer:
    """Calls `draw` when something is due, ten times a second at most; sleeps while nothing is.

    Args:
        due: when there is something to draw, in seconds of `time.perf_counter`; 0 for now, None if nothing
            is coming.
        draw: draws a frame; called by one thread at a time.
    """

    def __init__(self, due: Callable[[], float | None], draw: Callable[[], None]) -> None:
        self._due = due
        self._draw = draw
        self._run: _Run | None = None
        self._starting = threading.Lock()
        self._drawn_at = float("-inf")
        self._resting = False
        self.at_once_until = float("-inf")
        """In seconds of `time.perf_counter`: until then frames are drawn by those who bring them."""
        self.closed = False
        """No thread any more: frames are drawn by those who bring them."""

    @property
    def is_idle(self) -> bool:
        """Nothing is coming: even a beginning must be told."""
        run = self._run
        return run is None or run.idle

    def wake(self) -> None:
        """There is something to draw, or to wait for. Called after the state has changed."""
        run = self._run
        if run is None or run.ended:
            self._begin()
        else:
            run.wake()

    def stop(self, patience: float = _PATIENCE) -> bool:
        """End the thread; False if it hangs in a frame. `wake` starts another."""
        held: list[bool] = []
        try:  # another thread may be starting it just now
            held.extend(map(self._starting.acquire, (True,), (patience,)))  # by way of C: see `Frames.draw`
            run = self._run
            if run is None or run.thread is threading.current_thread():
                return True
            run.stop()
            join_wholly(run.thread, patience)
            if run.thread.is_alive():
                return False
            self._run = None
            return True
        finally:
            if held and held[0]:
                self._starting.release()

    def rest(self, patience: float) -> bool:
        """The same, until `resume`."""
        self._resting = True
        return self.stop(patience)

    def resume(self) -> None:
        """Go on, with the thread that hung, if it did.

        Another is started by the next who brings something: Python from 3.13 on counts threads only after the
        hooks of a fork, and would warn of it.
        """
        self._resting = False
        if self._run is not None and self._run.go_on():
            self._run.wake()
        elif sys.version_info < (3, 13):
            self.wake()

    @property
    def is_stopped(self) -> bool:
        """There is no thread, though there may be one."""
        return self._run is None and not self.closed

    def draw(self) -> None:
        """Draw a frame here and now."""
        self._draw()
        self._drawn_at = time.perf_counter()

    def wait(self) -> tuple[float | None, float]:
        """Seconds until something is due, None if nothing is coming; and until there may be a frame."""
        due, now = self._due(), time.perf_counter()
        return None if due is None else due - now, self._drawn_at + INTERVAL - now

    def _begin(self) -> None:
        if self.closed or time.perf_counter() < self.at_once_until:
            if self._due() == 0:
                self.draw()
            return
        held: list[bool] = []
        try:
            held.extend(map(self._starting.acquire, (False,)))  # by way of C: see `Frames.draw`
            if held[0] and not self._resting and (self._run is None or self._run.ended):
                run = _Run(self)
                run.thread.start()
                self._run = run  # not before: it could not be joined yet
                run.wake()  # for those who have found none in the meantime
        except RuntimeError:  # the interpreter is ending, or there are too many
            self._run = None
            self.draw()
        finally:
            if held and held[0]:
                self._starting.release()


class _Run:
    """A thread's life."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        # Not an Event, whose lock a signal handler that traces could find taken by its own thread.
        self._tokens: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._calm = False
        self._leaving = threading.Lock()
        self._stopping = False
        self.ended = False
        self.idle = False
        self.thread = threading.Thread(target=self._live, name="dopejar-console", daemon=True)

    def wake(self) -> None:
        """Have another look."""
        if self._calm:
            self._calm = False
            self._tokens.put(None)

    def stop(self) -> None:
        """End soon."""
        self._stopping = True
        self._tokens.put(None)

    def go_on(self) -> bool:
        """Do not end, after all; False if it is too late."""
        with self._leaving:
            self._stopping = False
            return not self.ended

    def _live(self) -> None:
        while not self._ends():
            # First calm, then a look: a change that comes in between finds us calm, and leaves a token.
            self._calm = True
            coming, pause = self._drawer.wait()
            self.idle = coming is None
            if coming is None or coming > 0:
                self._sleep(coming)
                continue
            self._calm = False
            if pause > 0:
                self._sleep(pause)
            else:
                self._drawer.draw()

    def _ends(self) -> bool:
        with self._leaving:
            self.ended = self._stopping
            return self.ended

    def _sleep(self, seconds: float | None) -> None:
        with contextlib.suppress(queue.Empty):
            self._tokens.get(timeout=seconds)
