"""`make bench`: what tracing costs, beside the cheapest durable write there is and beside its peers.

Each table is one run in which all its contenders take turns, each in processes of its own. What they wrote is
read back: if a line is missing, torn or out of order, there are no figures. Exit status 1: that, or a figure
that must hold does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import console, costs, report
from benchmarks.commands import VoidError, machine
from benchmarks.measure import installed, measure
from benchmarks.report import Held
from benchmarks.tables import TABLES, Table

ROOT = Path(__file__).parent.parent
ROUNDS = 15
VERSIONS = ["dopejar-tracing", "orjson", "structlog", "eliot", "loguru", "opentelemetry-sdk", "logfire"]


class Part(NamedTuple):
    """What one run gives.

    Attributes:
        text: for each place in the documents, what stands there.
        held: figures that must hold.
        missed: what else had to hold and did not.
    """

    text: dict[str, str]
    held: Sequence[Held] = ()
    missed: Sequence[str] = ()


def timed(name: str, table: Table, folder: Path, rounds: int, times: int | None) -> Part:
    """A table of `benchmarks.tables`."""
    results = measure(installed(table.rows), folder, times=times or table.times, rounds=rounds)
    text = {name: report.times_of(table, results)}
    if name == "spans":
        text["readme"] = report.for_readme(results)
    return Part(text, report.held_by(table, results))


def parts(rounds: int, times: int | None) -> dict[str, Callable[[Path], Part]]:
    """All that there is to run, by name; each takes a folder to write in."""

    def imports(folder: Path) -> Part:
        text, held = costs.imports(folder, rounds)
        return Part({"imports": text}, held)

    def memory(folder: Path) -> Part:
        text, held = costs.memory(folder)
        return Part({"memory": text}, held)

    def shown(_folder: Path) -> Part:
        text, missed = console.measure(min(rounds, console.ROUNDS))
        return Part({"console": text}, missed=missed)

    return {
        **{name: partial(timed, name, table, rounds=rounds, times=times) for name, table in TABLES.items()},
        "imports": imports,
        "memory": memory,
        "sizes": lambda _folder: Part({"sizes": costs.sizes()}),
        "console": shown,
    }


def options() -> argparse.Namespace:
    """As given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = list(parts(ROUNDS, None))
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"only these: {', '.join(names)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the figures are")
    parser.add_argument("--times", type=int, help="spans in a round; otherwise each table knows")
    parser.add_argument(
        "--folder", type=Path, help="where the traces are written; otherwise where temporary files are"
    )
    parser.add_argument(
        "--write", action="store_true", help="put the tables into docs/performance.md and README.md"
    )
    given = parser.parse_args()
    unknown = set(given.tables) - set(names)
    if unknown:
        parser.error(f"no table {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return given


def run(given: argparse.Namespace) -> list[Part]:
    """Run what is asked for, and print it as it comes."""
    done = []
    for name, part in parts(given.rounds, given.times).items():
        if given.tables and name not in given.tables:
            continue
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            done.append(part(Path(folder)))
        print(f"\n{done[-1].text[name]}", flush=True)
    return done


def main() -> None:
    """Measure, print, write, and say what was missed."""
    given = options()
    heading = machine(*VERSIONS)
    print(heading)
    try:
        done = run(given)
    except VoidError as error:
        sys.exit(str(error))
    held = [each for part in done for each in part.held]
    if held:
        print(f"\n{report.limits(held)}")
    if given.write:
        texts = {name: text for part in done for name, text in part.text.items()}
        if not given.tables:
            texts |= {"machine": heading, "limits": report.limits(held)}
        report.put(ROOT / "docs/performance.md", texts)
        report.put(ROOT / "README.md", texts)
    missed = [each.missed for each in held if each.is_missed]
    missed += [each for part in done for each in part.missed]
    if missed:
        sys.exit("\n".join(["", "missed:", *missed]))


if __name__ == "__main__":
    main()
