"""Plain structlog lines become events of the open span (contract §4)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from os.path import basename
from types import FrameType
from typing import TYPE_CHECKING, Any

from dopejar_tracing.model.errors import describe_error
from dopejar_tracing.model.event import Level, Status
from dopejar_tracing.model.values import copy_metadata

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from dopejar_tracing.model.event import OpenSpan

METHOD_LEVELS = {
    "debug": Level.DEBUG,
    "warning": Level.WARN,
    "warn": Level.WARN,
    "error": Level.ERROR,
    "exception": Level.ERROR,
    "critical": Level.ERROR,
    "fatal": Level.ERROR,
}
"""Level of a logger's method; of those not named here (`info`, `msg`, an application's own), info."""

OWN_KINDS = frozenset({"span", "event"})
_MACHINERY = ("structlog", "dopejar_tracing", "logging", "concurrent.futures", "threading")


class AdoptLine:
    """Turns `event` and bound values of a plain line into the keys that spans and events have.

    The message is the input summary; what was bound is metadata, whatever its names: a bound `status`
    is the application's, not this line's.

    Args:
        current: the span that encloses the line; its layer becomes the line's, `system` outside one.
    """

    def __init__(self, current: Callable[[], OpenSpan | None]) -> None:
        self._current = current

    def __call__(self, _logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        if method_name in OWN_KINDS:
            return event_dict
        span = self._current()
        level = METHOD_LEVELS.get(method_name, Level.INFO)
        bound = dict(event_dict)
        line: dict[str, Any] = {
            "hrm_layer": "system" if span is None else span.layer,
            "operation": "log",
            "component": bound.pop("component", None) or caller(sys._getframe(1)),
            "input_summary": bound.pop("event", ""),
            "status": (Status.ERROR if level >= Level.ERROR else Status.SUCCESS).value,
            "level": level,
        }
        error = _exception(bound.pop("exc_info", None))
        if error is not None:
            line |= describe_error(error)
        if "logger" in bound:
            line["logger"] = bound.pop("logger")
        line["metadata"] = copy_metadata(bound, line)
        return line


def caller(frame: FrameType | None) -> str:
    """Basename of the file that logged: the nearest frame that is no logging machinery."""
    while frame is not None:
        module = frame.f_globals.get("__name__") or ""
        if not module.startswith(_MACHINERY):
            return basename(frame.f_code.co_filename)
        frame = frame.f_back
    return ""


def _exception(exc_info: object) -> BaseException | None:
    """The exception of structlog's `exc_info`: True, an exception, or a tuple of sys.exc_info."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None
