"""The shape of a line: the eleven keys, in the seed's order, and nothing beside them (contract §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dopejar_tracing.model.event import LEVELS, Level

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_LEVEL_NAMES = {level: name for name, level in LEVELS.items()}
_DEFAULTS: dict[str, Any] = {
    "trace_id": None,
    "parent_id": None,
    "timestamp": "",
    "hrm_layer": "system",
    "operation": "log",
    "component": "",
    "input_summary": "",
    "output_summary": "",
    "duration_ms": 0,
    "status": "success",
}


def shape_line(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Order the keys; what is none of the eleven goes into the metadata, behind the caller's own."""
    pop = event_dict.pop
    metadata = pop("metadata", None)
    line = {key: pop(key, default) for key, default in _DEFAULTS.items()}
    line["metadata"] = metadata = {} if metadata is None else metadata
    level = pop("level", Level.INFO)
    if level != Level.INFO:
        event_dict["level"] = _LEVEL_NAMES.get(level, level)
    for key, value in event_dict.items():
        if key in metadata:
            _step_aside(key, metadata)
        metadata[key] = value
    return line


def _step_aside(key: str, metadata: dict[str, Any]) -> None:
    """Keep the caller's value of a reserved key, under that key with an underscore."""
    value, renamed = metadata.pop(key), f"{key}_"
    while renamed in metadata:
        renamed += "_"
    metadata[renamed] = value
