"""Ctrl-Z: the live region goes before the process stops, and comes again when it goes on.

Nothing is done for SIGTERM. A handler in Python runs only between two steps of the interpreter, so a process
that is busy in C would no longer end when it is told to.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType


class Departures:
    """A handler of SIGTSTP, if the host left that to the system; what it has set itself is never touched.

    Args:
        leave: takes the region away, and what would bring it again.
        come_back: the process goes on.
    """

    def __init__(self, leave: Callable[[], None], come_back: Callable[[], None]) -> None:
        self._leave = leave
        self._come_back = come_back

    def take(self) -> None:
        """Begin; only the main thread can."""
        if _in_main_thread() and signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._depart)

    def release(self) -> None:
        """Give it back, if it is still ours."""
        if _in_main_thread() and signal.getsignal(signal.SIGTSTP) == self._depart:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)

    def _depart(self, number: int, _frame: FrameType | None) -> None:
        self._leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # here it stops, until somebody says `fg`
        signal.signal(number, self._depart)
        self._come_back()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
