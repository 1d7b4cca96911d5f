"""What becomes of rotated files: they are compressed, and the oldest are deleted, in a thread of its own."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import os
import shutil
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

from dopejar_tracing.joining import join_wholly
from dopejar_tracing.model.values import complaint
from dopejar_tracing.notices import say
from dopejar_tracing.settings.rotate import Rotate
from dopejar_tracing.settings.rotated import RotatedFile, rotated

_CHUNK = 256 * 1024
_FIRST_PAUSE, _LAST_PAUSE = 0.05, 2.0
"""Seconds until a file that another process still has open is tried again; doubled each time."""
_FINISH, _STOP = 0.25, 0.25
"""Seconds that are waited at the end for the work to be done, and then for it to be broken off."""


class Archive:
    """Keeps the rotated files of one file as the settings say, off the caller's path.

    Args:
        path: of the file itself.
        rule: what to keep, and how.
    """

    def __init__(self, path: str, rule: Rotate) -> None:
        self._path = path
        self._rule = rule
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._wanted = 0
        self._stopped = threading.Event()
        self._complained = False
        self._broken_off = False

    def tidy(self) -> None:
        """Let the thread do what there is to do."""
        if self._rule.keep is None and self._rule.compress is None:
            return
        self._wanted += 1
        # Not waited for: its holder may be within a signal handler that waits for what our caller holds.
        if self._lock.acquire(blocking=False):
            try:
                self._start()
            finally:
                self._lock.release()

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        self._stopped = threading.Event()  # of its own: an earlier thread may not have noticed it yet
        thread = threading.Thread(
            target=self._run, args=(self._stopped,), name="dopejar-archive", daemon=True
        )
        with contextlib.suppress(RuntimeError):  # the interpreter is ending, or there are too many
            thread.start()
            self._thread = thread  # not before: whoever ends it joins it

    def rest(self, finish: float = _FINISH) -> None:
        """End the thread; what it has not finished is left as it was.

        Args:
            finish: seconds that it may go on.
        """
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(finish)
        self._broken_off = thread.is_alive()
        self._stopped.set()
        join_wholly(thread, _STOP)
        if thread is self._thread:  # it is at something that takes its time, and will end by itself
            self._thread = None

    def after_fork(self, *, child: bool) -> None:
        """Go on with what was broken off; in the child, the thread and the lock are the parent's."""
        if child:
            self._lock = threading.RLock()
            self._stopped = threading.Event()
            self._thread = None
        elif self._broken_off:
            self.tidy()
        self._broken_off = False

    def _run(self, stopped: threading.Event) -> None:
        # A limit on file sizes must not kill the host here; and its handlers run in the main thread anyway.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        pause = _FIRST_PAUSE
        while True:
            wanted = self._wanted
            done = self._try_round(stopped)
            if not done and pause <= _LAST_PAUSE and not stopped.wait(pause):
                pause *= 2
                continue
            if stopped.is_set():
                return
            with self._lock:  # else whoever ends the thread would not see another that it starts
                if wanted == self._wanted:
                    if self._thread is threading.current_thread():
                        self._thread = None
                    break
            pause = _FIRST_PAUSE
        if wanted != self._wanted:  # since a moment ago
            self.tidy()

    def _try_round(self, stopped: threading.Event) -> bool:
        """Do all that can be done now; returns whether nothing is left."""
        try:
            return self._round(stopped)
        except OSError as error:  # the folder cannot be listed
            self._complain(error)
            return True

    def _round(self, stopped: threading.Event) -> bool:
        done = True
        stamps = sorted({file.stamp for file in rotated(self._path)})
        outdated = set(stamps[: -self._rule.keep]) if self._rule.keep else set()
        for file in rotated(self._path):
            if stopped.is_set():
                return False
            try:
                if file.stamp in outdated:
                    done &= _delete(file)
                elif self._rule.compress and not file.is_compressed:
                    done &= _compress(file.path, stopped.is_set)
            except OSError as error:  # this one; the others may be in order
                self._complain(error)
        return done

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            self._complained = True
            say(f"{os.path.basename(self._path)}: rotated files stay as they are: {complaint(error)}")


def _delete(file: RotatedFile) -> bool:
    """Delete a rotated file, unless somebody may still write to it."""
    with contextlib.suppress(FileNotFoundError):  # the rest of a compression that was killed
        os.unlink(_partial(file.path))
    if file.is_compressed:
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            os.unlink(file.path)
        return True
    with _sole(file.path) as source:
        if source:
            os.unlink(file.path)
        return source is not None


def _compress(path: str, is_stopped: Callable[[], bool]) -> bool:
    """Put `path.gz` in the place of a rotated file, unless somebody may still write to it.

    At every moment one of the two is there, whole: a crash in between leaves both, and the next attempt makes
    the second one again.
    """
    partial = _partial(path)
    with _sole(path) as source:
        if source is None:
            return False
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)  # of one that was killed; nobody else is here
        try:
            if not _write_compressed(source, partial, is_stopped):
                return False
            shutil.copystat(path, partial)  # the mode, and the time of the last line
            os.rename(partial, f"{path}.gz")
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(partial)
        os.unlink(path)
        return True


def _partial(path: str) -> str:
    """Where a file is compressed to."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.gz.part")


def _write_compressed(source: BinaryIO, partial: str, is_stopped: Callable[[], bool]) -> bool:
    """Compress, and see to it that the result is on the disk; returns whether it was brought to its end."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(os.open(partial, flags, 0o600), "wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed:
            while chunk := source.read(_CHUNK):
                if is_stopped():
                    return False
                packed.write(chunk)
        raw.flush()
        os.fsync(raw.fileno())
    return True


@contextlib.contextmanager
def _sole(path: str) -> Iterator[BinaryIO | None]:
    """The file, if nobody else has it open for writing (see `Descriptor`); else None."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:  # another process was faster
        yield None
        return
    with open(number, "rb") as file:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_there = os.path.samestat(os.fstat(number), os.stat(path))
        except (BlockingIOError, FileNotFoundError):
            yield None
            return
        is_file = stat.S_ISREG(os.fstat(number).st_mode)  # and no FIFO, which has no end
        yield file if is_there and is_file else None
