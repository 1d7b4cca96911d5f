"""`make bench-viewer`: `dopejar-trace view` on large files, beside a bare loop of msgspec and its peers.

Every command is a process of its own, timed as a whole, and finds what the generator of the files knows to be
in them; else there are no figures. Peers: jq and lnav on the PATH, and the dependency group `peers`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.commands import Bench, Command, Timed, figures, machine, main, table, version
from benchmarks.traces import GREP, QUERIES, IdSet, Trace, eliot_log, id_set, trace

SAME_TIME = 1.5
"""Times that of the smallest file, which `--last 100` may take on the largest."""
BARE = 1.5
"""Times the bare loop, which a filter may take."""
MEGABYTES, GROWTH = 100, 1.2
"""What a filter may take of memory; times that on the smaller file, on one ten times as large."""
EARLY = 0.25
"""Of the time of the whole command, in which the first result stands on the screen."""
ELIOT_LINES = 100_000
"""Of eliot's log; all of it as trees takes eliot-tree about a minute."""

_ID = re.compile(rb"[a-z]{3}_\d{10}_[0-9a-z]{4,8}")
_STRUCT = """\
import re, sys, msgspec
from typing import Any
class Row(msgspec.Struct):
    {fields}
decode = msgspec.json.Decoder(Row).decode
write = sys.stdout.buffer.write
{before}
with open(sys.argv[1], "rb") as file:
    for line in file:
        row = decode(line)
        if {test}:
            write(line)
"""
_IN_METADATA = 'any(search(f"{key}: {value}") for key, value in row.metadata.items())'
_LOOPS = {
    "status": ("status: str", "", 'row.status == "error"'),
    "where": (
        "status: str; metadata: dict[str, Any]",
        "",
        'row.metadata.get("tokens_saved", 0) > 98 and row.status != "success"',
    ),
    "grep": (
        "input_summary: str; output_summary: str; metadata: dict[str, Any]",
        f"search = re.compile({GREP!r}).search",
        f"search(row.input_summary) or search(row.output_summary) or {_IN_METADATA}",
    ),
    "trace-id": ("trace_id: str; parent_id: str | None", "tree = set(sys.argv[2:])", "row.trace_id in tree"),
}
_JQ_TEXTS = '.input_summary, .output_summary, (.metadata | to_entries[] | "\\(.key): \\(.value)")'
_JQ = {
    "status": 'select(.status == "error")',
    "where": 'select(.metadata.tokens_saved > 98 and .status != "success")',
    "grep": f'select([{_JQ_TEXTS}] | any(test("{GREP}")))',
}
_SQL = {
    "status": "status = 'error'",
    "where": "json_extract(metadata, '$.tokens_saved') > 98 AND status != 'success'",
}
_TEXTS = "trace_id parent_id hrm_layer operation component input_summary output_summary status".split()
_LNAV = {
    "dopejar_log": {
        "title": "dopejar_tracing",
        "json": True,
        "file-pattern": r".*\.jsonl",
        "ordered-by-time": False,
        "timestamp-field": "timestamp",
        "body-field": "input_summary",
        "hide-extra": True,
        "value": {name: {"kind": "string"} for name in _TEXTS}
        | {"duration_ms": {"kind": "integer"}, "metadata": {"kind": "json"}},
        "line-format": [{"field": "timestamp"}, " ", {"field": "trace_id"}, " ", {"field": "status"}],
    }
}


def ids_of_lines(output: Path) -> IdSet:
    """Of each line of JSON."""
    return _ids(output, lambda line: line.startswith(b"{"), 0)


def ids_of_trees(output: Path) -> IdSet:
    """Of each line of a tree, drawn with `--ids`."""
    return _ids(output, lambda line: bool(line.strip()), -1)


def _ids(output: Path, counts: Callable[[bytes], bool], which: int) -> IdSet:
    with output.open("rb") as file:
        return id_set(_ID.findall(line)[which] for line in file if counts(line))


def occurrences(text: str) -> Callable[[Path], int]:
    """How many lines have this."""

    def count(output: Path) -> int:
        with output.open("rb") as file:
            return sum(text.encode() in line for line in file)

    return count


# --- the commands --------------------------------------------------------------------------------------


def view(file: Trace, name: str, *options: str, on_terminal: bool = False) -> Command:
    """Ours: what it must find is known by that name; as lines with `--json`, else as trees."""
    given = QUERIES[name].options if name in QUERIES else ()
    words = [str(Path(sys.executable).with_name("dopejar-trace")), "view", *given, *options]
    if "--json" in options:
        return Command([*words, file.path], ids_of_lines, file.expected[name].matches)
    words += ["--ids", "--no-pager", file.path]
    return Command(words, ids_of_trees, file.expected[name].trees, on_terminal)


