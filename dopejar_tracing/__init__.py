"""Tracing for layered assistants: every decision as one JSONL line and one branch of a coloured tree."""

from dopejar_tracing.emit.bind import bind_trace
from dopejar_tracing.emit.carry import (
    TracedThread,
    TracedThreadPoolExecutor,
    carry,
    child_environment,
    continue_trace,
)
from dopejar_tracing.emit.context import current_trace_id
from dopejar_tracing.emit.event import trace_event
from dopejar_tracing.emit.flag import add_trace_flag
from dopejar_tracing.emit.logger import get_logger
from dopejar_tracing.emit.pipeline import configure, trace_line
from dopejar_tracing.emit.process import shutdown
from dopejar_tracing.emit.services import extract, inject
from dopejar_tracing.emit.span import current_span
from dopejar_tracing.emit.tracer import Tracer, tracer

__version__ = "0.1.0"

__all__ = [
    "TracedThread",
    "TracedThreadPoolExecutor",
    "Tracer",
    "add_trace_flag",
    "bind_trace",
    "carry",
    "child_environment",
    "configure",
    "continue_trace",
    "current_span",
    "current_trace_id",
    "extract",
    "get_logger",
    "inject",
    "shutdown",
    "trace_event",
    "trace_line",
    "tracer",
]
