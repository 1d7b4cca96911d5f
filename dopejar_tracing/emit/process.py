"""The process ends, or forks: what must be done then."""

from __future__ import annotations

import atexit
import os
import threading
from functools import partial

from dopejar_tracing.emit import pipeline
from dopejar_tracing.emit.pipeline import ACTIVE

_forks = threading.RLock()
"""Held while the process forks: threads that fork at once do so one after the other."""
_forking = threading.local()


def _before_fork() -> None:
    _forks.acquire()
    _pause_watch()  # it may be waiting for the lock that is taken next
    _forking.held = pipeline.before_fork()
    _pause_watch()  # another thread may have configured in between
    _forking.sinks = pipeline.current_sinks()
    for sink in _forking.sinks:
        sink.before_fork()


def _pause_watch() -> None:
    if ACTIVE.watch is not None:
        ACTIVE.watch.pause()


def _after_fork(*, child: bool) -> None:
    global _forks
    for sink in _forking.sinks:
        sink.after_fork(child=child)
    if ACTIVE.watch is not None:
        ACTIVE.watch.resume()
    pipeline.after_fork(child=child, held=_forking.held)
    if child:
        _forks = threading.RLock()
    else:
        _forks.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, child=False),
        after_in_child=partial(_after_fork, child=True),
    )
atexit.register(pipeline.settle)
