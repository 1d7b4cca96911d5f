"""An open file that lines are appended to: how it is opened, what is refused, and when it is closed."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import resource
import stat

from dopejar_tracing.sinks.jsonl.reading import close
from dopejar_tracing.sinks.jsonl.torn import mend, share

# O_NONBLOCK: a FIFO that nobody reads must not stop the application.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_MODE = 0o600  # traces hold what people said
_STANDARD = re.compile(r"/dev/(?:std(?:in|out|err)|fd/[0-9]+)|/proc/self/fd/[0-9]+")
_HIGH = 1_000
_ATTEMPTS = 20


class Descriptor:
    """An open file, closed when the last thread that writes to it lets go of it.

    Closed by hand, its number could belong to another file before a slow thread's write. For the same
    reason it is a high number: a host that closes all its descriptors, as daemons do, gets the low ones for
    the files that it opens next.

    As long as any process has the file open, it has a shared lock on it: whoever wants to compress or delete
    a rotated file waits until the lock can be had alone, and so until nobody can write to it any more.

    Args:
        path: of the file, from the root.

    Raises:
        OSError: it cannot be opened; or it is refused, as a symbolic link or another user's file in the
            place of the output is what an attack in a shared folder looks like.

    Attributes:
        number: to write to.
        device: with `inode`, what tells the file from all others.
        inode: see there.
        end: how the file ends, as far as this process knows.
        limit: size beyond which it has to be looked at before a write.
        look_at: the same in time: seconds of the monotonic clock.
        pause_at: and if no line was written by then, `pause` seconds after the last.
        size: that it has when all is written that threads of this process are writing, if nobody else does.
        least: the same of what is written.
        is_plain: it ends with a line, and no write can raise a signal that the host does not ignore.
        unsure: lines written since the last look.
    """

    __slots__ = (
        "device",
        "end",
        "inode",
        "is_plain",
        "least",
        "limit",
        "look_at",
        "number",
        "pause",
        "pause_at",
        "size",
        "unsure",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        for _ in range(_ATTEMPTS):
            self._open(path)
            if self.is_at(path):
                break
            # It was rotated, compressed and deleted between the opening and the lock.
            self._close()
        else:
            raise OSError(errno.ESTALE, "it is replaced faster than it can be opened")
        self.limit = float("inf")
        self.look_at = self.pause_at = self.pause = 0.0
        self.size = self.least = 0
        self.is_plain = False
        self.unsure: list[bytes] = []
        self.end = mend(self.number, path)

    def _open(self, path: str) -> None:
        low = _open_safely(path)
        try:
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            least = min(_HIGH, limit - 16) if limit >= 0 else _HIGH
            self.number = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, max(3, least))
        finally:
            close(low)
        try:
            status = os.fstat(self.number)
        except OSError:
            close(self.number)
            raise
        self.device, self.inode = status.st_dev, status.st_ino
        if stat.S_ISREG(status.st_mode):
            share(self.number, lambda: not self.is_at(path))  # elsewhere: it is being compressed

    def is_at(self, path: str) -> bool:
        """Whether the file is what stands at the path."""
        try:
            return self.is_same(os.stat(path))
        except OSError:
            return False

    def is_same(self, status: os.stat_result) -> bool:
        """Whether the status is that of this file."""
        return status.st_ino == self.inode and status.st_dev == self.device

    def lost_its_end(self) -> bool:
        """Whether the file was deleted, and what was written last came after that.

        A deletion changes a file's ctime, writing both ctime and mtime. So if they differ, all that was
        written had been in the file when somebody chose to delete it.
        """
        try:
            status = os.fstat(self.number)
        except OSError:  # the host closed it
            return False
        is_deleted = self.is_same(status) and status.st_nlink == 0
        return is_deleted and status.st_ctime_ns == status.st_mtime_ns

    def is_deleted(self) -> bool:
        """Whether what is written now goes nowhere."""
        try:
            return os.fstat(self.number).st_nlink == 0
        except OSError:
            return True

    def disown(self) -> None:
        """The host closed it: its number is not ours any more, and may soon be that of the next one."""
        self.number = -1

    def _close(self) -> None:
        try:
            status = os.fstat(self.number)
            if self.is_same(status):  # else the host closed it, and the number is another file's now
                close(self.number)
        except OSError:  # the host closed it
            return

    def __del__(self) -> None:
        if hasattr(self, "inode"):  # else the open failed
            self._close()


def _open_safely(path: str) -> int:
    """Open for appending, but neither what a symbolic link leads to, nor what belongs to another user.

    The links of the standard streams (`/dev/stderr`) are the system's own, as are devices and root's files.
    """
    follow = is_standard(path)
    try:
        number = os.open(path, _FLAGS if follow else _FLAGS | os.O_NOFOLLOW, _MODE)
    except OSError as error:
        if error.errno == errno.ELOOP and os.path.islink(path):
            error.strerror = "it is a symbolic link, which is not followed: name the file that it leads to"
        raise
    try:
        status = os.fstat(number)
        stranger = status.st_uid not in {0, os.geteuid()} and not stat.S_ISCHR(status.st_mode)
        if stranger and not follow:
            msg = f"it belongs to another user (uid {status.st_uid}), who could read the trace"
            raise PermissionError(errno.EPERM, msg)
    except OSError:
        close(number)
        raise
    return number


def is_standard(path: str) -> bool:
    """Whether this is one of this process's own descriptors: no file stands there that could be set aside."""
    return _STANDARD.fullmatch(os.path.normpath(path)) is not None
