"""The host's own output, seen where it leaves Python.

Every `print`, handler, `rich` console or `buffer.write` ends in the `write` of a raw file, whatever object
the host took hold of earlier. It is watched there, on the instance. What goes around Python's files (a child
process, `os.write`) is not seen.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any
from weakref import ref

Place = tuple[int, int]
"""Device and inode of what a descriptor leads to."""


class Streams:
    """Watches what goes to one place through the streams that the host has.

    Args:
        before: called when the host is about to write to a stream, or to flush it, as `input` does before its
            prompt, which it writes in C. The stream is not in use then.
        write: called for each write of a raw file, with its descriptor, the data, and what writes it.
    """

    def __init__(
        self, before: Callable[[], None], write: Callable[[int, bytes, Callable[[], object]], None]
    ) -> None:
        self._before = before
        self._write = write
        self._watched: dict[int, tuple[ref[Any], str, Callable[..., Any]]] = {}

    def watch(self, number: int) -> None:
        """Watch the streams that lead where this descriptor leads, if they are not watched already."""
        place = place_of(number)
        stream: Any
        for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
            stream = getattr(sys, name, None)
            raw = _raw_of(stream)
            if place is None or raw is None or "write" in vars(raw):
                continue
            if place_of(raw.fileno()) == place:
                self._watch_text(stream, "write")
                self._watch_text(stream, "flush")
                self._watch_raw(raw, place, buffered=raw is not stream.buffer)

    def release(self) -> None:
        """Leave the streams as they were."""
        watched, self._watched = self._watched, {}
        for reference, name, ours in watched.values():
            owner = reference()
            if owner is not None and vars(owner).get(name) is ours:
                delattr(owner, name)  # the instance's, behind which the type's own is again

    def _watch_text(self, stream: Any, name: str) -> None:
        if name in vars(stream):  # somebody else's
            return
        stream_ref, method = ref(stream), getattr(type(stream), name)

        def watched(*args: Any) -> Any:
            self._before()
            return method(stream_ref(), *args)

        self._put(stream, name, watched)

    def _watch_raw(self, raw: io.FileIO, place: Place, *, buffered: bool) -> None:
        raw_ref, number = ref(raw), raw.fileno()
        method: Any = type(raw).write
        again = b""

        def watched(data: Any, /) -> Any:
            nonlocal again
            if place_of(number) != place:  # the host has led it elsewhere since: os.dup2
                return method(raw_ref(), data)
            skipped = len(again) if data[: len(again)] == again else 0
            done: list[Any] = []
            try:
                rest = data[skipped:]
                self._write(number, bytes(rest), lambda: done.extend(map(method, (raw_ref(),), (rest,))))
                again = b""
                return done[0] + skipped if done and done[0] is not None else skipped or None
            except BaseException:
                # A signal handler raised behind the write: the buffer will write this again.
                again = bytes(data[: skipped + (done[0] or 0 if done else 0)]) if buffered else b""
                raise

        self._put(raw, "write", watched)

    def _put(self, owner: Any, name: str, ours: Callable[..., Any]) -> None:
        key = id(ours)
        setattr(owner, name, ours)
        self._watched[key] = ref(owner, lambda _: self._watched.pop(key, None)), name, ours


def place_of(number: int) -> Place | None:
    """Where a descriptor leads; None if it is closed."""
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _raw_of(stream: Any) -> io.FileIO | None:
    """The raw file at the bottom of a text stream, if that is what it is and it is open."""
    try:
        if not isinstance(stream, io.TextIOWrapper) or stream.closed:
            return None
        raw = getattr(stream.buffer, "raw", stream.buffer)  # under -u there is no buffer between
    except ValueError:  # its buffer was detached
        return None
    return raw if isinstance(raw, io.FileIO) else None
