"""Threads that have ended, for the system as well."""

from __future__ import annotations

import os
import threading
import time

_LOOKS, _PAUSE = 200, 0.0005
"""How often it is looked whether a thread is gone, and seconds in between: a tenth of a second in all."""


def join_wholly(thread: threading.Thread, seconds: float) -> None:
    """Join a thread, and wait until the system has let go of it.

    That takes a moment longer than `join`, and CPython from 3.12 on counts the system's threads at a fork: it
    would warn of one that is just leaving.

    Args:
        thread: that has been told to end.
        seconds: that it is waited for.
    """
    number = thread.native_id
    thread.join(seconds)
    for _ in range(0 if thread.is_alive() else _LOOKS):
        if not os.path.exists(f"/proc/self/task/{number}"):  # noqa: PTH110  # on the way of a fork
            return
        time.sleep(_PAUSE)
