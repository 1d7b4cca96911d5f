"""The one ContextVar: which span is open here.

One variable, since each costs every task, thread and call that copies a context.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dopejar_tracing.emit.span import Span

CURRENT: ContextVar[Span | None] = ContextVar("dopejar_tracing.span", default=None)


def open_span() -> Span | None:
    """The innermost recorded span that is still open in this context.

    A context may hold a span that has ended: it was copied into a task or thread that outlived it.
    Then the nearest open span above it is the one that encloses what happens here.
    """
    span = CURRENT.get()
    while span is not None and span.ended:
        span = span.parent
    return span


def current_trace_id() -> str | None:
    """ID of the span that encloses the caller; None outside any."""
    span = open_span()
    return None if span is None else span.trace_id
