"""One line onto one descriptor, whatever stands in its way."""

from __future__ import annotations

import errno
import os
import signal
from _signal import getsignal  # type: ignore[import-not-found]  # signal's takes five times as long, for an enum

from dopejar_tracing.sinks.jsonl.descriptor import Descriptor
from dopejar_tracing.sinks.jsonl.torn import End

_SIGNALS = {signal.SIGXFSZ, signal.SIGPIPE}


def write_carefully(file: Descriptor, encoded: bytes) -> int:
    """Write where a line was cut off, or a signal may come; returns the line's length, as `os.write` does."""
    torn = file.end is End.TORN
    write_rest(file, b"\n" + encoded if torn else encoded, 0)
    file.size += torn
    file.least += torn
    return len(encoded)


def write_rest(file: Descriptor, encoded: bytes, written: int) -> None:
    """Write what is left of a line: a disk that is nearly full takes a part, and then says why."""
    write = os.write if are_signals_ignored() else _write_without_signal
    try:
        while written < len(encoded):
            written += write(file.number, memoryview(encoded)[written:])
    except OSError:
        if written < len(encoded) - 1:  # else the line is whole, and the next one begins with its newline
            raise
    finally:
        if written:
            file.end = End.WHOLE if encoded[written - 1] == ord("\n") else End.TORN
            file.is_plain &= file.end is End.WHOLE


def _write_without_signal(number: int, data: bytes | memoryview) -> int:
    """`os.write` where the host would be killed by the signal of a limit or of a closed pipe, or see it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        return os.write(number, data)
    except OSError as error:
        if error.errno in {errno.EFBIG, errno.EPIPE} and (waiting := signal.sigpending() & _SIGNALS):
            signal.sigwait(waiting)  # nobody is to see it
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def are_signals_ignored() -> bool:
    """Whether no write can raise a signal: Python ignores both, unless the host decides otherwise."""
    return bool(getsignal(signal.SIGXFSZ) == signal.SIG_IGN and getsignal(signal.SIGPIPE) == signal.SIG_IGN)
