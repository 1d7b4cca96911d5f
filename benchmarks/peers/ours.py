"""dopejar_tracing: a span, an event, a plain line, and each of them unrecorded."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.case import TREE, Case, Line, Written
from dopejar_tracing import bind_trace, configure, get_logger, shutdown, trace_event


def into(folder: Path, **settings: Any) -> Path:
    """Configure, and where the lines go."""
    path = folder / "trace.jsonl"
    configure(**{"enabled": True, "output": path, "console": "never", **settings})
    return path


def numbered(line: Any) -> Line:
    """A line whose number is among its metadata."""
    return Line(line["metadata"]["number"], line["operation"], line["trace_id"], line["parent_id"])


def _trees(numbers: range) -> None:
    for number in numbers:
        with bind_trace("altitude", "transition", input="L3→L2") as span:
            with bind_trace("focus", "gate_check", input="WriteApprovalGate") as gate:
                with bind_trace("memory", "write", input="altitude.session") as write:
                    write.set_output("written", tokens_saved=45, number=number)
                gate.set_output("allowed", user_consent=True, number=number)
            span.set_output("success", reason="user requested tactical", number=number)


def spans(folder: Path, **settings: Any) -> Case:
    """Trees of three spans."""
    return Case(_trees, [Written(into(folder, **settings), numbered, TREE)], each=3)


def shown(folder: Path) -> Case:
    """The same, and the console draws them; what it still has to draw does not disturb the others' rounds."""
    start = partial(into, folder, console="always")
    return Case(_trees, [Written(start(), numbered, TREE)], each=3, prepare=start, rest=shutdown)


def span(folder: Path, *, recorded: bool = True, **settings: Any) -> Case:
    """One span for each number, which the settings may leave out of the record."""

    def work(numbers: range) -> None:
        for number in numbers:
            with bind_trace("altitude", "transition", input="L3→L2") as span:
                span.set_output("success", reason="user requested tactical", number=number)

    return Case(work, [Written(into(folder, **settings), numbered, ["transition"] * recorded)])


def event(folder: Path, *, recorded: bool = True, **settings: Any) -> Case:
    """One event for each number."""

    def work(numbers: range) -> None:
        for number in numbers:
            trace_event(
                "focus",
                "gate_check",
                input="WriteApprovalGate",
                output="allowed",
                user_consent=True,
                number=number,
            )

    return Case(work, [Written(into(folder, **settings), numbered, ["gate_check"] * recorded)])


def line(folder: Path, *, recorded: bool = True, **settings: Any) -> Case:
    """One line of a logger of ours for each number."""
    log = get_logger()

    def work(numbers: range) -> None:
        for number in numbers:
            log.info("plan ready", steps=3, number=number)

    return Case(work, [Written(into(folder, **settings), numbered, ["log"] * recorded)])
