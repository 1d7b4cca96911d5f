"""The file: one line, one `os.write`, at once. What was written survives a kill -9."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from dopejar_tracing.model.foreign import is_foreign
from dopejar_tracing.model.ids import Mint
from dopejar_tracing.notices import Gap, Losses
from dopejar_tracing.settings import Settings
from dopejar_tracing.sinks.jsonl.appender import Appender
from dopejar_tracing.sinks.jsonl.encode import encode
from dopejar_tracing.sinks.jsonl.gap import gap_line

if TYPE_CHECKING:
    from dopejar_tracing.model.event import BegunSpan

_KILLED = "the process that wrote it was killed within a line"


def target_of(path: str, folder: str) -> str:
    """The file that a sink of this path writes to."""
    return os.path.join(folder, path)


class JsonlSink:
    """Appends each line to a file.

    The file is opened with the first line, mode 0600. Several threads and processes may append to it: the
    kernel puts each write with O_APPEND at the end, whole. A line that cannot be written is counted; how many
    are missing is said on stderr, and stands in the file itself as soon as that can be written again.

    Args:
        path: as the settings name it.
        folder: where a relative path begins; the host may change its working directory later.
        settings: when to rotate, and how large metadata may be.
        mint: makes the IDs of the lines that say how many are missing.
    """

    watches = False

    def __init__(
        self, path: str, folder: str = "", settings: Settings | None = None, mint: Mint | None = None
    ) -> None:
        settings = settings or Settings()
        self.target = target_of(path, folder)
        self._mint = mint or Mint()
        self._limit = settings.max_metadata_bytes
        self._losses = Losses(path)
        self._telling = threading.Lock()
        self._written: dict[str, Any] | None = None
        self._appender = Appender(self.target, settings.rotate, self._lose, self._tell_of_mended)

    def __call__(self, line: dict[str, Any]) -> None:
        """Write the line; if that fails, count it."""
        if line is self._written:  # see below: whoever handed it on does so again
            self._written = None
            return
        encoded = encode(line, self._limit)
        try:
            if self._losses.is_open:
                self._tell_of_gap()
            self._appender.append(encoded)
        except BaseException as error:
            if isinstance(error, OSError) and is_foreign(error):
                self._lose(error)
                return
            # Ctrl-C, or what a signal handler raises, such as a deadline: was it before the line, or after?
            if self._appender.has(encoded):
                self._written = line
            raise

    def started(self, span: BegunSpan) -> None:
        """Nothing: a span is written when it ends."""

    def adopt(self, settings: Settings) -> None:
        """Take what the settings say now."""
        self._limit = settings.max_metadata_bytes
        self._appender.adopt(settings.rotate)

    def before_fork(self) -> None:
        """Let nothing be half done that a child would hold for ever; but do not wait for long."""
        self._appender.before_fork()

    def after_fork(self, *, child: bool) -> None:
        """Locks and losses are the parent's; an O_APPEND descriptor is shared."""
        if child:
            self._losses = Losses(self._losses.where)
            self._telling = threading.Lock()
        self._appender.after_fork(child=child)

    def close(self) -> None:
        """Let go of the file, and say what was lost; a later line opens it again."""
        if self._losses.is_open:
            with contextlib.suppress(OSError):  # it is told at once, as a number
                self._tell_of_gap()
        self._appender.close()
        self._losses.tell()

    def _lose(self, error: OSError) -> None:
        self._losses.add(error)
        self._appender.mind()

    def _tell_of_gap(self) -> None:
        """Let the file say how many lines are missing, before the next one."""
        # Not waited for: its holder may be within a signal handler that waits for what this thread holds.
        if not self._telling.acquire(blocking=False):
            return
        try:
            gap = self._losses.gap
            if gap is not None:
                self._appender.append(encode(gap_line(gap, self._mint), self._limit))
                self._losses.end(gap)
        finally:
            self._telling.release()

    def _tell_of_mended(self) -> None:
        """A piece of a line was taken away from the end of the file: the file says so."""
        self._appender.append(encode(gap_line(Gap(1, _KILLED, time.time_ns()), self._mint), self._limit))
