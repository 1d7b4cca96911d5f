"""Ctrl-Z and `kill`: the live region goes before the process stops or dies."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Protocol

_TAKEN = (signal.SIGTSTP, signal.SIGTERM)


class Leave(Protocol):
    """Called before the process stops or dies."""

    def __call__(self, *, for_ever: bool) -> None:
        """`for_ever`: it dies."""


class Departures:
    """Handlers for the signals that the host left to the system; what it has set itself is never touched.

    Args:
        leave: takes the region away, and what would bring it again; it is told whether this is for ever.
        come_back: the process goes on.
    """

    def __init__(self, leave: Leave, come_back: Callable[[], None]) -> None:
        self._leave = leave
        self._come_back = come_back
        self._ours: set[signal.Signals] = set()

    def take(self) -> None:
        """Begin; only the main thread can."""
        if threading.current_thread() is threading.main_thread():
            for number in _TAKEN:
                if signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, self._depart)
                    self._ours.add(number)

    def release(self) -> None:
        """Give back what is still ours."""
        if threading.current_thread() is threading.main_thread():
            for number in self._ours:
                if signal.getsignal(number) == self._depart:
                    signal.signal(number, signal.SIG_DFL)
            self._ours.clear()

    def _depart(self, number: int, _frame: FrameType | None) -> None:
        self._leave(for_ever=number == signal.SIGTERM)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # here it dies, or stops until somebody says `fg`
        signal.signal(number, self._depart)
        self._come_back()
