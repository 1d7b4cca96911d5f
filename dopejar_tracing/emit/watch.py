"""Notices that the settings file was changed while the process runs (contract §5)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dopejar_tracing.joining import join_wholly

INTERVAL = 0.5
"""Seconds between two looks at the file."""


class FileWatch:
    """A daemon thread that calls `changed` when the file is not the same as before.

    The disabled path of tracing has no time for a look at a clock, hence a thread; and only a process
    that has a settings file gets one. It rests while the process forks: a child would not have it, and
    Python warns of a fork in a process with threads.

    Args:
        path: from the root of the file system, as the host may change its working directory.
        changed: called from the thread.
    """

    def __init__(self, path: Path, changed: Callable[[], None]) -> None:
        self.path = path
        self._changed = changed
        self._seen = self._look()
        self._stopped = threading.Event()
        self._stopped.set()
        self.resume()

    def stop(self) -> None:
        """Let the thread end; it is not waited for, since it may be waiting for the caller."""
        self._stopped.set()

    def _look(self) -> tuple[int, ...] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        if not status.st_size:  # about to be written anew
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.wait(INTERVAL):
            seen = self._look()
            # A file that is gone may be on its way back: editors write a new one and rename it.
            if seen is not None and seen != self._seen and not stopped.is_set():
                self._seen = seen
                self._changed()

    def pause(self) -> None:
        """End the thread before a fork; a second at most, for nothing may hang here."""
        self._stopped.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            join_wholly(self._thread, 1)

    def resume(self) -> None:
        """Start the thread unless it runs; again after a fork, in the parent and in the child."""
        if not self._stopped.is_set():
            return
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stopped,), name="dopejar-settings", daemon=True
        )
        # The interpreter is ending, or there are too many: then changes of the file go unnoticed.
        with suppress(RuntimeError):
            self._thread.start()
