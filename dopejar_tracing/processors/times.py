"""Timestamps and durations (contract §3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from dopejar_tracing.model.event import comparable

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_MILLISECOND = 1_000_000
_ENDS = tuple(f"{microseconds:03}+00:00" for microseconds in range(1_000))


class AddTimes:
    """Makes a text of `timestamp`, and of `duration_ns` the line's `duration_ms` and its metadata's `duration_us`.

    Args:
        clock: nanoseconds since the epoch, for what brings no `timestamp`.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._millisecond: tuple[int, str] = (0, "1970-01-01T00:00:00.000")
        """The last one that a timestamp was made for: its nanoseconds since the epoch, and its text."""

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        began_ns = event_dict.get("timestamp")
        if type(began_ns) is not int:
            if type(began_ns) is str and comparable(began_ns) == began_ns != "":  # this was done before
                event_dict.setdefault("duration_ms", 0)
                return event_dict
            began_ns = self._clock()
        start_ns, text = self._millisecond
        below_ns = began_ns - start_ns
        if not 0 <= below_ns < _MILLISECOND:
            below_ns = began_ns % _MILLISECOND
            text = _text_of(began_ns // _MILLISECOND)
            self._millisecond = (began_ns - below_ns, text)  # one assignment, since threads share it
        timestamp = text + _ENDS[below_ns // 1_000]
        duration_ns = event_dict.get("duration_ns")
        metadata = event_dict.get("metadata")
        # All at once: whoever is interrupted by a signal handler that raises does it again, and CPython looks
        # for signals at calls and jumps back, of which there is none from here on.
        event_dict["timestamp"] = timestamp
        if duration_ns is None:
            event_dict["duration_ms"] = 0
            return event_dict
        event_dict["duration_ms"] = duration_ns // 1_000_000
        if metadata is None or "duration_us" in metadata:  # the caller's own: it will step aside
            event_dict["duration_us"] = duration_ns // 1_000
        else:
            metadata["duration_us"] = duration_ns // 1_000
        del event_dict["duration_ns"]
        return event_dict


def _text_of(milliseconds: int) -> str:
    """`2026-01-13T14:00:00.123`, of milliseconds since the epoch."""
    seconds, below = divmod(milliseconds, 1_000)
    return f"{_text_of_second(seconds)}.{below:03}"


@lru_cache(maxsize=8)
def _text_of_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
