"""OpenTelemetry's SDK with its own JSON into a file: each span when it ends, or in batches by a thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor

from benchmarks.case import TREE, Case, Line, Written

QUEUE = 1_000_000
"""Spans that the batch processor may hold; with its own 2,048 it would drop most of them."""


def exporter(path: Path) -> ConsoleSpanExporter:
    """Writes the JSON of spans, a line each, and flushes after each span or batch."""
    return ConsoleSpanExporter(
        out=path.open("a", encoding="utf-8"), formatter=lambda span: span.to_json(indent=None) + "\n"
    )


def read(line: Any) -> Line:
    """The JSON of a span."""
    return Line(line["attributes"]["number"], line["name"], line["context"]["span_id"], line["parent_id"])


def spans(folder: Path, *, batch: bool) -> Case:
    """Trees of three spans; a batch processor is flushed before the round is over."""
    path = folder / "opentelemetry.jsonl"
    provider = TracerProvider()
    if batch:
        provider.add_span_processor(BatchSpanProcessor(exporter(path), max_queue_size=QUEUE))
    else:
        provider.add_span_processor(SimpleSpanProcessor(exporter(path)))
    start = provider.get_tracer("benchmarks").start_as_current_span

    def work(numbers: range) -> None:
        for number in numbers:
            with start("transition", attributes={"input": "L3→L2"}) as span:
                with start("gate_check", attributes={"input": "WriteApprovalGate"}) as gate:
                    with start("write", attributes={"input": "altitude.session"}) as write:
                        write.set_attributes({"output": "written", "tokens_saved": 45, "number": number})
                    gate.set_attributes({"output": "allowed", "user_consent": True, "number": number})
                span.set_attributes(
                    {"output": "success", "reason": "user requested tactical", "number": number}
                )
        provider.force_flush()

    return Case(work, [Written(path, read, TREE)], each=3)
