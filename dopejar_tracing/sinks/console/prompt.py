"""Whether somebody here waits for a person at the terminal."""

from __future__ import annotations

import os
import platform
from contextlib import suppress

# Numbers of read and of pselect6, in which readline waits, in /proc/pid/syscall (man 5 proc).
_READ, _SELECT = {"x86_64": (b"0", b"270"), "aarch64": (b"63", b"72")}.get(platform.machine(), (b"", b""))
_MAX_THREADS = 64


def somebody_reads(terminal: int) -> bool:
    """Whether a thread of this process is blocked in reading from that terminal.

    Asked of the kernel, since a host may have taken `input` before us, or read through `sys.stdin` or C.
    Where the kernel does not tell (no Linux, another processor) the answer is no.
    """
    if not _READ:
        return False
    with suppress(OSError):
        for task in os.listdir("/proc/self/task")[:_MAX_THREADS]:
            with suppress(OSError), open(f"/proc/self/task/{task}/syscall", "rb") as file:
                call, first, *_ = [*file.read().split(), b"", b""]
                if call == _READ and _same(int(first, 16), terminal):
                    return True
                if call == _SELECT and first == b"0x1" and _same(0, terminal):
                    return True
    return False


def _same(number: int, terminal: int) -> bool:
    try:
        return os.fstat(number).st_rdev == os.fstat(terminal).st_rdev != 0
    except OSError:
        return False
