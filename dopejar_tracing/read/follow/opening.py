"""A path → the file that stands there, ready to be read."""

from __future__ import annotations

import errno
import os
import stat

from dopejar_tracing.read.follow.openfile import OpenFile
from dopejar_tracing.read.follow.packed import MAGIC, PackedFile
from dopejar_tracing.read.follow.source import Mark

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY  # should it be a FIFO after all

Stands = tuple[int, int, int] | None


def open_file(path: str, mark: Mark | None = None) -> OpenFile | PackedFile:
    """Open a file, compressed or not.

    Args:
        path: of it.
        mark: where reading goes on, if this is the file that it lies in.

    Raises:
        OSError: it cannot be opened, or is none: what has no end is not even touched.
    """
    _demand_file(os.stat(path))
    number = os.open(path, _FLAGS)
    try:
        status = os.fstat(number)
        _demand_file(status)
        offset = mark.offset if mark is not None and mark.is_of(status) else 0
        kind = PackedFile if os.pread(number, len(MAGIC), 0) == MAGIC else OpenFile
        return kind(number, offset)
    except BaseException:
        os.close(number)
        raise


def _demand_file(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is no regular file")


def status_of(path: str) -> os.stat_result | None:
    """Of what stands there; None if nothing does, OSError if that cannot be seen."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def stands(status: os.stat_result | None) -> Stands:
    """What tells one thing at a path from the next, as long as neither can be opened."""
    return None if status is None else (status.st_dev, status.st_ino, status.st_mode)
