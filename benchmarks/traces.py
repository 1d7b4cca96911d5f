"""Traces as an assistant writes them, as large as wanted, and what is in them.

A file is made of chunks of 1,000 lines, which come from 100 templates: requests of 1 to 12 spans and events
that run side by side, each line where its span ends, so children stand before their parents. What differs
between two chunks of one template is the second, in every ID and timestamp; so ten million lines take about
a minute, and no ID comes twice. By itself: `python -m benchmarks.traces FOLDER LINES`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from dopejar_tracing.model.ids import DIGITS, SHORT_IDS

LINES = 1_000
"""In a chunk."""
TEMPLATES = 100
SEED = 20_260_113
BEGAN = 1_768_312_800
"""2026-01-13T14:00:00Z"""
RATE = 40
"""Lines in a second."""
ERRORS, BLOCKED = 0.02, 0.03

Metadata = Callable[[Random], dict[str, Any]]


class Point(NamedTuple):
    """What a line is made of."""

    layer: str
    prefix: str
    operation: str
    component: str
    given: Sequence[str]
    came: Sequence[str]
    metadata: Metadata
    micros: int = 0
    """How long it takes itself, about; 0: an event."""


POINTS = (
    Point(
        "altitude", "alt", "transition", "altitude.py", ["L3→L2", "L2→L1", "L4→L3"], ["done", "held back"],
        lambda some: {"reason": some.choice(["asked", "plan is done"]), "turns": some.randint(1, 9)}, 900,
    ),
    Point(
        "altitude", "alt", "plan", "altitude.py", ["week 3", "to Ana"], ["3 steps", "1 step"],
        lambda some: {"intent": some.choice(["organise", "answer"])}, 80_000,
    ),
    Point(
        "focus", "foc", "gate_check", "gates.py", ["WriteGate", "ConsentGate"], ["allowed", "allowed → once"],
        lambda some: {"asked": some.randint(0, 3)}, 300,
    ),
    Point(
        "focus", "foc", "route", "router.py", ["question", "reminder"], ["planning"],
        lambda some: {"agents": some.randint(1, 4)}, 4_000,
    ),
    Point(
        "reasoning", "rsn", "classify", "classify.py", ["“when is it?”", "“on Friday”"], ["tactical", "deep"],
        lambda some: {"confidence": some.randint(40, 99) / 100}, 350_000,
    ),
    Point(
        "reasoning", "rsn", "escalate", "classify.py", ["L1→L2"], [""],
        lambda some: {"trigger": some.choice(["unsure", "two failures"]), "attempt": some.randint(1, 3)},
    ),
    Point(
        "learning", "lrn", "pattern_match", "patterns.py", ["evening review", "inbox zero"], ["matched"],
        lambda some: {"pattern_code": f"P-{some.randint(100, 999)}"}, 2_000,
    ),
    Point(
        "memory", "mem", "write", "manager.py", ["session", "people.ana"], ["warm"],
        lambda some: {"tokens_saved": some.randint(0, 99)}, 1_500,
    ),
    Point(
        "memory", "mem", "read", "manager.py", ["people.ana"], ["1 item", "12 items"],
        lambda some: {"tier": some.choice(["hot", "cold"]), "hit": some.random() < 0.8},
    ),
    Point(
        "system", "sys", "timer", "clock.py", ["tick", "evening review"], ["done"],
        lambda some: {"late_ms": some.randint(0, 40)}, 700,
    ),
)  # fmt: skip
SPANS = [point for point in POINTS if point.micros]


class Query(NamedTuple):
    """What is looked for, in words of `dopejar-trace view`, and how the generator knows it."""

    options: Sequence[str]
    holds: Callable[[dict[str, Any]], bool]


RARE = 'metadata.tokens_saved > 98 and status != "success"'
GREP = "no consent|disk full"
QUERIES = {
    "status": Query(["--status", "error"], lambda event: event["status"] == "error"),
    "where": Query(
        ["--where", RARE],
        lambda event: event["metadata"].get("tokens_saved", 0) > 98 and event["status"] != "success",
    ),
    "grep": Query(
        ["--grep", GREP],
        lambda event: (
            (event["metadata"].get("reason"), event["metadata"].get("error"))
            in {("no consent", None), (None, "disk full")}
        ),
    ),
}


class Node:
    """A span or event of a template.

    Attributes:
        second: in which it began, of its chunk.
        end: µs from the beginning of the chunk, when its line is written.
        line: the eleven fields; IDs and timestamps with marks where the second belongs.
        above: what it hangs under, the nearest first.
    """

    def __init__(self, point: Point, start: int, parent: Node | None) -> None:
        self.point = point
        self.start = self.end = start
        self.parent = parent
        self.children: list[Node] = []
        self.second = 0
        self.random = ""
        self.line: dict[str, Any] = {}

    @property
    def above(self) -> Iterator[Node]:
        """What it hangs under, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    @property
    def fails(self) -> bool:
        """Whether it ended in an error."""
        return bool(self.line["status"] == "error")

    @property
    def tree(self) -> list[Node]:
        """It and all below."""
        return [self, *(node for child in self.children for node in child.tree)]

    def marked_id(self) -> str:
        """Its ID, with a mark for the second."""
        return f"{self.point.prefix}_\0{2 * self.second}\0_{self.random}"

    def stamped_id(self, began: int) -> bytes:
        """Its ID in the chunk that began then."""
        return f"{self.point.prefix}_{began + self.second}_{self.random}".encode()


