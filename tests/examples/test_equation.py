"""What the assistant says that it decided, against what the trace says: one equation.

The journal and the state are the assistant's own, written with tracing on or off. Each entry is translated
into the line that it must have, with all that the line hangs on; each line is read the same way. Both are
multisets of such paths, so that a line too many, one too few, or one in a wrong place tips the balance.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from examples.driver import (
    CONVERSATIONS,
    EVERYTHING,
    EXAMPLES,
    Entry,
    Terminal,
    converse,
    journal,
    said_in,
    state,
    tear,
)
from helpers import Line, clean_environment, read_lines

Decision = tuple[object, ...]
"""Name of the point, status, values of its fields in alphabetical order, and the decision it hangs on."""

FIELDS = {
    "turn": "number",
    "consent_check": "operation allowed",
    "classify": "input_type",
    "reasoning.route": "strategy",
    "escalate": "from_level to_level",
    "transition": "from_level to_level",
    "plan": "altitude intent",
    "evaluate": "altitude verdict",
    "focus.route": "signal_type",
    "execute": "altitude action_type",
    "stance_change": "from_stance to_stance",
    "gate_check": "gate_type decision",
    "lane_switch": "from_lane to_lane",
    "pattern_match": "pattern_code",
    "pattern_add": "pattern_code",
    "pattern_trim": "pattern_code",
    "generalize": "to_pattern",
    "read": "namespace key tier",
    "write": "namespace key tier tokens_saved",
    "promote": "key from_tier to_tier",
    "demote": "key from_tier to_tier",
}
"""What of a line the assistant knows of its own."""
LEARNED = {
    "matched": "pattern_match",
    "added": "pattern_add",
    "trimmed": "pattern_trim",
    "generalized": "generalize",
}
REFUSED = {"blocked", "denied", "rejected"}
BLOCKED = {"transition", "evaluate", "execute", "stance_change", "gate_check", "lane_switch", "consent_check"}
FAILED = {"read", "write", "promote", "demote", "execute", "gate_check"}


class Host:
    """The journal, as the lines that it demands."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._turns = sorted({entry["turn"] for entry in entries})

    def decisions(self, last_turn: int) -> Iterator[Decision]:
        """All of them, the turns included: each has one root, also one in which nothing was decided."""
        for turn in range(1, last_turn + 1):
            entries = [entry for entry in self._entries if entry["turn"] == turn]
            failed = any(entry.get("verdict") == "failed" for entry in entries)
            root = ("turn", "error" if failed else "success", (turn,), None)
            yield root
            for at in range(len(entries)):
                yield from _lines_of(entries, at, root)


def _lines_of(entries: list[Entry], at: int, root: Decision) -> Iterator[Decision]:
    """The lines that an entry demands; some entries stand for a decision that is traced in two steps."""
    own = _line_of(entries, at, root)
    entry = entries[at]
    if entry["kind"] == "strategy":
        yield "classify", "success", (entry["signal"],), root
    if entry["kind"] == "plan":
        plan = ("plan", "success", (entry["level"], entry["signal"]), root)
        yield plan
        yield "focus.route", "success", (entry["signal"],), plan
    yield own


def _line_of(entries: list[Entry], at: int, root: Decision) -> Decision:
    holder = _holder(entries, at)
    parent = root if holder is None else _line_of(entries, holder, root)
    entry = entries[at]
    status = _status(entries, at)
    values: tuple[object, ...]
    match entry:
        case {"kind": "consent"}:
            name, values = "consent_check", (entry["operation"], entry["allowed"])
        case {"kind": "strategy"}:
            name, values = "reasoning.route", (entry["strategy"],)
        case {"kind": "plan"}:
            name, values = "evaluate", (entry["level"], entry["verdict"])
        case {"kind": "deed"}:
            name, values = "execute", (entry["level"], entry["signal"])
        case {"kind": "gate"}:
            decision = None if entry["verdict"] == "failed" else entry["verdict"]
            name, values = "gate_check", (entry["gate"], decision)
        case {"kind": "pattern"}:
            name, values = LEARNED[entry["verdict"]], (entry["code"],)
        case {"kind": "read"}:
            name, values = "read", (entry["namespace"], entry["key"], entry["tier"])
        case {"kind": "write"}:
            name = "write"
            values = (entry["namespace"], entry["key"], entry["tier"], entry.get("saved"))
        case {"kind": ("promote" | "demote") as name}:
            values = (entry["key"], entry["from_tier"], entry["to_tier"])
        case _:
            names = {
                "escalation": "escalate",
                "level": "transition",
                "stance": "stance_change",
                "lane": "lane_switch",
            }
            name, values = names[entry["kind"]], (entry["before"], entry["after"])
    return name, status, values, parent


