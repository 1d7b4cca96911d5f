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
        limit = self._limit
        given, output = event_dict.get("input_summary", ""), event_dict.get("output_summary", "")
        # Here, not in `summary_of`: nearly always they are summaries already, and a call costs more than this.
        if type(given) is not str or len(given) > limit or not (given.isascii() or given.isprintable()):
            event_dict["input_summary"] = summary_of(given, limit)
        if type(output) is not str or len(output) > limit or not (output.isascii() or output.isprintable()):
            event_dict["output_summary"] = summary_of(output, limit)
        return event_dict
