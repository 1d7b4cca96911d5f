"""What a trace is: events, layers, IDs. Pure: no I/O, no structlog, no rich."""

from dopejar_tracing.model.event import KEYS, Level, Status, TraceEvent
from dopejar_tracing.model.forest import Node, build_forest
from dopejar_tracing.model.ids import TraceId, parse_id
from dopejar_tracing.model.layer import LAYERS, Layer, Layers

__all__ = [
    "KEYS",
    "LAYERS",
    "Layer",
    "Layers",
    "Level",
    "Node",
    "Status",
    "TraceEvent",
    "TraceId",
    "build_forest",
    "parse_id",
]
