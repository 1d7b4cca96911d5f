"""The fork: one line to every sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger


class TakesLine(Protocol):
    """What the fork needs of a sink."""

    def __call__(self, line: dict[str, Any], /) -> None:
        """Take a finished line; it is shared with the other sinks and must not be changed."""


class Fork:
    """Hands the line to each sink and passes it on. A sink never raises; that is its own duty."""

    def __init__(self, sinks: Sequence[TakesLine]) -> None:
        self._sinks = tuple(sinks)

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        line: Any = event_dict  # a dict: shape_line made it one
        for sink in self._sinks:
            sink(line)
        return event_dict
