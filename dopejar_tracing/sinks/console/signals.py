"""Ctrl-Z: the live region goes before the process stops, and comes again when it goes on.

A handler in Python runs only between two steps of the interpreter: a process that is busy in C stops later
than it would, as it does for Ctrl-C. For SIGTERM nothing is done: nothing may keep a process from ending.
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
        self._released = False

    def take(self) -> None:
        """Begin; only the main thread can."""
        handler = signal.getsignal(signal.SIGTSTP)
        if _in_main_thread() and (handler is signal.SIG_DFL or _is_left_over(handler)):
            signal.signal(signal.SIGTSTP, self._depart)

    def release(self) -> None:
        """Give it back, if it is still ours; from another thread it stays, and does nothing of its own."""
        self._released = True
        if _in_main_thread() and signal.getsignal(signal.SIGTSTP) == self._depart:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)

    def _depart(self, number: int, _frame: FrameType | None) -> None:
        if not self._released:
            self._leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # here it stops, until somebody says `fg`
        signal.signal(number, self._depart)
        if not self._released:
            self._come_back()


def _is_left_over(handler: object) -> bool:
    """Whether it is that of a console that was closed by another thread."""
    owner = getattr(handler, "__self__", None)
    return isinstance(owner, Departures) and owner._released


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
