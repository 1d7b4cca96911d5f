"""The one thread that draws."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable

INTERVAL = 0.1
"""Seconds between two frames, at least."""
_PATIENCE = 1.0
"""Seconds that are waited for a frame to end, at most; a terminal that stopped reading never ends it."""


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
        self._thread: threading.Thread | None = None
        # Not an Event, whose lock a signal handler that traces could find taken by its own thread.
        self._tokens: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._calm = False
        self._stopping = False
        self._drawn_at = float("-inf")
        self.idle = True
        """Nothing is coming: even a beginning must be told."""
        self.at_once = False
        """As long as there is a pause between two, frames are drawn by those who bring them."""
        self.closed = False
        """No thread any more: frames are drawn by those who bring them."""

    def wake(self) -> None:
        """There is something to draw, or to wait for. Called after the state has changed."""
        if self._thread is None:
            self._begin()
        elif self._calm:
            self._calm = False
            self._tokens.put(None)

    def stop(self) -> bool:
        """End the thread; False if it hangs in a frame. `wake` starts another."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        self._stopping = True
        self._tokens.put(None)
        thread.join(_PATIENCE)
        if thread.is_alive():
            return False
        self._thread = None
        self.idle = True
        return True

    def _begin(self) -> None:
        if self.closed or (self.at_once and time.perf_counter() - self._drawn_at >= INTERVAL):
            if self._due() == 0:
                self._draw_now()
            return
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="dopejar-console", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is ending, or there are too many
            self._thread = None
            self._draw_now()

    def _draw_now(self) -> None:
        self._draw()
        self._drawn_at = time.perf_counter()

    def _run(self) -> None:
        while not self._stopping:
            # First calm, then a look: a change that comes in between finds us calm, and leaves a token.
            self._calm = True
            due = self._due()
            self.idle = due is None
            now = time.perf_counter()
            if due is None or due > now:
                self._sleep(None if due is None else due - now)
            elif now < self._drawn_at + INTERVAL:
                self._calm = False
                self._sleep(self._drawn_at + INTERVAL - now)
            else:
                self._calm = False
                self._draw_now()

    def _sleep(self, seconds: float | None) -> None:
        with contextlib.suppress(queue.Empty):
            self._tokens.get(timeout=seconds)
