"""The process ends, or forks: what must be done then."""

from __future__ import annotations

import atexit
import os
import threading
from functools import partial

from dopejar_tracing.emit import pipeline

_forking = threading.local()


def _before_fork() -> None:
    _forking.held = pipeline.before_fork()
    _forking.sinks = pipeline.current_sinks()
    for sink in _forking.sinks:
        sink.before_fork()


def _after_fork(*, child: bool) -> None:
    for sink in _forking.sinks:
        sink.after_fork(child=child)
    pipeline.after_fork(child=child, held=_forking.held)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, child=False),
        after_in_child=partial(_after_fork, child=True),
    )
atexit.register(pipeline.settle)