def bare(file: Trace, name: str, *, links: bool = False) -> Command:
    """A loop of msgspec over the fields of the query; with `links` also over those that a tree needs."""
    fields, before, test = _LOOPS[name]
    if links:
        fields += "; trace_id: str; parent_id: str | None"
    code = _STRUCT.format(fields=fields, before=before, test=test)
    expected = file.expected[name].matches
    return Command([sys.executable, "-c", code, file.path], ids_of_lines, expected)


def bare_request(file: Trace) -> Command:
    """The same, for spans whose IDs are known."""
    fields, before, test = _LOOPS["trace-id"]
    code = _STRUCT.format(fields=fields, before=before, test=test)
    found = subprocess.run(
        view(file, "middle", "--trace-id", file.middle, "--json").words, capture_output=True, check=True
    )
    trace_ids = [json.loads(line)["trace_id"] for line in found.stdout.splitlines()]
    words = [sys.executable, "-c", code, file.path, *trace_ids]
    return Command(words, ids_of_lines, file.expected["middle"].matches)


def jq(file: Trace, name: str) -> Command:
    """The same lines, by jq."""
    return Command(["jq", "-c", _JQ[name], file.path], ids_of_lines, file.expected[name].matches)


def lnav(file: Trace, name: str, folder: Path) -> Command:
    """The same lines, by SQL in lnav."""
    formats = folder / "lnav" / "formats" / "dopejar"
    formats.mkdir(parents=True, exist_ok=True)
    (formats / "dopejar.json").write_text(json.dumps(_LNAV))
    query = f";SELECT log_raw_text FROM dopejar_log WHERE {_SQL[name]}"
    words = ["lnav", "-n", "-q", "-I", str(folder / "lnav"), "-c", query, "-c", ":write-raw-to -", file.path]
    return Command(words, ids_of_lines, file.expected[name].matches)


def eliot_tree(folder: Path) -> dict[str, Command]:
    """Equal questions to eliot's log."""
    log = eliot_log(folder, ELIOT_LINES)
    words = [str(Path(sys.executable).with_name("eliot-tree")), "--color", "never"]
    failed = "action_status == `failed`"
    return {
        "one": Command([*words, "-u", log.middle, log.path], occurrences(log.middle), 1),
        "failed": Command([*words, "--select", failed, log.path], occurrences(" ⇒ failed "), log.failed),
        "all": Command([*words, log.path], occurrences("/1 ⇒ started "), log.spans),
    }


# --- the tables ----------------------------------------------------------------------------------------


def last_lines(bench: Bench, files: Sequence[Trace]) -> None:
    """`--last 100` takes as long on the largest file as on the smallest."""
    for title, options in (("as trees", ()), ("`--json`", ("--json",))):
        times = bench.measure(
            {str(file.lines): view(file, "last", "--last", "100", *options) for file in files}
        )
        smallest = times[str(files[0].lines)]
        rows = []
        for file in files:
            took = times[str(file.lines)]
            ratio = bench.hold(f"--last 100 {title}, {file.lines:,}", took.best / smallest.best, SAME_TIME)
            rows.append([f"{file.lines:,} lines", *figures(took), ratio])
        table([f"`--last 100`, {title}", "best s", "median s", "MB", "× smallest"], rows)


class Question(NamedTuple):
    """Of the table of filters."""

    label: str
    ours: Command
    loop: Command


def questions(file: Trace) -> list[Question]:
    """What is asked of a file, and the bare loop beside it."""
    asked = []
    for name in QUERIES:
        label = f"`--{name}`"
        asked.append(Question(f"{label}, `--json`", view(file, name, "--json"), bare(file, name)))
        asked.append(Question(f"{label}, as trees", view(file, name), bare(file, name, links=True)))
    request = view(file, "middle", "--trace-id", file.middle)
    return [*asked, Question("`--trace-id`", request, bare_request(file))]


def filters(bench: Bench, smallest: Trace, file: Trace) -> dict[str, Timed]:
    """A filter beside the bare loop, with and without what both take to start; returns ours."""
    start = bench.measure({"ours": view(smallest, "status", "--json"), "bare": bare(smallest, "status")})
    rows, ours = [], {}
    for label, command, loop in questions(file):
        times = bench.measure({"ours": command, "bare": loop})
        took, least = times["ours"], times["bare"]
        ours[label] = took
        work = (took.best - start["ours"].best) / (least.best - start["bare"].best)
        # Trees are more work than the loop's: parents are found, and all is drawn. No limit, but a figure.
        is_equal = "--json" in command.words or "--trace-id" in command.words
        ratio = bench.hold(label, took.best / least.best, BARE if is_equal else float("inf"))
        memory = bench.hold(f"{label}, MB", took.megabytes, MEGABYTES)
        rows.append(
            [
                label,
                *figures(took)[:2],
                memory,
                f"{least.best:.2f}",
                f"{least.median:.2f}",
                ratio,
                f"{work:.2f}",
            ]
        )
    head = "best s,median s,MB,loop best s,loop median s,× loop,× loop without start-up".split(",")
    table([f"{file.lines:,} lines", *head], rows)
    print(f"\nStart-up: {start['ours'].best:.2f} s, the loop's {start['bare'].best:.2f} s.")
    return ours


