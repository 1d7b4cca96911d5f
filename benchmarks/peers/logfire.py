"""logfire, which sends and shows nothing here: its spans as OpenTelemetry's JSON into a file, in batches.

Left out, since nothing of it is needed: metrics, and the look into the caller's source for the arguments of
f-strings. Masking of secrets stays on, as ours does.
"""

from __future__ import annotations

from pathlib import Path

import logfire
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from benchmarks.case import TREE, Case, Written
from benchmarks.peers.opentelemetry import QUEUE, exporter, read


def _into(folder: Path) -> Path:
    path = folder / "logfire.jsonl"
    logfire.configure(
        send_to_logfire=False,
        console=False,
        metrics=False,
        inspect_arguments=False,
        additional_span_processors=[BatchSpanProcessor(exporter(path), max_queue_size=QUEUE)],
    )
    return path


def spans(folder: Path) -> Case:
    """Trees of three spans, flushed before the round is over."""
    path = _into(folder)

    def work(numbers: range) -> None:
        for number in numbers:
            with logfire.span("transition", input="L3→L2") as span:
                with logfire.span("gate_check", input="WriteApprovalGate") as gate:
                    with logfire.span("write", input="altitude.session") as write:
                        write.set_attributes({"output": "written", "tokens_saved": 45, "number": number})
                    gate.set_attributes({"output": "allowed", "user_consent": True, "number": number})
                span.set_attributes(
                    {"output": "success", "reason": "user requested tactical", "number": number}
                )
        logfire.force_flush()

    return Case(work, [Written(path, read, TREE)], each=3)


def event(folder: Path) -> Case:
    """One line for each number: to OpenTelemetry a span without a length."""
    path = _into(folder)

    def work(numbers: range) -> None:
        for number in numbers:
            logfire.info(
                "gate_check", input="WriteApprovalGate", output="allowed", user_consent=True, number=number
            )
        logfire.force_flush()

    return Case(work, [Written(path, read, ["gate_check"])])
