"""`get_logger`: plain structlog lines that land in the open span (contract §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dopejar_tracing.emit.pipeline import trace_line

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger


def get_logger(name: str | None = None, **bound: Any) -> FilteringBoundLogger:
    """A structlog logger whose lines go into the trace, and nowhere else.

    It works however the application has configured structlog, and before and after `configure`; while
    tracing is disabled its lines are dropped.

    Args:
        name: recorded as `logger`.
        bound: values for each of its lines.
    """
    import structlog  # only for those who log: it loads rich

    if name is not None:
        bound = {"logger": name, **bound}
    # structlog types the class as the protocol that it fulfils, which has no constructor.
    make: Any = structlog.make_filtering_bound_logger(0)
    logger: FilteringBoundLogger = make(None, [trace_line, _drop], bound)
    return logger


def _drop(_logger: WrappedLogger, _method_name: str, _event_dict: EventDict) -> EventDict:
    from structlog import DropEvent

    raise DropEvent