def _status(entries: list[Entry], at: int) -> str:
    verdict = entries[at].get("verdict")
    refused = verdict in REFUSED or entries[at].get("allowed") is False
    # The gate before a memory says its verdict first; the write that it let through may fail all the same.
    let_through = entries[at].get("wish") and verdict == "allowed"
    inside = entries[at + 1 : at + 3] if let_through else []
    failed = verdict == "failed" or any(
        entry["kind"] in {"write", "promote"} and entry["verdict"] == "failed" for entry in inside
    )
    return "error" if failed else "blocked" if refused else "success"


def _holder(entries: list[Entry], at: int) -> int | None:
    """The entry whose line the line of this one must hang on; None: the turn.

    An entry stands behind those of what was done in its course. The gate before a memory is the exception:
    its verdict stands before what it lets through.
    """
    entry = entries[at]
    if entry["kind"] == "write" or (entry["kind"] == "promote" and entries[at - 1].get("wish")):
        return max(earlier for earlier in range(at) if entries[earlier].get("wish"))
    if entry["kind"] == "promote":
        return _holder(entries, at - 1)
    if entry["kind"] == "read":
        return (
            _next(entries, at, {"read", "promote"}, "gate")
            if _commits(entries, at)
            else _later(entries, at, "deed")
        )
    if entry["kind"] == "level":
        return _later(entries, at, "lane")
    if entry["kind"] == "gate" and "wish" not in entry:
        return _later(entries, at, "stance")
    if entry["kind"] == "gate" and entry["wish"] == "altitude.session":
        level = _next(entries, at, {"write", "promote"}, "level")
        return _later(entries, at, "lane") if level is None else level
    if entry["kind"] == "gate":
        deed = _later(entries, at, "deed")
        return _later(entries, at, "lane") if deed is None else deed
    return None


def _commits(entries: list[Entry], at: int) -> bool:
    gate = _next(entries, at, {"read", "promote"}, "gate")
    return gate is not None and entries[gate]["gate"] == "CommitmentGate"


def _next(entries: list[Entry], at: int, passing: set[str], kind: str) -> int | None:
    """The next entry that is not of the kinds to pass by, if it is of this kind."""
    later = (place for place in range(at + 1, len(entries)) if entries[place]["kind"] not in passing)
    found = next(later, None)
    return found if found is not None and entries[found]["kind"] == kind else None


def _later(entries: list[Entry], at: int, kind: str) -> int | None:
    return next((place for place in range(at + 1, len(entries)) if entries[place]["kind"] == kind), None)


def decisions_traced(lines: list[Line]) -> Iterator[Decision]:
    """The lines, each with all that it hangs on."""
    by_id = {line["trace_id"]: line for line in lines}

    def decision(line: Line) -> Decision:
        name = line["operation"]
        name = f"{line['hrm_layer']}.{name}" if name == "route" else name
        values = tuple(line["metadata"].get(field) for field in FIELDS[name].split())
        parent = None if line["parent_id"] is None else decision(by_id[line["parent_id"]])
        return name, line["status"], values, parent

    return map(decision, lines)


def converse_by_hand(folder: Path, said: str, *arguments: str) -> None:
    """The same at a terminal."""
    terminal = Terminal(folder, *arguments)
    terminal.prompted()
    for line in said.splitlines():
        terminal.say(line)
    terminal.type("\x04")
    assert terminal.ended() == 0


