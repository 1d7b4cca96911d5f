"""The shape of a line: the eleven keys, in the seed's order, and nothing beside them (contract §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dopejar_tracing.model.event import INFO, KEYS, LEVELS, OWN_KINDS

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_COUNT = len(KEYS)
_LEVEL_NAMES = {level: name for name, level in LEVELS.items()}


def shape_line(_logger: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
    """Order the keys; what is none of the eleven goes into the metadata, behind the caller's own."""
    if len(event_dict) == _COUNT and (method in OWN_KINDS or _is_shaped(event_dict)):
        return event_dict  # nearly always: spans and events are made in this order, and so are adopted lines
    # Copies: whoever is interrupted in here by a signal handler that raises does it again.
    event_dict = {**event_dict}
    take = event_dict.pop
    metadata: Any = take("metadata", None)
    if type(metadata) is dict:
        metadata = {**metadata}
    else:
        metadata = {} if metadata is None else {"metadata": metadata}
    line = {
        "trace_id": take("trace_id", None),
        "parent_id": take("parent_id", None),
        "timestamp": take("timestamp", ""),
        "hrm_layer": take("hrm_layer", "system"),
        "operation": take("operation", "log"),
        "component": take("component", ""),
        "input_summary": take("input_summary", ""),
        "output_summary": take("output_summary", ""),
        "duration_ms": take("duration_ms", 0),
        "status": take("status", "success"),
        "metadata": metadata,
    }
    level = take("level", INFO)
    if level != INFO:
        event_dict["level"] = _LEVEL_NAMES.get(level, level)
    for key, value in event_dict.items():
        if key in metadata:
            _step_aside(key, metadata)
        metadata[key] = value
    return line


def _is_shaped(event_dict: EventDict) -> bool:
    return tuple(event_dict) == KEYS and type(event_dict["metadata"]) is dict


def _step_aside(key: str, metadata: dict[str, Any]) -> None:
    """Keep the caller's value of a reserved key, under that key with an underscore."""
    value, renamed = metadata.pop(key), f"{key}_"
    while renamed in metadata:
        renamed += "_"
    metadata[renamed] = value
