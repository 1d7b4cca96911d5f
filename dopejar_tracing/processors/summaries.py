"""Summaries: any object, as at most so many characters (contract §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dopejar_tracing.model.values import summary_of

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger


class CutSummaries:
    """Makes texts of `input_summary` and `output_summary`, a cut marked by a last `…`.

    Args:
        limit: characters, the mark included.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        event_dict["input_summary"] = summary_of(event_dict.get("input_summary", ""), self._limit)
        event_dict["output_summary"] = summary_of(event_dict.get("output_summary", ""), self._limit)
        return event_dict
