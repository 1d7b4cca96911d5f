"""The floor: the line that ours would write, encoded by orjson and written with one `os.write`.

No durable line can cost less. Nothing is measured, minted, copied, masked or linked: all values but the
number are there already.
"""

from __future__ import annotations

import os
from os import write
from pathlib import Path
from typing import Any

from orjson import OPT_APPEND_NEWLINE as NEWLINE
from orjson import dumps

from benchmarks.case import TREE, Case, Line, Written

SAID: dict[str, dict[str, Any]] = {
    "transition": {"reason": "user requested tactical", "number": 0, "duration_us": 48},
    "gate_check": {"user_consent": True, "number": 0, "duration_us": 29},
    "write": {"tokens_saved": 45, "number": 0, "duration_us": 12},
    "event": {"user_consent": True, "number": 0},
    "log": {"steps": 3, "number": 0},
}
"""Metadata by what is written."""
HEADS = {
    "transition": ("alt_1705180800_a3f2b7c1", None, "altitude", "transition", "L3→L2", "success"),
    "gate_check": (
        *("foc_1705180800_b7c1d4e5", "alt_1705180800_a3f2b7c1"),
        *("focus", "gate_check", "WriteApprovalGate", "allowed"),
    ),
    "write": (
        *("mem_1705180800_h8i9f6g7", "foc_1705180800_b7c1d4e5"),
        *("memory", "write", "altitude.session", "written"),
    ),
    "event": ("foc_1705180800_b7c1d4e5", None, "focus", "gate_check", "WriteApprovalGate", "allowed"),
    "log": ("sys_1705180800_j0k1a3f2", None, "system", "log", "plan ready", ""),
}
"""By the same: ID, parent, layer, operation, input and output."""


def line(what: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """A line of ours, as a new dict with new metadata, all eleven keys in their order."""
    own, parent, layer, operation, given, made = HEADS[what]
    return {
        "trace_id": own,
        "parent_id": parent,
        "timestamp": "2026-01-13T14:00:00.123456+00:00",
        "hrm_layer": layer,
        "operation": operation,
        "component": "floor.py",
        "input_summary": given,
        "output_summary": made,
        "duration_ms": 0,
        "status": "success",
        "metadata": dict(SAID[what]) if metadata is None else metadata,
    }


def opened(path: Path) -> int:
    """The descriptor of a file that is written at its end."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def numbered(line: Any) -> Line:
    """A line whose number is among its metadata; the IDs are all the same."""
    return Line(line["metadata"]["number"], line["operation"])


def summarized(line: Any) -> Line:
    """A line whose number is its input."""
    return Line(int(line["input_summary"]), line["operation"])


def placed(line: Any) -> Line:
    """A line whose input is a number and a place."""
    number, _, place = line["input_summary"].partition(" ")
    return Line(int(number), place)


def spans(folder: Path) -> Case:
    """Trees of three spans."""
    path = folder / "floor.jsonl"
    descriptor = opened(path)

    def work(numbers: range) -> None:
        lines = [line(what) for what in TREE]
        for number in numbers:
            for each in lines:
                each["metadata"]["number"] = number
                write(descriptor, dumps(each, None, NEWLINE))

    return Case(work, [Written(path, numbered, TREE)], each=3)


def single(folder: Path, what: str) -> Case:
    """One line for each number: a `transition`, an `event` or a `log`."""
    path = folder / "floor.jsonl"
    descriptor = opened(path)

    def work(numbers: range) -> None:
        one = line(what)
        metadata = one["metadata"]
        for number in numbers:
            metadata["number"] = number
            write(descriptor, dumps(one, None, NEWLINE))

    return Case(work, [Written(path, numbered, [one_of(what)])])


def one_of(what: str) -> str:
    """The operation of a single line."""
    return HEADS[what][3]


def keys(folder: Path, count: int) -> Case:
    """One line for each number, with so many metadata keys."""
    path = folder / "floor.jsonl"
    descriptor = opened(path)

    def work(numbers: range) -> None:
        one = line("transition", {**made_up(count), "duration_us": 48})
        for number in numbers:
            one["input_summary"] = str(number)
            write(descriptor, dumps(one, None, NEWLINE))

    return Case(work, [Written(path, summarized, ["transition"])])


def made_up(count: int) -> dict[str, Any]:
    """So many keys: texts, whole numbers, fractions and truths, in turn."""
    values = ("user requested tactical", 1_024, 0.75, True)
    return {f"value_{place}": values[place % len(values)] for place in range(count)}


def nested(folder: Path, depth: int) -> Case:
    """As many lines for each number as ours has spans inside each other."""
    path = folder / "floor.jsonl"
    descriptor = opened(path)
    places = [str(place) for place in reversed(range(depth))]

    def work(numbers: range) -> None:
        one = line("gate_check")
        for number in numbers:
            for place in places:
                one["input_summary"] = f"{number} {place}"
                write(descriptor, dumps(one, None, NEWLINE))

    return Case(work, [Written(path, placed, places)], each=depth)


def tasks(folder: Path, count: int) -> Case:
    """Trees of three spans, from so many tasks at once, which let the others go on inside each span."""
    import asyncio  # not for the others, whose memory is looked at

    path = folder / "floor.jsonl"
    descriptor = opened(path)

    async def trees(numbers: range) -> None:
        lines = [line(what) for what in TREE]
        for number in numbers:
            for each in lines:
                await asyncio.sleep(0)
                each["metadata"]["number"] = number
                write(descriptor, dumps(each, None, NEWLINE))

    async def all_of(numbers: range) -> None:
        await asyncio.gather(*[trees(numbers[place::count]) for place in range(count)])

    return Case(
        lambda numbers: asyncio.run(all_of(numbers)),
        [Written(path, numbered, TREE)],
        each=3,
        streams=count,
    )
