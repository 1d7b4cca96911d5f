"""The file: one line, one `os.write`, at once. What was written survives a kill -9."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import stat
import threading
import time
from typing import TYPE_CHECKING, Any

import orjson

from dopejar_tracing.model.foreign import is_foreign
from dopejar_tracing.model.values import Copier
from dopejar_tracing.notices import Losses

if TYPE_CHECKING:
    from dopejar_tracing.model.event import BegunSpan
    from dopejar_tracing.settings import Settings

# O_NONBLOCK: a FIFO that nobody reads must not stop the application.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_MODE = 0o600  # traces hold what people said
_HIGH = 1_000
_QUIET, _LOOKS = 0.2, 20  # seconds without a change, and how often to look in that time


class _Descriptor:
    """An open file that is closed when the last thread that writes to it lets go of it.

    Closed by hand, its number could belong to another file before a slow thread's write. For the same
    reason it is a high number: a host that closes all its descriptors, as daemons do, gets the low ones for
    the files that it opens next.
    """

    __slots__ = ("number",)

    def __init__(self, path: str) -> None:
        low = os.open(path, _FLAGS, _MODE)
        try:
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            least = min(_HIGH, limit - 16) if limit >= 0 else _HIGH
            self.number = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, max(3, least))
        finally:
            os.close(low)

    def ends_torn(self, path: str) -> bool:
        """Whether the file ends within a line, since whoever wrote it was killed there.

        A neighbour's line that is just being written looks the same for a moment: only an end that stays as
        it is for a while is torn.
        """
        status = os.fstat(self.number)
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return False
        with open(path, "rb") as file:  # noqa: PTH123 - a text, for speed; there is no Path here
            for _ in range(_LOOKS):
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 1))
                if file.read(1) in {b"\n", b""} or size != status.st_size:
                    return False
                if time.time() - status.st_mtime > _QUIET:
                    break  # nobody is writing now
                time.sleep(_QUIET / _LOOKS)
        return True

    def __del__(self) -> None:
        number = getattr(self, "number", None)  # None: the open failed
        if number is not None:
            try:
                os.close(number)
            except OSError as error:
                if error.errno != errno.EBADF:  # else the host closed it for us
                    raise


def target_of(path: str, folder: str) -> str:
    """The file that a sink of this path writes to."""
    return os.path.join(folder, path)  # noqa: PTH118


class JsonlSink:
    """Appends each line to a file.

    The file is opened with the first line, mode 0600, and never truncated. Several threads and processes
    may append to it: the kernel puts each write with O_APPEND at the end, whole.

    Args:
        path: as the settings name it.
        folder: where a relative path begins; the host may change its working directory later.
    """

    watches = False

    def __init__(self, path: str, folder: str = "") -> None:
        self.target = target_of(path, folder)
        self._descriptor: _Descriptor | None = None
        self._losses = Losses(path)
        self._torn = False
        self._lock = threading.RLock()  # re-entrant: a signal handler may trace while its thread is in here

    def __call__(self, line: dict[str, Any]) -> None:
        """Write the line; if that fails, count it."""
        encoded = encode(line)
        try:
            self._write(encoded)
        except OSError as error:
            self._losses.add(error)
            if not is_foreign(error):  # the host's own, from a signal handler: a deadline, say
                raise

    def started(self, span: BegunSpan) -> None:
        """Nothing: a span is written when it ends."""

    def adopt(self, settings: Settings) -> None:
        """Nothing: the file is all that is set."""

    def before_fork(self) -> None:
        """Nothing: no line is ever half done."""

    def after_fork(self, *, child: bool) -> None:
        """The lock and the losses are the parent's; an O_APPEND descriptor is shared."""
        if child:
            self._lock = threading.RLock()
            self._losses = Losses(self._losses.where)

    def close(self) -> None:
        """Let go of the file; a later line opens it again."""
        self._descriptor = None
        self._losses.tell()

    def _write(self, encoded: bytes, *, again: bool = False) -> None:
        descriptor = self._descriptor or self._open()
        try:
            written = 0 if self._torn else os.write(descriptor.number, encoded)
        except OSError as error:
            if again or error.errno != errno.EBADF:
                raise
            self._descriptor = None  # the host closed it
            self._write(encoded, again=True)
            return
        if written != len(encoded):
            self._write_rest(descriptor, encoded, written)

    def _open(self) -> _Descriptor:
        with self._lock:
            if self._descriptor is None:
                descriptor = _Descriptor(self.target)
                self._torn = descriptor.ends_torn(self.target)
                self._descriptor = descriptor
            return self._descriptor

    def _write_rest(self, descriptor: _Descriptor, encoded: bytes, written: int) -> None:
        """A disk that is nearly full takes a part of a line; the next attempt says why.

        After that the next line begins on a line of its own, so that only the one that was cut off is lost.
        """
        with self._lock:
            rest = memoryview(b"\n" + encoded if self._torn and not written else encoded)[written:]
            try:
                while rest:
                    done = os.write(descriptor.number, rest)
                    self._torn = rest[done - 1] != ord("\n")
                    rest = rest[done:]
            except OSError:
                self._torn = self._torn or written > 0
                raise


def encode(line: dict[str, Any]) -> bytes:
    """The line as UTF-8 JSON with a newline; always succeeds."""
    try:
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError as error:
        copier = Copier(max_items=1_000_000)  # what is in the line was bounded where it was taken
        plain = copier.copy(line)
        plain["metadata"]["encoding_error"] = copier.encoding_error or str(error)
        if copier.truncated:
            plain["metadata"]["truncated"] = True
        return orjson.dumps(plain, option=orjson.OPT_APPEND_NEWLINE)
