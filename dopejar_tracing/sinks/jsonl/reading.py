"""What stands in a file already, as far as one may read it; and how descriptors are let go of."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def reading(path: str) -> Iterator[int | None]:
    """A descriptor to read from; None if it may be written, but not read."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        yield None
        return
    try:
        yield number
    finally:
        close(number)


def close(number: int) -> None:
    """Close a descriptor; if that fails, nobody can do anything about it."""
    with contextlib.suppress(OSError):
        os.close(number)


def tail_of(path: str, size: int) -> bytes:
    """The last bytes of a file; none of what is no file, or cannot be read."""
    with reading(path) as reader, contextlib.suppress(OSError):
        if reader is not None:
            return os.pread(reader, size, max(0, os.fstat(reader).st_size - size))
    return b""
