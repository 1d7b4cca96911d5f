"""`make bench-stats`: `dopejar-trace stats` beside a bare loop of msgspec, DuckDB, Polars and jq.

All sum up the same: events, errors and microseconds of each layer, and three percentiles. The bare loop finds
no percentiles; what it finds is what all must find. Peers: jq on the PATH, and the dependency group `peers`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import Bench, Command, figures, machine, main, table
from benchmarks.traces import Trace, trace

SAME_TIME = 1.5
"""Times that of the smallest file, which the last 1,000 may take on the largest."""
DUCKDB, TWO = 1.0, 0.65
"""Times DuckDB with one thread, for one process; times one process, for two."""
MEGABYTES = 60

_LOOP = """\
import json, sys, msgspec
class Metadata(msgspec.Struct):
    duration_us: int | None = None
class Row(msgspec.Struct):
    hrm_layer: str
    status: str
    metadata: Metadata
decode = msgspec.json.Decoder(Row).decode
sums = {}
with open(sys.argv[1], "rb") as file:
    for line in file:
        row = decode(line)
        found = sums.get(row.hrm_layer)
        if found is None:
            found = sums[row.hrm_layer] = [0, 0, 0]
        found[0] += 1
        found[1] += row.status == "error"
        found[2] += row.metadata.duration_us or 0
print(json.dumps(sums))
"""
_DUCKDB = """\
import json, sys, duckdb
con = duckdb.connect()
con.execute(f"SET threads = {sys.argv[2]}; SET enable_progress_bar = false")
rows = con.execute(
    "SELECT hrm_layer, count(*), count(*) FILTER (status = 'error'), sum(metadata.duration_us),"
    " quantile_disc(metadata.duration_us, [0.5, 0.95, 0.99]), max(metadata.duration_us)"
    " FROM read_ndjson(?, columns = {hrm_layer: 'VARCHAR', status: 'VARCHAR',"
    " metadata: 'STRUCT(duration_us BIGINT)'}) GROUP BY hrm_layer",
    [sys.argv[1]],
).fetchall()
print(json.dumps({row[0]: [row[1], row[2], int(row[3] or 0)] for row in rows}))
"""
_POLARS = """\
import json, sys, polars
schema = {
    "hrm_layer": polars.String, "status": polars.String,
    "metadata": polars.Struct({"duration_us": polars.Int64}),
}
took = polars.col("metadata").struct.field("duration_us")
sums = polars.scan_ndjson(sys.argv[1], schema=schema).group_by("hrm_layer").agg(
    polars.len(), (polars.col("status") == "error").sum().alias("errors"), took.sum().alias("total"),
    *(took.quantile(part).alias(str(part)) for part in (0.5, 0.95, 0.99)),
).collect()
print(json.dumps({row[0]: [row[1], row[2], row[3]] for row in sums.iter_rows()}))
"""
_JQ = (
    "reduce inputs as $line ({}; .[$line.hrm_layer] |= [(.[0] // 0) + 1,"
    ' (.[1] // 0) + (if $line.status == "error" then 1 else 0 end),'
    " (.[2] // 0) + ($line.metadata.duration_us // 0)])"
)

Sums = dict[str, list[int]]
"""Layer → events, errors, microseconds."""


def sums_of_json(output: Path) -> Sums:
    """What a program printed."""
    return dict(sorted(json.loads(output.read_bytes()).items()))


def sums_of_report(output: Path) -> Sums:
    """What `--json` says."""
    groups = json.loads(output.read_bytes())["groups"]
    found = {group["layer"]: [group["events"], group["errors"], group["total_us"]] for group in groups}
    return dict(sorted(found.items()))


def counts_of_text(output: Path) -> Sums:
    """What the seed's text says."""
    lines = re.findall(r"^- (\w+): (\d+) ops, avg \S+, (\d+) errors?$", output.read_text(), re.MULTILINE)
    return dict(sorted((layer, [int(count), int(errors)]) for layer, count, errors in lines))


def stats(file: Trace, *options: str) -> list[str]:
    """Ours."""
    return [sys.executable, "-m", "dopejar_tracing", "stats", *options, file.path]


def commands(file: Trace) -> dict[str, Command]:
    """All that sum up the whole file."""
    loop = [sys.executable, "-c", _LOOP, file.path]
    expected = dict(sorted(json.loads(subprocess.check_output(loop)).items()))
    counts = {layer: found[:2] for layer, found in expected.items()}
    all_of_it = {
        "ours, the seed's text": Command(stats(file, "--all", "--jobs", "1"), counts_of_text, counts),
        "ours, all figures": Command(stats(file, "--all", "--json", "--jobs", "1"), sums_of_report, expected),
        "ours, all figures, two processes": Command(
            stats(file, "--all", "--json", "--jobs", "2"), sums_of_report, expected
        ),
        "bare loop of msgspec": Command(loop, sums_of_json, expected),
    }
    for threads in ("1", "2") if importlib.util.find_spec("duckdb") else ():
        words = [sys.executable, "-c", _DUCKDB, file.path, threads]
        all_of_it[f"DuckDB, threads: {threads}"] = Command(words, sums_of_json, expected)
    if importlib.util.find_spec("polars"):
        all_of_it["Polars"] = Command([sys.executable, "-c", _POLARS, file.path], sums_of_json, expected)
    if shutil.which("jq") and file.lines <= 1_000_000:
        all_of_it["jq"] = Command(["jq", "-nc", _JQ, file.path], sums_of_json, expected)
    return all_of_it


def sum_up(bench: Bench, file: Trace) -> None:
    """Everything in a file, by everybody."""
    times = bench.measure(commands(file))
    text, whole = times["ours, the seed's text"], times["ours, all figures"]
    duckdb = times.get("DuckDB, threads: 1")
    rows = [
        [name, *figures(took), f"{took.best / text.best:.2f}", f"{took.best / whole.best:.2f}"]
        for name, took in times.items()
    ]
    table([f"{file.lines:,} lines", "best s", "median s", "MB", "× our text", "× our figures"], rows)
    if duckdb:
        bench.hold(f"{file.lines:,} lines, × DuckDB", text.best / duckdb.best, DUCKDB)
    bench.hold(
        f"{file.lines:,} lines, two processes",
        times["ours, all figures, two processes"].best / whole.best,
        TWO,
    )
    bench.hold(f"{file.lines:,} lines, MB", max(text.megabytes, whole.megabytes), MEGABYTES)


def last_events(bench: Bench, files: Sequence[Trace]) -> None:
    """The default: the last 1,000 events."""
    times = bench.measure(
        {
            str(file.lines): Command(stats(file), lambda output: len(output.read_bytes()) > 0, True)
            for file in files
        }
    )
    smallest = times[str(files[0].lines)]
    rows = []
    for file in files:
        took = times[str(file.lines)]
        ratio = bench.hold(f"last 1,000, {file.lines:,} lines", took.best / smallest.best, SAME_TIME)
        rows.append([f"{file.lines:,} lines", *figures(took), ratio])
    table(["the last 1,000", "best s", "median s", "MB", "× smallest"], rows)


def run(bench: Bench, sizes: Sequence[int]) -> None:
    """All tables, for files of these sizes."""
    files = [trace(bench.folder, lines) for lines in sizes]
    print(machine("msgspec", "duckdb", "polars", "jq"))
    last_events(bench, files)
    for file in files[1:]:
        sum_up(bench, file)


if __name__ == "__main__":
    main("stats", __doc__, run)
