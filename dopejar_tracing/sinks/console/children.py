"""Programs that the host starts on its terminal, which know nothing of the live region."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from weakref import ref


class Children:
    """Watches `subprocess.Popen` and `os.system`.

    Args:
        begins: called before one is started.
    """

    def __init__(self, begins: Callable[[], None]) -> None:
        self._begins = begins
        self._processes: list[ref[subprocess.Popen[Any]]] = []
        self._starting = 0
        self._watched: list[tuple[Any, str, Any, Any]] = []

    def watch(self) -> None:
        """Begin."""
        start, system = subprocess.Popen.__init__, os.system

        @wraps(start)
        def watched_start(process: subprocess.Popen[Any], *args: Any, **kwargs: Any) -> None:
            self._begins()
            if not _shows_itself(*args, **kwargs):
                start(process, *args, **kwargs)
                return
            self._processes = [one for one in self._processes if _is_running(one)] + [ref(process)]
            with self._clear():
                start(process, *args, **kwargs)

        @wraps(system)
        def watched_system(command: Any) -> int:
            self._begins()
            with self._clear():
                return system(command)

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
        """The terminal is the stdout of one of them; of one that nobody waits for until it is forgotten."""
        return self._starting > 0 or any(map(_is_running, self._processes))

    @contextmanager
    def _clear(self) -> Iterator[None]:
        """Keep the terminal clear from here on; what a frame has drawn since it was is taken away."""
        self._starting += 1
        try:
            self._begins()
            yield
        finally:
            self._starting -= 1

    def _put(self, owner: Any, name: str, original: Any, ours: Any) -> None:
        setattr(owner, name, ours)
        self._watched.append((owner, name, original, ours))


def _is_running(process: ref[subprocess.Popen[Any]]) -> bool:
    return getattr(process(), "returncode", 0) is None


def _shows_itself(
    _args: Any = None, _bufsize: Any = -1, _executable: Any = None, *more: Any, **named: Any
) -> bool:
    """Whether what it prints comes to where our own output goes."""
    stdout = named.get("stdout", more[1] if len(more) > 1 else None)
    return stdout is None or stdout == 1 or stdout is getattr(sys, "stdout", None)
