"""`make bench`: a span, an event and a line beside the cheapest durable write there is."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

import orjson

import dopejar_tracing
from benchmarks import console
from benchmarks.measure import Case, Result, measure
from dopejar_tracing import bind_trace, configure, get_logger, trace_event
from dopejar_tracing.model.event import KEYS

LIMITS = {"span": 12.0, "span, disabled": 0.5}
"""What must hold, as ratios to the floor."""
TIMES, ROUNDS = 5_000, 15


def cases(folder: Path) -> list[Case]:
    """The floor first: the same line, encoded by orjson and written with one os.write."""
    line = {
        "trace_id": "alt_1705180800_a3f2b7c1",
        "parent_id": None,
        "timestamp": "2026-01-13T14:00:00.123456+00:00",
        "hrm_layer": "altitude",
        "operation": "transition",
        "component": "__main__.py",
        "input_summary": "L3→L2",
        "output_summary": "success",
        "duration_ms": 0,
        "status": "success",
        "metadata": {"reason": "user requested tactical", "turns": 3, "duration_us": 12},
    }
    number = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def floor(times: int) -> None:
        for _ in range(times):
            os.write(number, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def span(times: int) -> None:
        for _ in range(times):
            with bind_trace("altitude", "transition", input="L3→L2") as span:
                span.set_output("success", reason="user requested tactical", turns=3)

    def event(times: int) -> None:
        for _ in range(times):
            trace_event(
                "altitude",
                "transition",
                input="L3→L2",
                output="success",
                reason="user requested tactical",
                turns=3,
            )

    log = get_logger()

    def plain_line(times: int) -> None:
        for _ in range(times):
            log.info("L3→L2", reason="user requested tactical", turns=3)

    def on() -> None:
        configure(enabled=True, output=folder / "ours.jsonl", console="never")

    def above() -> None:
        configure(enabled=True, output=folder / "ours.jsonl", console="never", level="error")

    def off() -> None:
        configure(enabled=False)

    return [
        Case("floor: orjson + os.write", floor),
        Case("span", span, on),
        Case("event", event, on),
        Case("structlog line", plain_line, on),
        Case("span, below its level", span, above),
        Case("span, disabled", span, off),
        Case("event, disabled", event, off),
    ]


def table(results: list[Result]) -> str:
    """The results as Markdown, with their ratios to the first."""
    floor = results[0]
    rows = [
        f"| {result.name} | {result.best:.2f} | {result.median:.2f} | {result.best / floor.best:.2f} |"
        f" {result.median / floor.median:.2f} | {LIMITS.get(result.name, '')} |"
        for result in results
    ]
    head = [
        "| | best µs | median µs | × floor, best | × floor, median | at most |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    return "\n".join(head + rows)


def check(folder: Path) -> None:
    """Every line that was to be written is there, whole; else the figures mean nothing."""
    lines = [orjson.loads(text) for text in (folder / "ours.jsonl").read_bytes().splitlines()]
    expected = 3 * TIMES * (ROUNDS + 1)
    if len(lines) != expected or any(tuple(line) != KEYS for line in lines):
        sys.exit(f"{len(lines)} lines in the file, {expected} were traced: the figures are void")


def main() -> None:
    """Measure, check, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = measure(cases(folder), times=TIMES, rounds=ROUNDS)
        dopejar_tracing.shutdown()
        check(folder)
    print(f"CPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores\n")
    print(table(results))
    floor = results[0]
    missed = [
        result.name for result in results if result.best / floor.best > LIMITS.get(result.name, float("inf"))
    ]
    missed += console.main()
    if missed:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
