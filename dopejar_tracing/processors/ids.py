"""IDs, and parents from the context (contract §2)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from dopejar_tracing.model.event import OpenSpan
    from dopejar_tracing.model.ids import Mint
    from dopejar_tracing.model.layer import Layers


class AddIds:
    """Adds `trace_id`, and as `parent_id` the span that is open where this is logged.

    A span got its ID when it began, for its children to hang on; it is left as it is, with its parent.

    Args:
        current: the span that encloses what is logged, if any.
        mint: makes the ID; its prefix is that of `hrm_layer`, by default the open span's layer.
        layers: names → prefixes.
        clock: nanoseconds since the epoch.
        root_parent: ID of the parent of what no span encloses, in another process.
    """

    def __init__(
        self,
        current: Callable[[], OpenSpan | None],
        mint: Mint,
        layers: Layers,
        clock: Callable[[], int] = time.time_ns,
        *,
        root_parent: str | None = None,
    ) -> None:
        self._current = current
        self._mint = mint
        self._layers = layers
        self._prefixes = {layer.name: layer.prefix for layer in layers}
        self._clock = clock
        self._root_parent = root_parent

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        if event_dict.get("trace_id") is not None:
            return event_dict
        span = self._current()
        layer, began_ns = event_dict.get("hrm_layer"), event_dict.get("timestamp")
        if layer is None:
            layer = event_dict["hrm_layer"] = "system" if span is None else span.layer
        if type(began_ns) is not int:
            now_ns = self._clock()
            if began_ns is None:  # else it is a text, of the application's own
                event_dict["timestamp"] = now_ns
            began_ns = now_ns
        prefix = self._prefixes.get(layer) if type(layer) is str else None
        if event_dict.get("parent_id") is None:
            event_dict["parent_id"] = self._root_parent if span is None else span.trace_id
        event_dict["trace_id"] = self._mint(prefix or self._layers.resolve(layer).prefix, began_ns)
        return event_dict
