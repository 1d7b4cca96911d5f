"""What it costs apart from time: to import it, to have it in memory, to have it on the disk."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement

import dopejar_tracing
from benchmarks.case import Contender
from benchmarks.commands import Bench, Command, markdown, version
from benchmarks.report import Held
from benchmarks.running import Running
from benchmarks.tables import FLOOR, OURS

OWN = "dopejar-tracing"
IMPORT = 1.25
"""Times `import structlog` that ours may take."""
USED = """\
import os
from dopejar_tracing import bind_trace, configure
os.chdir({!r})
configure(enabled=True, console="never")
with bind_trace("altitude", "transition"):
    pass
"""
IMPORTS = {
    "`import structlog`": ("structlog", "import structlog"),
    "`import dopejar_tracing`": (OWN, "import dopejar_tracing"),
    "the same, `configure` and a first span": (OWN, USED),
    "`import logging`": ("", "import logging"),
    "`import loguru`": ("loguru", "import loguru"),
    "`import eliot`": ("eliot", "import eliot"),
    "`import opentelemetry.sdk.trace.export`": ("opentelemetry-sdk", "import opentelemetry.sdk.trace.export"),
    "`import logfire`": ("logfire", "import logfire"),
}
"""By label: what must be installed, and the program."""

BEFORE, AFTER = 99_999, 999_999
"""Spans after which the memory is looked at."""
GROWTH_MB, GROWTH_BLOCKS = 1.0, 1_000
"""What counts as no growth between the two: of the process, and of what Python holds."""

INSTALLED = [OWN, "structlog", "loguru", "eliot", "opentelemetry-sdk", "logfire"]


def imports(folder: Path, rounds: int) -> tuple[str, list[Held]]:
    """Whole processes that import it and end; and the same without what Python takes to start."""
    bench = Bench(folder, rounds)
    programs = {"Python alone": "pass"}
    for label, (package, program) in IMPORTS.items():
        if not package or version(package):
            programs[label] = program.format(str(folder))
    times = bench.measure(
        {
            label: Command([sys.executable, "-c", f"{program}\nprint('done')"], Path.read_text, "done\n")
            for label, program in programs.items()
        }
    )
    alone, beside = times["Python alone"], times["`import structlog`"]
    rows, held = [], []
    for label, took in times.items():
        best, median = took.best - alone.best, took.median - alone.median
        ratios = best / (beside.best - alone.best), median / (beside.median - alone.median)
        figures = [f"{1000 * each:.0f}" for each in (took.best, took.median, best, median)]
        figures += [f"{each:.2f}" for each in ratios]
        rows.append([label, *figures, f"{took.megabytes:.0f}"])
        if label == "`import dopejar_tracing`":
            held.append(Held(label, "`import structlog`", ratios[0], ratios[1], IMPORT))
    head = "best ms,median ms,without Python best,median,× structlog best,median,MB".split(",")
    return markdown(["a process that does", *head], rows), held


def memory(folder: Path) -> tuple[str, list[Held]]:
    """What a process has in memory after 100,000 spans, and after a million."""
    contenders = [
        Contender(FLOOR, "floor.spans"),
        Contender(OURS, "ours.spans"),
        Contender(f"{OURS}, file and console", "ours.shown"),
    ]
    rows, held = [], []
    for place, contender in enumerate(contenders):
        with Running(contender, folder / f"memory{place}") as running:
            running.round(BEFORE)
            before, _, blocks_before = running.memory()
            running.round(AFTER - BEFORE)
            after, peak, blocks_after = running.memory()
            running.check()
        grown, blocks = after - before, blocks_after - blocks_before
        figures = [f"{before:.1f}", f"{after:.1f}", f"{grown:.1f}", f"{peak:.1f}", f"{blocks:,}"]
        rows.append([contender.label, *figures])
        what = f"{contender.label}, 900,000 spans later"
        if contender.label == OURS:  # the console's MB depend on how many events it happened to hold
            held.append(Held(f"{what}: MB more", "", grown, grown, GROWTH_MB))
        if contender.label != FLOOR:
            held.append(Held(f"{what}: blocks more", "", blocks, blocks, GROWTH_BLOCKS))
    head = ["MB after 100,000 spans", "after 1,000,000", "grown by", "at most", "blocks of Python, grown by"]
    return markdown(["", *head], rows), held


def sizes() -> str:
    """The files of a package and of all that it requires, compiled ones left out."""
    rows = []
    for name in filter(version, INSTALLED):
        names = sorted(required(name))
        rows.append(
            [name, f"{size(name) / 1e6:.2f}", str(len(names) - 1), f"{sum(map(size, names)) / 1e6:.1f}"]
        )
    return markdown(["what is installed", "MB", "packages that it requires", "MB with them"], rows)


def required(name: str) -> set[str]:
    """It, and what it requires here, however far away; in the spelling of their first mention."""
    found: dict[str, str] = {}
    asked = [name]
    while asked:
        each = asked.pop()
        key = each.lower().replace("_", "-")
        if key not in found:
            found[key] = each
            asked += _requirements(each)
    return set(found.values())


def _requirements(name: str) -> Iterator[str]:
    for text in importlib.metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def size(name: str) -> int:
    """Bytes of the package's files."""
    if name == OWN:  # which may be installed as a link to where it stands
        files: Sequence[Path] = list(Path(dopejar_tracing.__file__).parent.rglob("*"))
    else:
        files = [Path(str(each.locate())) for each in importlib.metadata.files(name) or ()]
    kept = {path for path in files if path.suffix != ".pyc" and path.is_file()}
    return sum(path.stat().st_size for path in kept)
