"""What a line says about an exception (contract §3)."""

from __future__ import annotations

from os.path import basename
from types import TracebackType

from dopejar_tracing.model.foreign import TRACEBACK, type_name
from dopejar_tracing.model.values import summary_of

MAX_MESSAGE = 1_000
"""Characters of an exception's message."""


def describe_error(error: BaseException) -> dict[str, str | bool]:
    """The reserved keys `error`, `error_type`, `error_at`, and `interrupted` where it was no fault.

    Exceptions beside `Exception` (KeyboardInterrupt, SystemExit, asyncio.CancelledError) stop the work
    from outside.
    """
    described: dict[str, str | bool] = {
        "error": summary_of(error, MAX_MESSAGE),
        "error_type": type_name(error),
    }
    place = raised_at(TRACEBACK.__get__(error))
    if place:
        described["error_at"] = place
    if not issubclass(type(error), Exception):  # isinstance would ask the error's own __class__
        described["interrupted"] = True
    return described


def raised_at(traceback: TracebackType | None) -> str | None:
    """`file.py:42`, where the exception was raised; None if it never was."""
    if traceback is None:
        return None
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{basename(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno}"
