"""Tracing ends, the process ends, or it forks: what must be done then."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
import time
from functools import partial

from dopejar_tracing.emit import pipeline
from dopejar_tracing.emit.context import CURRENT
from dopejar_tracing.emit.pipeline import ACTIVE
from dopejar_tracing.emit.services import LOST
from dopejar_tracing.emit.span import Span

PATIENCE = 5.0
"""Seconds that a fork waits for those of other threads."""

_forks = threading.RLock()
"""Held while the process forks: threads that fork at once do so one after the other."""
_forking = threading.local()
_born_ns = 0
"""When this process was forked, by the monotonic clock; spans that began earlier are its parent's."""


def shutdown() -> None:
    """End tracing: record what is still open, close the sinks, say what was lost. Never raises."""
    _interrupt_open_spans()
    pipeline.stop()
    LOST.tell()


def settle() -> None:
    """The process ends: as `shutdown`, but what comes after is still written."""
    _interrupt_open_spans()
    pipeline.settle()
    LOST.tell()


def _interrupt_open_spans() -> None:
    """Record this process's open spans, the inner ones first.

    They are looked for only now: a list of them would cost every span a share of its time.
    """
    if not pipeline.is_running():
        return
    spans = [found for found in gc.get_objects() if type(found) is Span and _is_left_open(found)]
    for span in sorted(spans, key=lambda span: span.started_ns, reverse=True):
        span.interrupt()


def _is_left_open(span: Span) -> bool:
    return not span.closed and span.trace_id is not None and span.started_ns >= _born_ns


def _before_fork() -> None:
    # What a signal handler raises in here would be lost, and our locks would stay locked.
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    _forking.alone = _forks.acquire(timeout=PATIENCE)
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
    try:
        _go_on(child=child)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _go_on(*, child: bool) -> None:
    global _forks
    for sink in _forking.sinks:
        sink.after_fork(child=child)
    if ACTIVE.watch is not None:
        ACTIVE.watch.resume()
    pipeline.after_fork(child=child, held=_forking.held)
    if child:
        _forks = threading.RLock()
        _leave_spans_to_parent()
        _settle_with_multiprocessing()
    elif _forking.alone:
        _forks.release()


def _leave_spans_to_parent() -> None:
    """The spans around the fork are the parent's to end; to what the child does they are the parents."""
    global _born_ns
    _born_ns = time.perf_counter_ns()
    span = CURRENT.get()
    while span is not None:
        span.closed = True
        span = span.parent


def _settle_with_multiprocessing() -> None:
    """Children of multiprocessing end with os._exit, and run its finalizers instead of atexit."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        # A child begins by throwing away the finalizers that it finds, and then runs what is registered here.
        util.register_after_fork(_forking, _finalize)
        _finalize(_forking)


def _finalize(_registered: object) -> None:
    from multiprocessing.util import Finalize

    Finalize(None, settle, exitpriority=-100)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, child=False),
        after_in_child=partial(_after_fork, child=True),
    )
atexit.register(settle)
_settle_with_multiprocessing()  # this may be a child that was not forked, and does not know it yet
