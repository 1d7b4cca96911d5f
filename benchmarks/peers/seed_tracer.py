"""The tracer of the seed, as that document has it, to the letter: its lines say nothing of outputs."""

# Nothing is mended here, and nothing made to look like the rest.
# ruff: noqa: D101, D102, DTZ005, I001, RUF013, UP045
# fmt: off
# mypy: ignore-errors

import os
import json
import logging
from datetime import datetime
from dataclasses import dataclass, asdict
from typing import Optional
from contextlib import contextmanager
import uuid

@dataclass
class TraceEvent:
    trace_id: str
    parent_id: Optional[str]
    timestamp: str
    hrm_layer: str
    operation: str
    component: str
    input_summary: str
    output_summary: str
    duration_ms: int
    status: str
    metadata: dict

class Tracer:
    _instance = None

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance._init()
        return cls._instance

    def _init(self):
        self.enabled = os.environ.get("DOPEJAR_TRACE", "0") == "1"
        self.logger = logging.getLogger("dopejar.trace")
        self._current_trace: Optional[str] = None
        self._trace_stack: list[str] = []

        # Configure logging if enabled
        if self.enabled:
            handler = logging.FileHandler("trace.jsonl")
            handler.setFormatter(logging.Formatter("%(message)s"))
            self.logger.addHandler(handler)
            self.logger.setLevel(logging.INFO)

    def generate_id(self, hrm: str) -> str:
        """Generate a trace ID."""
        ts = int(datetime.now().timestamp())
        rand = uuid.uuid4().hex[:4]
        return f"{hrm}_{ts}_{rand}"

    @contextmanager
    def span(self, hrm: str, operation: str, component: str, input_data: str = ""):
        """Context manager for tracing a span."""
        if not self.enabled:
            yield None
            return

        trace_id = self.generate_id(hrm)
        parent_id = self._trace_stack[-1] if self._trace_stack else None
        self._trace_stack.append(trace_id)

        start = datetime.now()
        status = "success"
        output = ""
        metadata = {}

        try:
            yield TraceContext(trace_id, lambda o, m: (output := o, metadata.update(m)))
        except Exception as e:
            status = "error"
            metadata["error"] = str(e)
            raise
        finally:
            duration = int((datetime.now() - start).total_seconds() * 1000)
            self._trace_stack.pop()

            event = TraceEvent(
                trace_id=trace_id,
                parent_id=parent_id,
                timestamp=start.isoformat(),
                hrm_layer=hrm,
                operation=operation,
                component=component,
                input_summary=input_data[:100],
                output_summary=str(output)[:100],
                duration_ms=duration,
                status=status,
                metadata=metadata
            )

            self.logger.info(json.dumps(asdict(event)))

    def event(self, hrm: str, operation: str, component: str,
              input_data: str = "", output_data: str = "",
              status: str = "success", metadata: dict = None):
        """Log a single trace event."""
        if not self.enabled:
            return

        event = TraceEvent(
            trace_id=self.generate_id(hrm),
            parent_id=self._trace_stack[-1] if self._trace_stack else None,
            timestamp=datetime.now().isoformat(),
            hrm_layer=hrm,
            operation=operation,
            component=component,
            input_summary=input_data[:100],
            output_summary=output_data[:100],
            duration_ms=0,
            status=status,
            metadata=metadata or {}
        )

        self.logger.info(json.dumps(asdict(event)))

class TraceContext:
    """Context for a trace span."""
    def __init__(self, trace_id: str, setter):
        self.trace_id = trace_id
        self._setter = setter

    def set_output(self, output: str, **metadata):
        self._setter(output, metadata)

# Global instance
tracer = Tracer()
