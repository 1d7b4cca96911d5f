"""The file: one line, one `os.write`, at once. What was written survives a kill -9."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from dopejar_tracing.model.values import Copier
from dopejar_tracing.notices import Losses

if TYPE_CHECKING:
    from dopejar_tracing.model.event import OpenSpan

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_MODE = 0o600  # traces hold what people said


class _Descriptor:
    """An open file that is closed when the last thread that writes to it lets go of it.

    Closed by hand, its number could belong to another file before a slow thread's write.
    """

    __slots__ = ("number",)

    def __init__(self, path: Path) -> None:
        number = os.open(path, _FLAGS, _MODE)
        if number <= 2:  # the host closed its own: what it still prints must not land in the trace
            low, number = number, fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3)
            os.close(low)
        self.number = number

    def __del__(self) -> None:
        number = getattr(self, "number", None)  # None: the open failed
        if number is not None:
            os.close(number)


class JsonlSink:
    """Appends each line to a file.

    The file is opened with the first line, mode 0600, and never truncated. Several threads and processes
    may append to it: the kernel puts each write with O_APPEND at the end, whole.
    """

    watches = False

    def __init__(self, path: str) -> None:
        self.target = os.path.abspath(path)
        self._descriptor: _Descriptor | None = None
        self._losses = Losses(path)
        self._torn = False
        self.after_fork()

    def __call__(self, line: dict[str, Any]) -> None:
        """Write the line; if that fails, count it."""
        encoded = encode(line)
        try:
            descriptor = self._descriptor or self._open()
            if self._torn:
                encoded = self._mend(encoded)
            written = os.write(descriptor.number, encoded)
            if written != len(encoded):
                self._write_rest(descriptor, encoded, written)
        except (OSError, ValueError) as error:
            self._losses.add(error)

    def started(self, span: OpenSpan) -> None:
        """Nothing: a span is written when it ends."""

    def after_fork(self) -> None:
        """Only the lock; an O_APPEND descriptor can be shared."""
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the file; a later line opens it again."""
        self._descriptor = None
        self._losses.tell()

    def _open(self) -> _Descriptor:
        with self._lock:
            if self._descriptor is None:
                self._descriptor = _Descriptor(Path(self.target))
            return self._descriptor

    def _mend(self, encoded: bytes) -> bytes:
        """Begin on a new line, once, after a line that was cut off: so only that one is lost."""
        with self._lock:
            torn, self._torn = self._torn, False
        return b"\n" + encoded if torn else encoded

    def _write_rest(self, descriptor: _Descriptor, encoded: bytes, written: int) -> None:
        """A disk that is nearly full takes a part of a line; the next attempt says why."""
        rest = memoryview(encoded)[written:]
        try:
            while rest:
                rest = rest[os.write(descriptor.number, rest) :]
        except OSError:
            self._torn = True
            raise


def encode(line: dict[str, Any]) -> bytes:
    """The line as UTF-8 JSON with a newline; always succeeds."""
    try:
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError as error:
        copier = Copier()
        plain = copier.copy(line)
        plain["metadata"]["encoding_error"] = copier.encoding_error or str(error)
        return orjson.dumps(plain, option=orjson.OPT_APPEND_NEWLINE)