@pytest.fixture(scope="class", params=[converse, converse_by_hand])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which all conversations were led, one after the other."""
    folder = tmp_path_factory.mktemp("told")
    for name in CONVERSATIONS:
        if name == "torn":
            tear(folder)
        request.param(folder, said_in(name), *EVERYTHING)
    return folder


def _named(shown: str, addresses: Iterable[str]) -> str:
    """The address that a line means; what was shown while consent was revoked is only as long as it."""
    for address in addresses:
        namespace, _, key = address.partition(".")
        if shown in {address, f"{namespace}.{len(key)} characters"}:
            return address
    raise AssertionError(shown)


class TestEquation:
    """The four conversations, through a pipe and at a terminal."""

    def test_decisions(self, told: Path) -> None:
        """For every decision of the assistant there is one line under the right parent, and no other line."""
        lines = read_lines(told / "trace.jsonl")
        decided = Counter(Host(journal(told)).decisions(state(told)["turn"]))
        traced = Counter(decisions_traced(lines))
        assert decided - traced == Counter()
        assert traced - decided == Counter()

    def test_state(self, told: Path) -> None:
        """The lines, played back, lead to where the assistant stands: level, stance, lane, each memory."""
        level, stance, lane, tiers = "L3", "sensemaking", "main", dict[str, str]()
        for line in read_lines(told / "trace.jsonl"):
            data = line["metadata"]
            match line["operation"] if line["status"] == "success" else "":
                case "transition":
                    assert data["from_level"] == level
                    level = data["to_level"]
                case "stance_change":
                    assert data["from_stance"] == stance
                    stance = data["to_stance"]
                case "lane_switch":
                    _, _, lane = _named(f"lanes.{data['to_lane']}", [*tiers, "lanes.main"]).partition(".")
                case "write":
                    address = f"{data['namespace']}.{data['key']}"
                    assert tiers.setdefault(address, data["tier"]) == data["tier"]
                case "promote" | "demote":
                    address = _named(data["key"], tiers)
                    assert tiers[address] == data["from_tier"]
                    tiers[address] = data["to_tier"]
        now = state(told)
        assert (now["level"], now["stance"], now["lane"]) == (level, stance, lane)
        kept = {address: place["tier"] for address, place in now["places"].items()}
        assert kept.items() <= tiers.items()
        for address, tier in kept.items():
            namespace, _, key = address.partition(".")
            files = (told / "memory").glob(f"*/{namespace}.json")
            assert [path.parent.name for path in files if key in json.loads(path.read_bytes())] == [tier]

    def test_coverage(self, told: Path) -> None:
        """All points fire, all their fields are filled at some time, and each fails that can."""
        done = subprocess.run(
            [sys.executable, "-m", "dopejar_tracing", "points", "--seen", str(told / "trace.jsonl")],
            capture_output=True, text=True, timeout=300, env=clean_environment(),
        )  # fmt: skip
        assert done.returncode == 0
        assert done.stdout.endswith("20 of 20 points seen\n")
        assert "always empty" not in done.stdout
        lines = read_lines(told / "trace.jsonl")
        assert {line["operation"] for line in lines if line["status"] == "blocked"} == BLOCKED
        assert {line["operation"] for line in lines if line["status"] == "error"} == FAILED | {"turn"}
        gates = {line["input_summary"] for line in lines if line["output_summary"] == "denied"}
        assert gates == {
            "WriteApprovalGate", "FramingGate", "CommitmentGate", "EvaluationGate", "EmergencyGate",
        }  # fmt: skip

    def test_fields(self, told: Path) -> None:
        """What succeeded carries all its fields, and none that its point does not know."""
        for line in read_lines(told / "trace.jsonl"):
            if line["status"] == "success":
                assert not {"missing_fields", "unknown_fields", "template_error"} & line["metadata"].keys(), (
                    line
                )


class TestDemo:
    """`make demo`."""

    def test_demo(self) -> None:
        """It ends well, with all points seen."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", str(EXAMPLES / "demo.sh")],
            capture_output=True, text=True, timeout=300,
            env=clean_environment({"PATH": path, "EXAMPLES": str(EXAMPLES)}),
        )  # fmt: skip
        assert done.returncode == 0
        assert done.stdout.endswith("20 of 20 points seen\n")
        assert "Traceback" not in done.stderr
