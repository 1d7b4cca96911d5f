"""What stderr is right now, and how to write on it without touching what others wrote there.

A host's line, the one that the cursor is in, is its own: a prompt, a half-printed sentence, what somebody
types. It is never rewritten. What is finished is inserted above it, the live region stands below it, and
the cursor goes back to where it was. All movement is relative to the cursor, so it does not matter who else
wrote in between, or that the window was resized. No mode of the terminal is left changed, so a process may
die at any moment; margins (DECSTBM) would keep the region apart more simply, and stay behind when it does.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import termios
import time
from collections.abc import Sequence
from typing import IO

import msgspec

_SAVE, _RESTORE = "\x1b7", "\x1b8"
ERASE_BELOW = f"{_SAVE}\x1b[K\x1b[C\x1b[J{_RESTORE}"
"""From the cursor on; the host's line ends there. Not \\e[J alone: at the top left tmux takes that for the
clearing of the window, and puts what stood there into its history each time."""
_DOWN = "\x1bD"
"""IND: one row down in the same column, scrolling where there is none."""
_WRAP_OFF, _WRAP_ON = "\x1b[?7l", "\x1b[?7h"
_PLAIN = "\x1b[0m"
_SMALL = 512
"""Bytes that a pipe or terminal takes at once if it takes any: POSIX's least PIPE_BUF."""


class Screen(msgspec.Struct, frozen=True):
    """A terminal that can move its cursor."""

    number: int
    """File descriptor."""
    width: int
    height: int
    """Characters and rows."""
    cooked: bool
    """The kernel reads whole lines and echoes them: no editor, pager or `getpass` has taken over."""
    foreground: bool
    """The shell has given it to this process's group."""
    tostop: bool
    """It stops a background process that writes."""


def stderr() -> IO[str] | None:
    """What the host has there now; there may be none."""
    return getattr(sys, "stderr", None)


def look(stream: IO[str] | None) -> Screen | None:
    """The terminal behind a stream; None if it is none, or one that cannot move its cursor."""
    number = descriptor_of(stream)
    if number is None or os.environ.get("TERM", "dumb") in {"", "dumb"}:
        return None
    try:
        flags = termios.tcgetattr(number)[3]
        width, height = os.get_terminal_size(number)
    except (termios.error, OSError):
        return None
    try:
        foreground = os.tcgetpgrp(number) == os.getpgrp()
    except OSError:  # not this session's terminal
        foreground = True
    cooked = bool(flags & termios.ICANON) and bool(flags & termios.ECHO)
    return Screen(number, width or 80, height or 24, cooked, foreground, bool(flags & termios.TOSTOP))


def descriptor_of(stream: IO[str] | None) -> int | None:
    """The file descriptor behind a stream, if there is one."""
    try:
        return None if stream is None else stream.fileno()
    except Exception:  # closed, or an object that only looks like a stream
        return None


def is_pipe(stream: IO[str] | None) -> bool:
    """Whether it leads to another process."""
    number = descriptor_of(stream)
    try:
        mode = 0 if number is None else os.fstat(number).st_mode
    except OSError:  # closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def frame(above: Sequence[str], below: Sequence[str], height: int, host_rows: int) -> str:
    """What to send: rows that stay, above the host's line, and the region below it.

    Args:
        above: rows; no wider than the window, unless the host's line is empty.
        below: rows no wider than the window; those that stand there now must have been erased.
        height: of the window.
        host_rows: rows that the host's line takes, the cursor in the last; 0 if it is empty.
    """
    parts = []
    if not host_rows:  # as anybody writes, so that what is copied or kept in a log is text and nothing else
        parts += [f"{row}\n" for row in above]
    else:
        most = max(1, height - host_rows - 1)
        parts += [_insert(above[at : at + most], host_rows) for at in range(0, len(above), most)]
    if below:
        parts.append(hanging(below))
    return "".join(parts)


def _insert(rows: Sequence[str], host_rows: int) -> str:
    up = f"\x1b[{host_rows - 1}A" if host_rows > 1 else ""
    count = len(rows)
    return (
        f"{_room(count)}{_SAVE}{up}\r\x1b[{count}L{_PLAIN}{_WRAP_OFF}"
        + "\r\n".join(rows)
        + f"{_WRAP_ON}{_RESTORE}\x1b[{count}B"
    )


def hanging(rows: Sequence[str]) -> str:
    """Rows below the cursor, which stays where it is."""
    drawn = "".join(f"\r\n{row}" for row in rows)
    return f"{_room(len(rows))}{_SAVE}{_PLAIN}{_WRAP_OFF}{drawn}{_WRAP_ON}{_RESTORE}"


def _room(rows: int) -> str:
    """Make sure that there are so many rows below the cursor, which stays in its column."""
    return f"{_DOWN * rows}\x1b[{rows}A"


def send(number: int, data: bytes, patience: float | None = None) -> None:
    """Write all of it.

    Args:
        number: file descriptor.
        data: what to write.
        patience: seconds after which to give up; None: wait as long as it takes.

    Raises:
        OSError: it cannot be written; TimeoutError: nobody took it in time.
    """
    rest = memoryview(data)
    deadline = None if patience is None else time.monotonic() + patience
    while rest:
        if deadline is not None and not is_writable(number, deadline - time.monotonic()):
            msg = "the reader has stopped"
            raise TimeoutError(msg)
        try:
            rest = rest[os.write(number, rest if deadline is None else rest[:_SMALL]) :]
        except BlockingIOError:  # the host made it so
            is_writable(number, 1)


def is_writable(number: int, seconds: float) -> bool:
    """Whether it takes something within so many seconds."""
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return bool(poll.poll(max(0, seconds) * 1000))
