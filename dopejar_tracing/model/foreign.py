"""Calls into code that is not ours.

What is traced belongs to somebody else: it may raise anything when it is looked at, and it may trace itself,
which would look at it again. An exception of a signal handler that came in the meantime is none of that.
"""

from __future__ import annotations

import signal
import threading
from _signal import getsignal  # type: ignore[import-not-found]  # signal's makes an enum, which takes longer
from collections.abc import Callable
from types import CodeType
from typing import TypeVar

T = TypeVar("T")

_NAME = type.__dict__["__name__"]
TRACEBACK = BaseException.__dict__["__traceback__"]
"""An exception's traceback, whatever its own attributes say."""
_here = threading.local()
_SIGNALS = tuple(map(int, signal.valid_signals()))


class TracesItselfError(Exception):
    """An object is asked for its text while it is giving it."""


def type_name(value: object) -> str:
    """Name of the value's type; not `__class__`, nor what a metaclass says."""
    return str(_NAME.__get__(type(value)))


def ask(question: Callable[[], T], otherwise: Callable[[BaseException], T]) -> T:
    """The answer, or what `otherwise` makes of the exception that came instead.

    Raises:
        KeyboardInterrupt: always goes on, and so does what a signal handler raises.
    """
    if getattr(_here, "asking", False):
        return otherwise(TracesItselfError())
    _here.asking = True
    try:
        return question()
    except BaseException as error:
        if not is_foreign(error):
            raise
        return otherwise(error)
    finally:
        _here.asking = False


def is_foreign(error: BaseException) -> bool:
    """Whether the exception came from the code that was called, and not from a signal in the meantime."""
    if issubclass(type(error), KeyboardInterrupt):
        return False
    handlers = _handlers()
    traceback = TRACEBACK.__get__(error)
    while traceback is not None:
        if traceback.tb_frame.f_code in handlers:
            return False
        traceback = traceback.tb_next
    return True


def _handlers() -> set[CodeType | None]:
    """Code of the signal handlers in force."""
    found = set()
    for number in _SIGNALS:
        handler = getsignal(number)
        if callable(handler):
            found.add(getattr(handler, "__code__", None) or getattr(type(handler).__call__, "__code__", None))
    return found
