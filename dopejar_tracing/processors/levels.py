"""Drops what is below the level set for its layer or operation (contract §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dopejar_tracing.model.event import INFO, OWN_KINDS, STATUS_LEVELS, Level

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from dopejar_tracing.settings import Settings

MAX_REMEMBERED = 1_000
"""Layers; an application that makes up ever new ones must not fill the memory."""


class FilterByLevel:
    """Raises structlog.DropEvent for a line below its level.

    Spans and events pass: they were weighed where they were made, before they cost anything.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layers = settings.known_layers()
        self._of_lines: dict[str, Level] = {}
        """Layer → the least level of plain lines."""

    def __call__(self, _logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        if method_name in OWN_KINDS:
            return event_dict
        layer: str = event_dict.get("hrm_layer", "system")
        operation: str = event_dict.get("operation", "log")
        level = max(
            event_dict.get("level", INFO), STATUS_LEVELS.get(event_dict.get("status", ""), 0)
        )
        threshold = self._of_lines.get(layer) if operation == "log" and type(layer) is str else None
        if level < (threshold or self._threshold(layer, operation)):
            from structlog import DropEvent

            raise DropEvent
        return event_dict

    def _threshold(self, layer: str, operation: str) -> Level:
        threshold = self._settings.threshold(layer, self._layers.resolve(layer).prefix, operation)
        if operation == "log" and type(layer) is str and len(self._of_lines) < MAX_REMEMBERED:
            self._of_lines[layer] = threshold
        return threshold
