"""Secrets: masked in all that a line says, before it is cut, written or shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from dopejar_tracing.model.redact import Redactor


class Redact:
    """Masks secrets in summaries, metadata, operation, component and notes; it stands before `CutSummaries`.

    Args:
        redactor: knows what is a secret.
        limit: characters that will be kept of a summary.
    """

    def __init__(self, redactor: Redactor, limit: int) -> None:
        self._has_none = redactor.has_none
        self._line = redactor.line
        self._limit = limit

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        if not self._has_none(event_dict):
            self._line(event_dict, self._limit)
        return event_dict
