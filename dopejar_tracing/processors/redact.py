"""Secrets: masked in all that a line says, before it is cut, written or shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dopejar_tracing.model.event import KEYS
from dopejar_tracing.model.redact import SMALLEST_CARD

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from dopejar_tracing.model.redact import Redactor

_USUAL = frozenset({*KEYS, "duration_ns", "level"})
"""What an event dict without a note consists of."""


class Redact:
    """Masks secrets in summaries, metadata, operation, component and notes; it stands before `CutSummaries`.

    Args:
        redactor: knows what is a secret.
        limit: characters that will be kept of a summary.
    """

    def __init__(self, redactor: Redactor, limit: int) -> None:
        self._known = redactor.known
        self._innocent = redactor.innocent
        self._are_harmless = redactor.are_harmless
        self._line = redactor.line
        self._limit = limit

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        # Most lines say the same again and again: with new values, perhaps, under names that hold no secrets.
        # All in one function: each line comes by here.
        try:
            given, output = event_dict["input_summary"], event_dict["output_summary"]
            texts = (given, output, event_dict["operation"], event_dict["component"])
            metadata = event_dict["metadata"]
        except KeyError:  # it comes from elsewhere
            self._line(event_dict, self._limit)
            return event_dict
        if (
            type(given) is str  # before it is looked up: the hash of an object may be foreign
            and type(output) is str
            and type(metadata) is dict
            and (self._known.issuperset(texts) or self._are_harmless(texts))
            and _USUAL.issuperset(event_dict)
            and self._innocent.issuperset(metadata)
        ):
            for value in metadata.values():
                kind = type(value)
                if kind is str:
                    if value not in self._known and not self._are_harmless((value,)):
                        break
                elif kind is int or kind is float:
                    if value >= SMALLEST_CARD:
                        break
                elif kind is not bool and value is not None:
                    break
            else:
                return event_dict
        self._line(event_dict, self._limit)
        return event_dict
