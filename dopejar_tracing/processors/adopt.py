"""Plain structlog lines become events of the open span (contract §4)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from os.path import basename
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from dopejar_tracing.model.errors import describe_error
from dopejar_tracing.model.event import ERROR, INFO, OWN_KINDS, SUCCESS, Level
from dopejar_tracing.model.values import MAX_COMPONENT, formatted, is_said, own_metadata, summary_of

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

MAX_REMEMBERED = 4_096
"""Files; an application that makes up ever new ones must not fill the memory."""
_MACHINERY = frozenset({"structlog", "dopejar_tracing", "logging", "concurrent", "threading"})


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
        level = METHOD_LEVELS.get(method_name, INFO)
        bound = dict(event_dict)
        message = bound.pop("event", "")
        if "positional_args" in bound:  # of structlog.stdlib, which leaves it to a later processor to format
            message = formatted(message, bound.pop("positional_args"))
        component = bound.pop("component", None)
        if component is None or not is_said(component):
            component = logging_file(sys._getframe(1))
        line: dict[str, Any] = {
            "trace_id": None,
            "parent_id": None,
            "timestamp": None,
            "hrm_layer": "system" if span is None else span.layer,
            "operation": "log",
            "component": summary_of(component, MAX_COMPONENT),
            "input_summary": message,
            "output_summary": "",
            "duration_ms": 0,
            "status": "error" if level >= ERROR else SUCCESS,
            "metadata": None,
        }
        if level is not INFO:
            line["level"] = level
        error = _exception(bound.pop("exc_info", None))
        if error is not None:
            line |= describe_error(error)
        if "logger" in bound:
            line["logger"] = bound.pop("logger")
        line["metadata"] = own_metadata(bound, line)
        return line


def logging_file(frame: FrameType | None) -> str:
    """Basename of the file that logged: the nearest frame that is no logging machinery."""
    while frame is not None:
        path = frame.f_code.co_filename
        name = _names.get(path)
        if name is None:
            name = _name_of(path, frame.f_globals.get("__name__"))
        if name:
            return name
        frame = frame.f_back
    return _awaiting_file()


_names: dict[str, str] = {}
"""Path of a file that code was seen in → its basename, empty if it is logging machinery."""


def _name_of(path: str, module: object) -> str:
    machinery = isinstance(module, str) and module.partition(".")[0] in _MACHINERY
    name = "" if machinery else basename(path)
    if not path.startswith("<"):  # such code may be anybody's
        if len(_names) >= MAX_REMEMBERED:
            _names.clear()
        _names[path] = name
    return name


def _awaiting_file() -> str:
    """The same for `await log.ainfo()`, which runs in a thread of its own and has the caller's frames set aside."""
    from structlog.processors import CallsiteParameter, CallsiteParameterAdder

    adder = CallsiteParameterAdder([CallsiteParameter.FILENAME], additional_ignores=sorted(_MACHINERY))
    return str(adder(cast("Any", None), "", {})["filename"])


def _exception(exc_info: object) -> BaseException | None:
    """The exception of structlog's `exc_info`: True, an exception, or a tuple of sys.exc_info."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None
