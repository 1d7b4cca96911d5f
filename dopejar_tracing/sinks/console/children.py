"""Programs that the host starts on its terminal, which know nothing of the live region."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakSet


class Children:
    """Watches `subprocess.Popen` and `os.system`.

    Args:
        begins: called before one is started.
    """

    def __init__(self, begins: Callable[[], None]) -> None:
        self._begins = begins
        self._processes: WeakSet[subprocess.Popen[Any]] = WeakSet()
        self._systems = 0
        self._watched: list[tuple[Any, str, Any, Any]] = []

    def watch(self) -> None:
        """Begin."""
        start, system = subprocess.Popen.__init__, os.system

        @wraps(start)
        def watched_start(process: subprocess.Popen[Any], *args: Any, **kwargs: Any) -> None:
            if kwargs.get("stdout") is None:  # its output goes to our terminal
                self._begins()
                self._processes.add(process)
            start(process, *args, **kwargs)

        @wraps(system)
        def watched_system(command: Any) -> int:
            self._begins()
            self._systems += 1
            try:
                return system(command)
            finally:
                self._systems -= 1

        self._put(subprocess.Popen, "__init__", start, watched_start)
        self._put(os, "system", system, watched_system)

    def release(self) -> None:
        """Leave it as it was, unless somebody else has put something there since."""
        while self._watched:
            owner, name, original, ours = self._watched.pop()
            if getattr(owner, name) is ours:
                setattr(owner, name, original)

    @property
    def are_running(self) -> bool:
        """One of them may write to the terminal; one that nobody waits for does until it is forgotten."""
        processes = list(self._processes)
        return self._systems > 0 or any(getattr(process, "returncode", 0) is None for process in processes)

    def _put(self, owner: Any, name: str, original: Any, ours: Any) -> None:
        setattr(owner, name, ours)
        self._watched.append((owner, name, original, ours))
