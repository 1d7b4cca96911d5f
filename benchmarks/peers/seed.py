"""The seed's tracer. Its lines say nothing of outputs: what it is told of them never arrives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from benchmarks.case import TREE, Case, Written
from benchmarks.peers.floor import numbered


def _tracer(folder: Path) -> Any:
    """The one there is; it is enabled by the environment, and writes where the process stands."""
    os.environ["DOPEJAR_TRACE"] = "1"
    os.chdir(folder)
    from benchmarks.peers.seed_tracer import tracer

    return tracer


def spans(folder: Path) -> Case:
    """Trees of three spans."""
    tracer = _tracer(folder)

    def work(numbers: range) -> None:
        for number in numbers:
            with tracer.span("alt", "transition", "altitude.py", "L3→L2") as span:
                with tracer.span("foc", "gate_check", "gates.py", "WriteApprovalGate") as gate:
                    with tracer.span("mem", "write", "manager.py", "altitude.session") as write:
                        write.set_output("written", tokens_saved=45, number=number)
                    gate.set_output("allowed", user_consent=True, number=number)
                span.set_output("success", reason="user requested tactical", number=number)

    return Case(work, [Written(folder / "trace.jsonl", numbered, TREE)], each=3)


def event(folder: Path) -> Case:
    """One event for each number."""
    tracer = _tracer(folder)

    def work(numbers: range) -> None:
        for number in numbers:
            tracer.event(
                "foc",
                "gate_check",
                "gates.py",
                "WriteApprovalGate",
                "allowed",
                metadata={"user_consent": True, "number": number},
            )

    return Case(work, [Written(folder / "trace.jsonl", numbered, ["gate_check"])])
