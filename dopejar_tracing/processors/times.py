"""Timestamps and durations (contract §3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger


class AddTimes:
    """Writes `began_ns` as `timestamp`, and `duration_ns` as `duration_ms` and `duration_us`.

    Args:
        clock: nanoseconds since the epoch, for what brings no `began_ns`.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._second: tuple[int, str] = (-1, "")

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        # A copy: whoever is interrupted in here by a signal handler that raises does it again.
        event_dict = {**event_dict}
        began_ns = event_dict.pop("began_ns", None)
        seconds, below = divmod(self._clock() if began_ns is None else began_ns, 1_000_000_000)
        second, text = self._second
        if second != seconds:  # a second's text is made once: strftime takes longer than all the rest
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            self._second = (seconds, text)  # one assignment, since threads share it
        event_dict["timestamp"] = f"{text}.{below // 1000:06d}+00:00"
        duration_ns = event_dict.pop("duration_ns", None)
        if duration_ns is None:
            event_dict["duration_ms"] = 0
        else:
            event_dict["duration_ms"] = duration_ns // 1_000_000
            event_dict["duration_us"] = duration_ns // 1_000
        return event_dict
