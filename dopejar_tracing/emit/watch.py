"""Notices that the settings file was changed while the process runs (contract §5)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

INTERVAL = 0.5
"""Seconds between two looks at the file."""


class FileWatch:
    """A daemon thread that calls `changed` when the file is not the same as before.

    The disabled path of tracing has no time for a look at a clock, hence a thread; and only a process
    that has a settings file gets one. It rests while the process forks: a child would not have it, and
    Python warns of a fork in a process with threads.
    """

    def __init__(self, path: Path, changed: Callable[[], None]) -> None:
        self.absolute = path
        self._changed = changed
        self._seen = self._look()
        self.resume()

    def stop(self) -> None:
        """Let the thread end; it is not waited for, since it may be waiting for the caller."""
        _watches.discard(self)
        self._stopped.set()

    def _look(self) -> tuple[int, ...] | None:
        try:
            status = self.absolute.stat()
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
            self._thread.join(timeout=1)

    def resume(self) -> None:
        """Start the thread, again after a fork: in the parent and in the child."""
        _watches.add(self)
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stopped,), name="dopejar-settings", daemon=True
        )
        # The interpreter is ending, or there are too many: then changes of the file go unnoticed.
        with suppress(RuntimeError):
            self._thread.start()


_watches: set[FileWatch] = set()
_forking = threading.RLock()
"""Held while a process forks, so that several threads that fork do not pause and resume in between."""


def _before_fork() -> None:
    _forking.acquire()
    for watch in tuple(_watches):
        watch.pause()


def _after_fork_in_parent() -> None:
    for watch in tuple(_watches):
        watch.resume()
    _forking.release()


def _after_fork_in_child() -> None:
    global _forking
    _forking = threading.RLock()
    for watch in tuple(_watches):
        watch.resume()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
