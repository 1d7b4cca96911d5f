"""`get_logger`: plain structlog lines that land in the open span (contract §4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from dopejar_tracing.emit.pipeline import ACTIVE, running, trace_line
from dopejar_tracing.model.event import LEVELS, Level
from dopejar_tracing.model.values import formatted

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger


_METHODS = "debug info warning warn error exception critical fatal msg".split()


def get_logger(name: str | None = None, **bound: Any) -> FilteringBoundLogger:
    """A structlog logger whose lines go into the trace, and nowhere else.

    It works however the application has configured structlog, and before and after `configure`; while
    tracing is disabled its lines are dropped.

    Args:
        name: recorded as `logger`.
        bound: values for each of its lines.
    """
    if name is not None:
        bound = {"logger": name, **bound}
    logger: FilteringBoundLogger = _make_class()(None, [trace_line, _drop], bound)
    return logger


@cache
def _make_class() -> Any:
    """A logger of structlog's that does not raise where the values do not fit the message, or raise."""
    import structlog  # only for those who log: it loads rich

    base: Any = structlog.make_filtering_bound_logger(0)

    def guarded(name: str) -> Callable[..., Any]:
        method = getattr(base, name)

        @wraps(method)
        def call(self: Any, event: object, *values: object, **bound: Any) -> Any:
            return method(self, _filled(event, values), **bound)

        return call

    def direct(name: str) -> Callable[..., Any]:
        method = getattr(base, name)
        known_as = method.__name__  # `warning`, of `warn`

        @wraps(method)
        def call(self: Any, event: object, *values: object, **bound: Any) -> None:
            if ACTIVE.pipeline is not None:
                _record(self, known_as, _filled(event, values), bound)

        return call

    def proxy(self: Any, method_name: str, event: object = None, **bound: Any) -> None:
        _record(self, method_name, event, bound)

    def log(self: Any, level: int, event: object, *values: object, **bound: Any) -> Any:
        return base.log(self, _known(level), _filled(event, values), **bound)

    def alog(self: Any, level: int, event: object, *values: object, **bound: Any) -> Any:
        return base.alog(self, _known(level), _filled(event, values), **bound)

    methods: dict[str, Any] = {
        **{f"a{name}": guarded(f"a{name}") for name in _METHODS},
        **{name: direct(name) for name in _METHODS},
        "exception": guarded("exception"),  # which ends in `error`
        "log": log,
        "alog": alog,
        "_proxy_to_logger": proxy,
    }
    return type("TracedBoundLogger", (base,), methods)


def _record(logger: Any, method_name: str, event: object, bound: dict[str, Any]) -> None:
    """Record a line, without the way through structlog: it ends in an exception where nothing is printed."""
    pipeline = running()
    if pipeline is not None:
        line = {**logger._context, **bound}
        if event is not None:
            line["event"] = event
        pipeline.record(method_name, line)


def _filled(event: object, values: tuple[object, ...]) -> object:
    if not values:
        return event
    # One mapping is for `%(name)s`, as in `logging`.
    return formatted(
        event, values[0] if len(values) == 1 and type(values[0]) is dict and values[0] else values
    )


def _known(level: int) -> int:
    """The nearest level below that has a name."""
    return max((known for known in LEVELS.values() if known <= level), default=Level.DEBUG)


def _drop(_logger: WrappedLogger, _method_name: str, _event_dict: EventDict) -> EventDict:
    from structlog import DropEvent

    raise DropEvent
