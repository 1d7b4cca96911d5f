"""The process ends, or forks: what must be done then."""

from __future__ import annotations

import atexit
import os
import threading

from dopejar_tracing.emit import pipeline

_forking = threading.local()


def _before_fork() -> None:
    # Kept for the other side of the fork: another thread may configure in between.
    _forking.sinks = pipeline.current_sinks()
    for sink in _forking.sinks:
        sink.before_fork()


def _after_fork_in_parent() -> None:
    for sink in _forking.sinks:
        sink.after_fork(child=False)


def _after_fork_in_child() -> None:
    pipeline.after_fork()
    for sink in _forking.sinks:
        sink.after_fork(child=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
atexit.register(pipeline.settle)
