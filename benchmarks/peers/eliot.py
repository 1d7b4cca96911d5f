"""eliot: an action writes two lines, one when it starts and one when it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eliot import log_message, start_action, to_file

from benchmarks.case import TREE, Case, Line, Written


def _into(folder: Path) -> Path:
    path = folder / "eliot.jsonl"
    to_file(path.open("ab"))  # flushes each line
    return path


def _read(line: Any) -> Line | None:
    """Starts carry no number, or each action would have three fields."""
    return None if line.get("action_status") == "started" else Line(line["number"], _place(line))


def _place(line: Any) -> str:
    place: str = line.get("action_type", "") or line["message_type"]
    return place


def spans(folder: Path) -> Case:
    """Trees of three actions."""

    def work(numbers: range) -> None:
        for number in numbers:
            with start_action(action_type="transition", input="L3→L2") as span:
                with start_action(action_type="gate_check", input="WriteApprovalGate") as gate:
                    with start_action(action_type="write", input="altitude.session") as write:
                        write.add_success_fields(output="written", tokens_saved=45, number=number)
                    gate.add_success_fields(output="allowed", user_consent=True, number=number)
                span.add_success_fields(output="success", reason="user requested tactical", number=number)

    return Case(work, [Written(_into(folder), _read, TREE, others=3)], each=3)


def event(folder: Path) -> Case:
    """One message for each number."""

    def work(numbers: range) -> None:
        for number in numbers:
            log_message(
                "gate_check",
                input="WriteApprovalGate",
                output="allowed",
                user_consent=True,
                number=number,
            )

    return Case(work, [Written(_into(folder), _read, ["gate_check"])])
