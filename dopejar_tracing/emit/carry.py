"""Where the context does not go by itself: threads, executors, child processes (contract §4)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import partial, wraps
from pathlib import Path
from threading import Thread
from typing import Any, ParamSpec, TypeVar

from dopejar_tracing.emit.context import CURRENT, current_trace_id
from dopejar_tracing.emit.pipeline import ACTIVE, PARENT_VARIABLE, reload_if_started, running

P = ParamSpec("P")
T = TypeVar("T")


def carry(function: Callable[P, T]) -> Callable[P, T]:
    """Tie a function to the span that is open here, for a thread or a callback that calls it later.

    Thread(target=carry(work)).start()

    Each call runs in a copy of this context, since two threads cannot run in one.
    """
    context = copy_context()

    @wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> T:
        return context.copy().run(function, *args, **kwargs)

    return carried


class TracedThreadPoolExecutor(ThreadPoolExecutor):
    """A ThreadPoolExecutor whose work runs under the span that was open where it was submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Submit work; `map` goes through here too."""
        return super().submit(partial(copy_context().run, fn), *args, **kwargs)


class TracedThread(Thread):
    """A Thread whose work runs under the span that was open where it was started."""

    def start(self) -> None:
        """Start it; as of any thread, once."""
        run = self.run
        self.run = partial(self._run_in, copy_context(), run)  # type: ignore[method-assign]
        try:
            super().start()
        except BaseException:  # it runs already, or there are too many
            self.run = run  # type: ignore[method-assign]
            raise

    def _run_in(self, context: Context, run: Callable[[], None]) -> None:
        self.__dict__.pop("run", None)  # the class's own again: a thread must not hold itself
        context.run(run)


def child_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child process whose roots hang under the span that is open here.

        subprocess.run(command, env=child_environment())

    Args:
        environment: instead of this process's own.

    Returns:
        A copy, which while tracing is on names the parent span and the file, and switches tracing on.
    """
    child: dict[str, Any] = dict(os.environ if environment is None else environment)
    child.pop(PARENT_VARIABLE, None)
    pipeline = running()
    if pipeline is not None:
        child["DOPEJAR_TRACE"] = "1"
        output = pipeline.settings.output
        child["DOPEJAR_TRACE_OUTPUT"] = "null" if output is None else str(Path(ACTIVE.folder, output))
        parent = current_trace_id() or pipeline.parent_id
        if parent is not None:
            child[PARENT_VARIABLE] = parent
    return child


def continue_trace(environment: Mapping[str, str]) -> None:
    """In a child process: let its roots hang under the span that `child_environment` named, in the same file.

        ProcessPoolExecutor(initializer=continue_trace, initargs=(child_environment(),))

    For processes that get no environment of their own, as those of multiprocessing, however they start.
    Never raises; what else was configured in this process stays.

    Args:
        environment: what `child_environment` gave in the parent.
    """
    for name in (PARENT_VARIABLE, "DOPEJAR_TRACE", "DOPEJAR_TRACE_OUTPUT"):
        if name in environment:
            os.environ[name] = environment[name]
        else:
            os.environ.pop(name, None)
    CURRENT.set(None)  # of a forked child: what was open where it was forked
    reload_if_started()