class Chunk(NamedTuple):
    """A template: what stands between the seconds, and which second stands where."""

    pieces: list[bytes]
    slots: list[int]
    """Twice the second for an ID, one more for a timestamp."""
    nodes: list[Node]
    """In the order of their lines."""
    seconds: int

    def stamped(self, began: int) -> bytes:
        """The lines of the chunk that began then."""
        stamps: list[bytes] = []
        for second in range(began, began + self.seconds):
            moment = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            stamps += [str(second).encode(), moment.encode()]
        parts = self.pieces.copy()
        parts[1::2] = [stamps[slot] for slot in self.slots]
        return b"".join(parts)


@cache
def templates() -> list[Chunk]:
    """All of them."""
    return [_chunk(Random(SEED + number)) for number in range(TEMPLATES)]


def _chunk(some: Random) -> Chunk:
    roots: list[Node] = []
    left = LINES
    while left:
        count = min(left, some.randint(1, 12))
        roots.append(_request(some, count, some.randrange(LINES * 1_000_000 // RATE)))
        left -= count
    nodes = sorted((node for root in roots for node in root.tree), key=lambda node: node.end)
    _name(some, nodes)
    for node in nodes:
        node.line = _line(some, node)
    text = "".join(f"{json.dumps(node.line, ensure_ascii=False, separators=(',', ':'))}\n" for node in nodes)
    pieces = text.replace("\\u0000", "\0").split("\0")
    slots = list(map(int, pieces[1::2]))
    return Chunk([piece.encode() for piece in pieces], slots, nodes, max(slots) // 2 + 1)


def _request(some: Random, count: int, start: int) -> Node:
    """A root with what happens in it, one after the other."""
    root = Node(some.choice(SPANS), start, None)
    spans = [root]
    for _ in range(count - 1):
        parent = some.choice(spans[-4:])
        child = Node(some.choice(POINTS), 0, parent)
        parent.children.append(child)
        if child.point.micros:
            spans.append(child)
    _run(some, root)
    return root


def _run(some: Random, node: Node) -> None:
    step = node.point.micros // (len(node.children) + 1)
    at = node.start + some.randint(1, step + 2)
    for child in node.children:
        child.start = at
        _run(some, child)
        at = child.end + some.randint(1, step + 2)
    node.end = at if node.point.micros else node.start


def _name(some: Random, nodes: list[Node]) -> None:
    """Random parts of IDs, of four characters for the first of a second, then of eight."""
    taken: dict[int, set[str]] = {}
    for node in sorted(nodes, key=lambda node: node.start):
        node.second = node.start // 1_000_000
        names = taken.setdefault(node.second, set())
        while not node.random or node.random in names:
            node.random = "".join(some.choices(DIGITS, k=4 if len(names) < SHORT_IDS else 8))
        names.add(node.random)


def _line(some: Random, node: Node) -> dict[str, Any]:
    point = node.point
    metadata = point.metadata(some)
    output, status = some.choice(point.came), "success"
    dice = some.random()
    if dice < ERRORS:
        output, status = "", "error"
        error = some.choice(["disk full", "the model did not answer", "no such key"])
        metadata |= {
            "error": error,
            "error_type": "OSError",
            "error_at": f"{point.component}:{some.randint(9, 400)}",
        }
        metadata.pop("reason", None)
    elif dice < ERRORS + BLOCKED:
        output, status = "denied", "blocked"
        metadata["reason"] = some.choice(["no consent", "not in this lane"])
    if point.micros:
        metadata["duration_us"] = node.end - node.start
    return {
        "trace_id": node.marked_id(),
        "parent_id": node.parent.marked_id() if node.parent else None,
        "timestamp": f"\0{2 * node.second + 1}\0.{node.start % 1_000_000:06}+00:00",
        "hrm_layer": point.layer,
        "operation": point.operation,
        "component": point.component,
        "input_summary": some.choice(point.given),
        "output_summary": output,
        "duration_ms": (node.end - node.start) // 1_000,
        "status": status,
        "metadata": metadata,
    }  # fmt: skip


# --- files ---------------------------------------------------------------------------------------------


class IdSet(msgspec.Struct):
    """So much of a set of IDs that two can be compared, however large they are."""

    count: int = 0
    digest: int = 0

    def add(self, trace_id: bytes) -> None:
        """Add one, which is not in it yet."""
        self.count += 1
        self.digest = (self.digest + _hash(trace_id)) % (1 << 63)


def _hash(trace_id: bytes) -> int:
    return int.from_bytes(blake2b(trace_id, digest_size=7).digest(), "big")


def id_set(trace_ids: Iterable[bytes]) -> IdSet:
    """The set of these."""
    made = IdSet()
    for trace_id in trace_ids:
        made.add(trace_id)
    return made


class Expected(msgspec.Struct):
    """What a command must find."""

    matches: IdSet
    trees: IdSet
    """The matches and what they are part of."""


class Trace(msgspec.Struct):
    """A file and what is in it."""

    path: str
    lines: int
    size: int
    """Bytes."""
    middle: str
    """ID of the root of a request in the middle of the file."""
    first: str
    """ID of the first line."""
    expected: dict[str, Expected]
    """Of each of `QUERIES`, of `all`, of `first`, of `last` (the last 100) and of `middle`."""


def trace(folder: Path, lines: int) -> Trace:
    """A file of so many lines, a multiple of 1,000; made if it is not there."""
    note = _path(folder, lines).with_suffix(".json")
    if not note.exists():  # in a process of its own: what it needs would count as the measured ones'
        subprocess.run([sys.executable, "-m", "benchmarks.traces", str(folder), str(lines)], check=True)
    return msgspec.json.decode(note.read_bytes(), type=Trace)


def _path(folder: Path, lines: int) -> Path:
    """Where it is; another place for each version of this module."""
    return folder / f"trace-{lines}-{zlib.crc32(Path(__file__).read_bytes()):08x}.jsonl"


def _write(path: Path, lines: int) -> Trace:
    found = {name: Expected(IdSet(), IdSet()) for name in [*QUERIES, "all", "first", "last", "middle"]}
    chunks = list(_chunks(lines))
    with path.open("wb") as file:
        for chunk, began in chunks:
            file.write(chunk.stamped(began))
            for name, (matched, shown) in _found(chunk).items():
                _add(found[name].matches, matched, began)
                _add(found[name].trees, shown, began)
    chunk, began = chunks[0]
    first = chunk.nodes[0]
    _add(found["first"].matches, [first], began)
    _add(found["first"].trees, _with_above([first]), began)
    chunk, began = chunks[-1]
    last = chunk.nodes[-100:]
    _add(found["last"].matches, last, began)
    _add(found["last"].trees, _with_above(last), began)
    chunk, began = chunks[len(chunks) // 2]
    root = max((node for node in chunk.nodes if node.parent is None), key=lambda node: len(node.tree))
    for ids in (found["middle"].matches, found["middle"].trees):
        _add(ids, root.tree, began)
    return Trace(
        str(path),
        lines,
        path.stat().st_size,
        root.stamped_id(began).decode(),
        first.stamped_id(BEGAN).decode(),
        found,
    )


def _chunks(lines: int) -> Iterator[tuple[Chunk, int]]:
    """The chunks of a file and when each began."""
    began = BEGAN
    for number in range(lines // LINES):
        chunk = templates()[number % TEMPLATES]
        yield chunk, began
        began += chunk.seconds


@cache
def _found_in(number: int) -> dict[str, tuple[list[Node], list[Node]]]:
    nodes = templates()[number].nodes
    found = {"all": (nodes, nodes)}
    for name, query in QUERIES.items():
        matched = [node for node in nodes if query.holds(node.line)]
        found[name] = matched, _with_above(matched)
    return found


def _found(chunk: Chunk) -> dict[str, tuple[list[Node], list[Node]]]:
    """Of each query, what matches and what a tree shows."""
    return _found_in(next(at for at, each in enumerate(templates()) if each is chunk))


def _with_above(matched: list[Node]) -> list[Node]:
    return list({node: None for match in matched for node in (match, *match.above)})


def _add(ids: IdSet, nodes: list[Node], began: int) -> None:
    for node in nodes:
        ids.add(node.stamped_id(began))


# --- the same for eliot --------------------------------------------------------------------------------


class EliotLog(msgspec.Struct):
    """A log of eliot's: the same requests, a span as the two messages of an action."""

    path: str
    lines: int
    tasks: int
    spans: int
    failed: int
    """Spans that failed."""
    middle: str
    """UUID of a task in the middle."""


def eliot_log(folder: Path, lines: int) -> EliotLog:
    """A log of so many lines, or a few more."""
    note = _path(folder, lines).with_suffix(".eliot.json")
    if not note.exists():
        subprocess.run(
            [sys.executable, "-m", "benchmarks.traces", str(folder), str(lines), "eliot"], check=True
        )
    return msgspec.json.decode(note.read_bytes(), type=EliotLog)


def _write_eliot(folder: Path, lines: int) -> EliotLog:
    path = _path(folder, lines).with_suffix(".eliot")
    log = EliotLog(str(path), 0, 0, 0, 0, "")
    with path.open("w") as file:
        for chunk, began in _chunks(lines):
            if log.lines >= lines:
                break
            messages: list[dict[str, Any]] = []
            for root in (node for node in chunk.nodes if node.parent is None):
                task = root.stamped_id(began).decode()
                messages += _messages(root, task, [1], began)
                log.tasks += 1
                log.spans += sum(bool(node.point.micros) for node in root.tree)
                log.failed += sum(bool(node.point.micros) and node.fails for node in root.tree)
                log.middle = task if log.lines <= lines // 2 else log.middle
            messages.sort(key=lambda message: message["timestamp"])
            file.writelines(f"{json.dumps(message)}\n" for message in messages)
            log.lines += len(messages)
    return log


def _messages(node: Node, task: str, level: list[int], began: int) -> Iterator[dict[str, Any]]:
    """What eliot writes of a span or event whose first message has that level."""
    line = node.line
    name = f"{line['hrm_layer']}:{line['operation']}"
    common = {"task_uuid": task, "component": line["component"]}
    start = {"timestamp": began + node.start / 1e6, "task_level": level, "input": line["input_summary"]}
    if not node.point.micros:
        yield common | start | {"message_type": name, "status": line["status"]} | line["metadata"]
        return
    *above, _ = level
    yield common | start | {"action_type": name, "action_status": "started"}
    place = 1
    for place, child in enumerate(node.children, 2):
        yield from _messages(child, task, [*above, place] + [1] * bool(child.point.micros), began)
    yield (
        common
        | line["metadata"]
        | {
            "timestamp": began + node.end / 1e6,
            "task_level": [*above, place + 1],
            "action_type": name,
            "action_status": "failed" if node.fails else "succeeded",
            "output": line["output_summary"],
        }
    )


def main(folder: Path, lines: int, *, eliot: bool = False) -> None:
    """Make a file, and beside it the note of what is in it."""
    path = _path(folder, lines)
    made = _write_eliot(folder, lines) if eliot else _write(path, lines)
    path.with_suffix(".eliot.json" if eliot else ".json").write_bytes(msgspec.json.encode(made))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), eliot="eliot" in sys.argv[3:])
