"""A file that ends within a line, since whoever wrote it was killed there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Callable
from enum import Enum

import orjson

from dopejar_tracing.sinks.jsonl.reading import reading

_QUIET, _LOOKS = 0.2, 20  # seconds without a change, and how often to look in that time
_GLANCES, _GLANCE = 5, 0.002  # of a line that a neighbour is writing just now
_ATTEMPTS, _PAUSE = 200, 0.001
_CHUNK = 65_536
_OURS = b'{"trace_id":'


class End(Enum):
    """How a file ends."""

    WHOLE = "with a line"
    TORN = "within a line, and the next one must begin with a newline"
    MENDED = "with a line, after the piece of one behind it was taken away"


def mend(number: int, path: str) -> End:
    """Take a piece of a line of ours away; what is not ours, or may still be being written, is left as it is.

    Args:
        number: the file, open for appending, with a shared lock on it.
        path: of the file.
    """
    status = os.fstat(number)
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        return End.WHOLE
    with reading(path) as reader:
        if reader is None or not os.path.samestat(status, os.fstat(reader)):
            return End.WHOLE
        if _byte_at(reader, status.st_size - 1) == b"\n":
            return End.WHOLE
        if _has_alone(number):
            try:
                if _take_away_ours(number, reader):
                    return End.MENDED
            finally:
                fcntl.flock(number, fcntl.LOCK_SH)
        return End.TORN if _stays_torn(number, reader, status) else End.WHOLE


def _has_alone(number: int) -> bool:
    """Get the lock alone: then nobody else has the file open for tracing. Else the shared lock is kept."""
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        share(number)  # which was given up for the attempt
        return False
    return True


def share(number: int, give_up: Callable[[], bool] = bool) -> None:
    """Take the shared lock; without one where there are none, as then nothing is compressed either.

    Args:
        number: the file.
        give_up: asked while somebody has the lock alone, who as a rule mends the end of the file.
    """
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if give_up():
                return
            time.sleep(_PAUSE)
        except OSError:
            return
        else:
            return


def _take_away_ours(number: int, reader: int) -> bool:
    size = os.fstat(reader).st_size
    start = _start_of_last_line(reader, size)
    piece = os.pread(reader, size - start, start)
    if not piece.startswith(_OURS) or _is_json(piece) or os.fstat(reader).st_size != size:
        return False
    os.ftruncate(number, start)
    return True


def _start_of_last_line(reader: int, size: int) -> int:
    end = size
    while end > 0:
        begin = max(0, end - _CHUNK)
        at = os.pread(reader, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0


def _is_json(piece: bytes) -> bool:
    try:
        orjson.loads(piece)
    except orjson.JSONDecodeError:
        return False
    return True


def _let_finish(number: int) -> None:
    """Wait until a write that somebody is in the middle of is done, be he stopped there for however long.

    A file system that shows the beginning of a line before its end lets one at a time write to a file, and
    makes all others wait, even who has nothing to write.
    """
    with contextlib.suppress(OSError):
        os.write(number, b"")


def _stays_torn(number: int, reader: int, status: os.stat_result) -> bool:
    """A neighbour's line that is just being written looks torn for a moment: only what stays like that is."""
    for _ in range(_LOOKS):
        _let_finish(number)
        size = os.fstat(reader).st_size
        if size != status.st_size or _byte_at(reader, size - 1) in {b"\n", b""}:
            return False
        if time.time() - status.st_mtime > _QUIET:
            break  # nobody is writing now
        time.sleep(_QUIET / _LOOKS)
    return True


def ends_within_a_line(number: int, path: str, size: int) -> bool:
    """Whether a file that others write to as well ends within a line, and stays like that for a moment.

    Args:
        number: the file, open for appending.
        path: of the file.
        size: that it had a moment ago.
    """
    with reading(path) as reader:
        if reader is None:
            return False
        for _ in range(_GLANCES):
            if _byte_at(reader, size - 1) in {b"\n", b""}:
                return False
            time.sleep(_GLANCE)
            _let_finish(number)
            if os.fstat(reader).st_size != size:  # it was being written
                return False
        return True


def _byte_at(reader: int, at: int) -> bytes:
    return os.pread(reader, 1, max(0, at))
