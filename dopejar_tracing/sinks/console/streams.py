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

Write = Callable[[Any], Any]


class Streams:
    """Watches what goes to one place through the streams that the host has.

    Args:
        write: called instead of a raw file's `write`, with its descriptor, the data and that `write`.
        flush: called before a stream is flushed, as `input` does before its prompt, which it writes in C.
    """

    def __init__(self, write: Callable[[int, Any, Write], Any], flush: Callable[[], None]) -> None:
        self._write = write
        self._flush = flush
        self._watched: dict[int, tuple[Any, str, Callable[..., Any]]] = {}

    def watch(self, number: int) -> None:
        """Watch the streams that lead where this descriptor leads, if they are not watched already."""
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            raw = _raw_of(stream)
            if raw is not None and id(raw) not in self._watched and _same_place(raw, number):
                self._watch(stream, raw)

    def release(self) -> None:
        """Leave the streams as they were."""
        while self._watched:
            _, (owner, name, ours) = self._watched.popitem()
            if vars(owner).get(name) is ours:
                delattr(owner, name)  # the instance's, behind which the type's own is again

    def _watch(self, stream: Any, raw: io.FileIO) -> None:
        number, write, flush = raw.fileno(), raw.write, stream.flush

        def watched_write(data: Any, /) -> Any:
            return self._write(number, data, write)

        def watched_flush() -> None:
            self._flush()
            flush()

        for owner, name, ours in ((raw, "write", watched_write), (stream, "flush", watched_flush)):
            setattr(owner, name, ours)
            self._watched[id(owner)] = owner, name, ours


def _raw_of(stream: object) -> io.FileIO | None:
    """The raw file at the bottom of a text stream, if that is what it is and it is open."""
    try:
        if not isinstance(stream, io.TextIOWrapper) or stream.closed:
            return None
        raw = getattr(stream.buffer, "raw", stream.buffer)  # under -u there is no buffer between
    except ValueError:  # its buffer was detached
        return None
    return raw if isinstance(raw, io.FileIO) else None


def _same_place(raw: io.FileIO, number: int) -> bool:
    try:
        return os.path.sameopenfile(raw.fileno(), number)
    except (OSError, ValueError):
        return False
