"""Drops what is below the level set for its layer or operation (contract §5)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from dopejar_tracing.model.event import INFO, OWN_KINDS, STATUS_LEVELS, Level

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from dopejar_tracing.settings import Settings


class FilterByLevel:
    """Raises structlog.DropEvent for a line below its level.

    Spans and events pass: they were weighed where they were made, before they cost anything.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layers = settings.known_layers()
        self._threshold = lru_cache(maxsize=1_000)(self._find_threshold)

    def __call__(self, _logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        if method_name in OWN_KINDS:
            return event_dict
        layer: str = event_dict.get("hrm_layer", "system")
        operation: str = event_dict.get("operation", "log")
        level = max(
            event_dict.get("level", INFO), STATUS_LEVELS.get(event_dict.get("status", ""), 0)
        )
        if level < self._threshold(layer, operation):
            from structlog import DropEvent

            raise DropEvent
        return event_dict

    def _find_threshold(self, layer: str, operation: str) -> Level:
        return self._settings.threshold(layer, self._layers.resolve(layer).prefix, operation)
