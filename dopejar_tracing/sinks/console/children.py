"""Programs that the host starts on its terminal, which know nothing of the live region."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakSet


class Children:
    """Watches `subprocess.Popen`, through which all but `os.system` and its like go.

    Args:
        begins: called before one is started.
    """

    def __init__(self, begins: Callable[[], None]) -> None:
        self._begins = begins
        self._processes: WeakSet[subprocess.Popen[Any]] = WeakSet()
        self._original: Any = None
        self._ours: Any = None

    def watch(self) -> None:
        """Begin."""
        self._original = original = subprocess.Popen.__init__

        @wraps(original)
        def watched_init(process: subprocess.Popen[Any], *args: Any, **kwargs: Any) -> None:
            if kwargs.get("stdout") is None:  # its output goes to our terminal
                self._begins()
                self._processes.add(process)
            original(process, *args, **kwargs)

        self._ours = watched_init
        subprocess.Popen.__init__ = watched_init  # type: ignore[method-assign, assignment]

    def release(self) -> None:
        """Leave it as it was, unless somebody else has put something there since."""
        if self._ours is not None and subprocess.Popen.__init__ is self._ours:
            subprocess.Popen.__init__ = self._original  # type: ignore[method-assign]

    @property
    def are_running(self) -> bool:
        """One of them may write to the terminal; a child that nobody waits for does until it is forgotten."""
        return any(getattr(process, "returncode", 0) is None for process in list(self._processes))
