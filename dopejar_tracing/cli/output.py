"""Where a command's result goes: to stdout, by way of a pager where it is a terminal, as git does."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import BinaryIO

PAGER_VARIABLES = ("DOPEJAR_PAGER", "PAGER")
_DEFAULT = "less"
_FOR_A_SHELL = frozenset("|&;<>$`")
_LESS = {"LESS": "FRX", "LV": "-c"}
"""What git sets for them: leave if it fits on one screen, show colours, leave the screen as it is."""


class Output:
    """Takes bytes. A pager is started with the first of them.

    Args:
        pager: whether to use one, where stdout is a terminal.
    """

    def __init__(self, *, pager: bool) -> None:
        self._wanted = pager and sys.stdout.isatty()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_paged(self) -> bool:
        """Whether a pager has been started."""
        return self._process is not None

    def write(self, data: bytes) -> None:
        """Write all of it; BrokenPipeError if the reader has gone."""
        self._stream().write(data)

    def flush(self) -> None:
        """Let the reader see it now; a pager waits for the first bytes."""
        if not self._wanted:
            self._stream().flush()

    def _stream(self) -> BinaryIO:
        if self._wanted:
            self._wanted = False
            self._process = _pager()
        if self._process is not None and self._process.stdin is not None:
            return self._process.stdin  # type: ignore[return-value]  # IO[bytes], which BinaryIO only narrows
        return sys.stdout.buffer

    def finish(self) -> None:
        """Wait until the person has left the pager. Ctrl-C is the pager's own meanwhile."""
        process = self._process
        if process is None or process.stdin is None:
            return
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
        finally:
            signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def output(*, pager: bool) -> Iterator[Output]:
    """An output, finished in the end; a reader that has seen enough is no error."""
    out = Output(pager=pager)
    try:
        yield out
        out.flush()
    except BrokenPipeError:
        if out.is_paged:
            return
        raise
    finally:
        out.finish()


def _pager() -> subprocess.Popen[bytes] | None:
    """The pager that the person wants, started; None for none, or one that does not exist."""
    command = next((os.environ[name] for name in PAGER_VARIABLES if name in os.environ), _DEFAULT)
    with contextlib.suppress(OSError, ValueError):  # ValueError: a quote that is not closed
        words = shlex.split(command)
        if not words or words == ["cat"] or os.environ.get("TERM") == "dumb":
            return None
        if "=" in words[0] or _FOR_A_SHELL.intersection(command):
            words = ["sh", "-c", command]
        # The person's own words, from their own environment.
        return subprocess.Popen(words, stdin=subprocess.PIPE, env={**_LESS, **os.environ})  # noqa: S603
    return None