def memory(bench: Bench, before: dict[str, Timed], file: Trace) -> None:
    """What the same takes on a larger file, where the time grows and the memory does not."""
    rows = []
    for label, command, _ in questions(file):
        took = bench.measure({"ours": command}, rounds=1)["ours"]
        growth = took.megabytes / before[label].megabytes
        held = bench.hold(f"{label}, {file.lines:,} lines, MB", took.megabytes, MEGABYTES)
        grown = bench.hold(f"{label}, {file.lines:,} lines, growth", growth, GROWTH)
        rows.append([label, f"{took.best:.2f}", f"{took.best / before[label].best:.1f}", held, grown])
    table([f"{file.lines:,} lines", "s", "× time", "MB", "× MB"], rows)


def peers(bench: Bench, file: Trace) -> None:
    """The same lines from jq and lnav."""
    rows = []
    for name in QUERIES:
        commands = {"ours": view(file, name, "--json")}
        if shutil.which("jq"):
            commands["jq"] = jq(file, name)
        if shutil.which("lnav") and name in _SQL:
            commands["lnav"] = lnav(file, name, bench.folder)
        times = bench.measure(commands, rounds=min(3, bench.rounds))
        rows.append([f"`--{name} --json`", *_beside(bench, f"--{name}", times, ["jq", "lnav"])])
    table([f"{file.lines:,} lines", "ours s", "MB", "jq s", "MB", "× ours", "lnav s", "MB", "× ours"], rows)


def eliot_peer(bench: Bench, file: Trace) -> None:
    """The same questions to eliot-tree, of as many lines."""
    theirs = eliot_tree(bench.folder) if version("eliot-tree") else {}
    ours = {
        "one": view(file, "middle", "--trace-id", file.middle),
        "failed": view(file, "status"),
        "all": view(file, "all"),
    }
    labels = {"one": "one request", "failed": "what failed", "all": "everything"}
    rows = []
    for name, command in ours.items():
        commands = {"ours": command} | ({"eliot-tree": theirs[name]} if theirs else {})
        times = bench.measure(commands, rounds=1 if name == "all" else min(3, bench.rounds))
        rows.append([labels[name], *_beside(bench, labels[name], times, ["eliot-tree"])])
    table([f"{file.lines:,} lines, as trees", "ours s", "MB", "eliot-tree s", "MB", "× ours"], rows)


def _beside(bench: Bench, label: str, times: Mapping[str, Timed], names: Sequence[str]) -> list[str]:
    """Columns: ours, then each peer with its factor, which must be more than 1."""
    ours = times["ours"]
    cells = [f"{ours.best:.2f}", f"{ours.megabytes:.0f}"]
    for name in names:
        if name not in times:
            cells += ["–" if version(name) else "not installed", "", ""]
            continue
        factor = times[name].best / ours.best
        cells += [f"{times[name].best:.2f}", f"{times[name].megabytes:.0f}", f"{factor:.1f}"]
        if factor <= 1:
            bench.missed.append(f"{label}: {name} is faster")
    return cells


def first_results(bench: Bench, files: Sequence[Trace]) -> None:
    """How soon the first tree is to be seen: of many, and of one alone, in the first lines of the file."""
    rows = []
    for file in files:
        alone = ("--where", f'trace_id == "{file.first}"')
        for label, name, options in (("`--status`", "status", ()), ("one event", "first", alone)):
            for where, on_terminal in (("pipe", False), ("terminal", True)):
                command = view(file, name, *options, on_terminal=on_terminal)
                took = bench.measure({"": command}, rounds=1)[""]
                share = f"{took.first / took.best:.2f}"
                if file is files[-1] and on_terminal:
                    share = bench.hold(f"first result, {label}", took.first / took.best, EARLY)
                title = f"{file.lines:,} lines, {label}, {where}"
                rows.append([title, f"{took.first:.2f}", f"{took.best:.2f}", share])
    table(["as trees", "first s", "whole s", "share"], rows)


# --- all of it -----------------------------------------------------------------------------------------


def run(bench: Bench, sizes: Sequence[int]) -> None:
    """All tables, for files of these sizes: the smallest, those of the figures, the largest."""
    files = [trace(bench.folder, lines) for lines in sizes]
    print(machine("msgspec", "jq", "lnav", "eliot-tree"))
    print(
        "\nFiles: " + ", ".join(f"{file.lines:,} lines ({file.size / 1e6:,.1f} MB)" for file in files) + "."
    )
    last_lines(bench, files)
    ours = filters(bench, files[0], files[1])
    if len(files) > 2:
        memory(bench, ours, files[-1])
    first_results(bench, files[1:])
    peers(bench, files[1])
    eliot_peer(bench, trace(bench.folder, ELIOT_LINES))


if __name__ == "__main__":
    main("viewer", __doc__, run)
