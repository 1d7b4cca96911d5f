"""The seed's singleton, for code that was written to it (contract §4)."""

from __future__ import annotations

import time
from typing import Self

from dopejar_tracing.emit.bind import BoundTrace, bind_trace
from dopejar_tracing.emit.event import record_event
from dopejar_tracing.emit.pipeline import ACTIVE, MINT, running, set_enabled
from dopejar_tracing.emit.site import caller, component_of
from dopejar_tracing.model.layer import Layers


class Tracer:
    """The seed's interface to what `bind_trace` and `trace_event` do; there is one: `Tracer() is tracer`."""

    _instance: Self | None = None

    def __new__(cls) -> Self:
        """The one there is."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    @property
    def enabled(self) -> bool:
        """Whether tracing is on; may be set, as in the seed."""
        return running() is not None

    @enabled.setter
    def enabled(self, value: bool) -> None:
        set_enabled(bool(value))

    def generate_id(self, hrm: str) -> str:
        """Mint an ID.

        Args:
            hrm: a layer, in either spelling.
        """
        pipeline = running()
        layers = pipeline.settings.known_layers() if pipeline else Layers()
        return MINT(layers.resolve(hrm).prefix, time.time_ns())

    def span(
        self, hrm: str, operation: str, component: str | None = None, input_data: object = ""
    ) -> BoundTrace:
        """Open a span; false inside `with` while tracing is off, hence the seed's `if ctx:`."""
        return bind_trace(hrm, operation, component, input=input_data)

    def event(
        self,
        hrm: str,
        operation: str,
        component: str | None = None,
        input_data: object = "",
        output_data: object = "",
        status: str = "success",
        metadata: object = None,
    ) -> None:
        """Record one moment under the open span."""
        if ACTIVE.pipeline is not None:
            if component is None:
                component = component_of(caller())
            record_event(hrm, operation, component, input_data, output_data, status, None, metadata, {}, {})


tracer = Tracer()
