"""`capture_logging`: records of the standard logging module become lines of the tree (contract §4).

No handler is added to the root logger: `basicConfig` does nothing when it finds one, `lastResort` is silent,
`dictConfig` throws it away, and it sees nothing of a logger that does not propagate. Instead
`Logger.callHandlers` is replaced, which every record that its logger lets through goes to once, whatever
handlers there are.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from os.path import basename
from types import FrameType
from typing import Any

from dopejar_tracing.emit.host_logging import Processor, _Leading
from dopejar_tracing.emit.threads import Patch
from dopejar_tracing.model.foreign import ask, is_foreign
from dopejar_tracing.model.values import complaint, text_of

_STANDARD = frozenset(
    {*vars(logging.LogRecord("", 0, "", 0, "", None, None)), "message", "asctime", "taskName"}
)
"""What each record has; the rest is the caller's `extra`."""
_TAKEN = frozenset({"event", "positional_args", "component", "logger"})
"""Keys that mean something else in a plain line (processors/adopt.py)."""
_METHODS = ((logging.ERROR, "error"), (logging.WARNING, "warning"), (logging.INFO, "info"))
_MOST = 2
"""Lines that may be recorded within each other: what a signal handler logs, but no endless mirror."""

_record_line: Processor | None = None


class _Here(threading.local):
    """What this thread is at."""

    handling: tuple[logging.LogRecord, ...] = ()
    recording = 0


_here = _Here()


def capture(record_line: Processor) -> None:
    """Let `record_line`, which is `trace_line`, have each record that a logger lets through."""
    global _record_line
    _record_line = record_line
    _patch.install()


def release() -> None:
    """Undo `capture`."""
    global _record_line
    _record_line = None
    _patch.remove()


def is_captured(event_dict: object) -> bool:
    """Whether this is a record on its way through structlog's ProcessorFormatter, and known already."""
    if _record_line is None or not isinstance(event_dict, dict):
        return False
    return isinstance(event_dict.get("_record"), logging.LogRecord)


def _handling(call_handlers: Callable[[Any, logging.LogRecord], None]) -> object:
    def callHandlers(logger: logging.Logger, record: logging.LogRecord) -> None:  # noqa: N802 - stands in for it
        if _record_line is None or any(record is other for other in _here.handling):
            call_handlers(logger, record)
            return
        said = dict(vars(record))  # a handler may add to it
        outer = _here.handling
        _here.handling = (*outer, record)
        try:
            # The host first: its handlers have the text made, which then need not be made a second time.
            call_handlers(logger, record)
        finally:
            _here.handling = outer
            _take(record, said, sys._getframe(1))

    # A handler that fails prints the stack up to where logging begins, and this has to be within.
    callHandlers.__code__ = callHandlers.__code__.replace(co_filename=logging.__file__)
    return callHandlers


_patch = Patch(logging.Logger, "callHandlers", _handling)


def _take(record: logging.LogRecord, said: dict[str, Any], frame: FrameType) -> None:
    record_line = _record_line
    if record_line is None or _here.recording >= _MOST or _is_relayed(said) or _is_own(said):
        return
    _here.recording += 1
    try:
        logger = _structlog_around(frame)
        if not _was_traced(logger, record_line):
            line = _line(record, said)
            # Of a line of structlog the record may know no other file than structlog's.
            line["component"] = basename(text_of(said.get("pathname") or "")) if logger is None else None
            record_line(None, _method(said.get("levelno")), line)
    except Exception as error:  # tracing never breaks the application (contract §4)
        if not is_foreign(error):
            raise
        record_line(
            None, "error", {"event": f"a record of logging: {complaint(error)}", "component": "logging"}
        )
    finally:
        _here.recording -= 1


def _is_relayed(said: dict[str, Any]) -> bool:
    """Whether it was logged by another thread of this process, and taken there: a queue's listener."""
    return said.get("thread") not in (None, threading.get_ident()) and said.get("process") in (
        None,
        os.getpid(),
    )


def _is_own(said: dict[str, Any]) -> bool:
    """Whether one of our threads writes to a stderr that the host has led into logging: an endless mirror."""
    return text_of(said.get("threadName")).startswith("dopejar-")


def _structlog_around(frame: FrameType | None) -> Any:
    """The structlog logger whose line this record is, if it is one."""
    while frame is not None and frame.f_globals.get("__name__") in ("logging", __name__):
        frame = frame.f_back
    is_structlog = frame is not None and str(frame.f_globals.get("__name__")).startswith("structlog.")
    return frame.f_locals.get("self") if frame is not None and is_structlog else None


def _was_traced(logger: Any, record_line: Processor) -> bool:
    """Whether the line went through `trace_line` before."""
    processors = getattr(logger, "_processors", ())
    return any(processor is record_line or isinstance(processor, _Leading) for processor in processors)


def _method(level: object) -> str:
    number = level if isinstance(level, int) else logging.INFO
    return next((method for least, method in _METHODS if number >= least), "debug")


def _line(record: logging.LogRecord, said: dict[str, Any]) -> dict[str, Any]:
    """The record as a plain line, as `processors/adopt.py` takes it."""
    extra = {name: value for name, value in said.items() if name not in _STANDARD}
    if issubclass(type(said.get("msg")), dict) and "_name" in extra:  # structlog's wrap_for_formatter
        line = {**said["msg"], **{name: extra[name] for name in extra if name not in ("_name", "_logger")}}
    else:
        line = {f"extra_{name}" if name in _TAKEN else name: value for name, value in extra.items()}
        line["event"] = _message(record, said)
    for name in ("exc_info", "stack_info"):
        if said.get(name):
            line[name] = said[name]
    return {**line, "logger": said.get("name")}


def _message(record: logging.LogRecord, said: dict[str, Any]) -> object:
    """The text that a handler has made, or the same; if its values do not fit, it and each of them."""
    made = vars(record).get("message")
    if type(made) is str:
        return made
    made = ask(record.getMessage, lambda _: None)
    if made is not None:
        return made
    values: Any = said.get("args")
    if issubclass(type(values), dict):
        shown = [f"{text_of(key)}={text_of(value)}" for key, value in values.items()]
    else:
        shown = list(map(text_of, values if issubclass(type(values), tuple) else (values,)))
    return " ".join([text_of(said.get("msg")), *shown])
