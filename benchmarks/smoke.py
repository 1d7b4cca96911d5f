"""`make bench-smoke`: fails when a change makes a span, an event or a line twice as dear.

Two figures for each, beside those on record in `smoke.json`, which has them for each version of Python:

- instructions, where there is valgrind. They are the same on every run to a thousandth, whatever else the
  machine does.
- time, as the ratio to the floor's in one interleaved run.

`--record` writes what is found into the file instead.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchmarks.case import Contender
from benchmarks.commands import VoidError, table
from benchmarks.instructions import instructions, is_countable
from benchmarks.measure import measure

FILE = Path(__file__).with_name("smoke.json")
INSTRUCTIONS, TIME = 2.0, 3.0
"""Times the figure on record, at most."""
TIMES, ROUNDS = 3_000, 7
FLOOR = "floor"
OFF, BELOW = {"recorded": False, "enabled": False}, {"recorded": False, "level": "error"}
CONTENDERS = [
    Contender(FLOOR, "floor.single", {"what": "transition"}),
    Contender("span", "ours.span"),
    Contender("event", "ours.event"),
    Contender("plain line", "ours.line"),
    Contender("span, disabled", "ours.span", OFF),
    Contender("event, disabled", "ours.event", OFF),
    Contender("span below its level", "ours.span", BELOW),
]


class Figures(msgspec.Struct, frozen=True):
    """What one of them costs.

    Attributes:
        instructions: of one; 0 if they were not counted.
        time: of one, in times of the floor's.
    """

    instructions: float
    time: float


Record = Mapping[str, Figures]
"""By label."""


def take(folder: Path) -> dict[str, Figures]:
    """Count and time all of them."""
    counted = instructions(CONTENDERS, folder) if is_countable() else {}
    results = measure(CONTENDERS, folder, times=TIMES, rounds=ROUNDS)
    floor = results[0].best
    return {each.name: Figures(counted.get(each.name, 0.0), each.best / floor) for each in results}


def recorded() -> dict[str, dict[str, Figures]]:
    """The file: by version of Python, then by label."""
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, dict[str, Figures]])


def this_python() -> str:
    """Its version, `x.y`."""
    return ".".join(platform.python_version_tuple()[:2])


def record_for(version: str, records: Mapping[str, Record]) -> tuple[str, Record]:
    """The record of this version of Python; else of the one that is nearest, and which one that is."""

    def distance(other: str) -> int:
        return abs(int(other.partition(".")[2]) - int(version.partition(".")[2]))

    nearest = min(records, key=distance)
    return nearest, records[nearest]


def compare(found: Record, record: Record, scale: float) -> list[str]:
    """Print a table; what is dearer than it may be.

    Args:
        found: now.
        record: before.
        scale: instructions that this Python takes for one of the recorded one's.
    """
    rows, missed = [], []
    for label, now in found.items():
        before = record.get(label)
        if before is None:
            missed.append(f"{label}: not on record")
            continue
        counted = now.instructions / (before.instructions * scale)
        timed = now.time / before.time
        counts = [f"{now.instructions:,.0f}", f"{counted:.2f}"] if counted else ["not counted", ""]
        rows.append([label, *counts, f"{INSTRUCTIONS:g}", f"{now.time:.2f}", f"{timed:.2f}", f"{TIME:g}"])
        if counted > INSTRUCTIONS:
            missed.append(f"{label}: {counted:.2f} × the instructions on record")
        if timed > TIME:
            missed.append(f"{label}: {timed:.2f} × the time on record")
    head = ["instructions", "× record", "at most", "time, × floor", "× record", "at most"]
    table([f"Python {this_python()}", *head], rows)
    return missed


def main() -> None:
    """Take the figures; record them, or compare them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smoke", description=__doc__)
    parser.add_argument("--record", action="store_true", help=f"write the figures into {FILE.name}")
    given = parser.parse_args()
    if given.record and not is_countable():
        sys.exit("valgrind is needed for a record")
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = take(Path(folder))
    except VoidError as error:
        sys.exit(str(error))
    records = recorded() if FILE.exists() else {}
    version = this_python()
    if given.record:
        records[version] = {
            label: Figures(round(each.instructions), round(each.time, 2)) for label, each in found.items()
        }
        ordered = dict(sorted(records.items(), key=lambda item: int(item[0].partition(".")[2])))
        FILE.write_bytes(msgspec.json.format(msgspec.json.encode(ordered)) + b"\n")
    nearest, record = record_for(version, records)
    scale = 1.0
    if nearest != version:
        scale = found[FLOOR].instructions / record[FLOOR].instructions or 1.0
        print(f"No record of Python {version}: beside that of {nearest}, times what the floor takes here.")
    missed = compare(found, record, scale)
    if missed:
        sys.exit("\n".join(["", "dearer than it may be:", *missed]))


if __name__ == "__main__":
    main()
