"""`dopejar-trace stats`: where the time goes, what fails, and what changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from dopejar_tracing.cli.comparing import show_changes
from dopejar_tracing.cli.conflicts import refuse_conflicts
from dopejar_tracing.cli.critical import show_path
from dopejar_tracing.cli.files import complain, file_names, files_argument, open_files
from dopejar_tracing.cli.filters import (
    build_query,
    filter_options,
    known_layers,
    option_value,
    split_values,
)
from dopejar_tracing.cli.reporting import Form, Reporter, broken
from dopejar_tracing.cli.summing import Wanted
from dopejar_tracing.cli.top import follow_report
from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.suggest import suggestion
from dopejar_tracing.read.sums.figures import report
from dopejar_tracing.read.sums.limits import parse_limit
from dopejar_tracing.read.sums.summarize import GROUPINGS
from dopejar_tracing.read.sums.summary import Summary
from dopejar_tracing.show.text import visible

LAST = 1_000
SLOWEST, SLOWEST_IN_TEXT = 10, 2
"""How many of the slowest operations are shown; in a pipe, as many as the seed shows."""
SORTS = ("name", "count", "errors", "blocked", "mean", "p50", "p95", "p99", "max", "total", "self")

EXAMPLES = """\b
Examples:
  dopejar-trace stats
  dopejar-trace stats --all --by operation --sort total
  dopejar-trace stats --status error --since yesterday --by layer,hour
  dopejar-trace stats --trace-id alt_1705180800_a3f2
  dopejar-trace stats --compare before.jsonl after.jsonl --fail-if 'p95 > +20%'
  dopejar-trace stats --all --json | jq '.groups[] | select(.errors > 0)'
"""
_FAIL_IF = (
    "Exit status 1 if a group breaks this: 'errors > 0', 'altitude: p95 > 50ms'; with --compare also"
    " 'p95 > +20%'."
)


@click.command(epilog=EXAMPLES)
@click.option(
    "-n", "--last", metavar="N", type=click.IntRange(1), help=f"The last N events.  [default: {LAST}]"
)
@click.option("--all", "everything", is_flag=True, help="All events.")
@click.option("--trace-id", metavar="ID", help="The critical path of this request.")
@filter_options
@click.option(
    "--by", metavar="NAME", multiple=True, help=f"Group by {', '.join(GROUPINGS)}; several: layer,operation."
)
@click.option(
    "--sort", metavar="COLUMN", help=f"Order groups by {', '.join(SORTS)}; figures from the largest."
)
@click.option(
    "--slowest",
    metavar="N",
    type=click.IntRange(0),
    help=f"So many of the slowest operations.  [default: {SLOWEST}; {SLOWEST_IN_TEXT} in a pipe]",
)
@click.option(
    "--compare",
    metavar="BEFORE AFTER",
    nargs=2,
    type=click.Path(path_type=Path),
    help="What changed between two traces, what moved most first.",
)
@click.option("--fail-if", "limits", metavar="LIMIT", multiple=True, help=_FAIL_IF)
@click.option("--json", "as_json", is_flag=True, help="All figures; times in microseconds.")
@click.option("--csv", "as_csv", is_flag=True, help="The figures of the groups; times in microseconds.")
@click.option(
    "--table/--text",
    "as_table",
    default=None,
    help="Tables, or lines of text.  [default: tables on a terminal, else text]",
)
@click.option("-f", "--follow", is_flag=True, help="Keep it up to date, like top; Ctrl-C ends it.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1),
    help="Processes that read large files.  [default: one for each processor]",
)
@click.option("--utc", is_flag=True, help="Times in UTC, not in this machine's zone.")
@click.option(
    "--rotated/--no-rotated",
    default=True,
    help="Read what FILE was rotated into before it.  [default: rotated]",
)
@files_argument
def stats(**values: Any) -> int:
    """Sum up events: how many, how long, how many errors; which were slowest; what failed where.

    FILE and the filters are those of view. Without --last and --all, the last 1,000 events count. Exit
    status: 0 done; 1 no events, or a limit is broken; 2 wrong usage, or an unreadable file.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # an encoding may lack what stands in a trace, and the bars
        sys.stdout.reconfigure(errors="backslashreplace")
    return Stats(values).run()


class Stats:
    """One run of the command.

    Args:
        values: of its options, as click has them.

    Raises:
        QueryError: one cannot be understood.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._options = values
        refuse_conflicts(values)
        compared = values["compare"]
        self._form = _form(values)
        self._limits = [
            option_value("--fail-if", lambda text: parse_limit(text, comparing=bool(compared)), text)
            for text in values["limits"]
        ]
        self._sort = option_value("--sort", _sort, values["sort"] or "name")
        last = values["last"] or (None if values["everything"] or compared else LAST)
        slowest = SLOWEST_IN_TEXT if self._form is Form.TEXT else SLOWEST
        self._wanted = Wanted(
            option_value("--by", _groupings, split_values(values["by"]) or ["layer"]),
            build_query(values, utc=values["utc"]),
            last=last,
            slowest=slowest if values["slowest"] is None else values["slowest"],
            # Other processes would read what comes meanwhile, too.
            jobs=1 if values["follow"] else values["jobs"],
            own_time=self._form is not Form.TEXT
            or "self" in {self._sort, *(limit.metric for limit in self._limits)},
        )
        self._scope = _scope(last, follow=values["follow"])

    def run(self) -> int:
        """Show what was asked for; returns the exit status."""
        options = self._options
        if options["compare"]:
            return self._compare()
        names = file_names(options["files"])
        if options["follow"]:
            return follow_report(names, self._wanted, self._reporter(), siblings=options["rotated"])
        with closing(open_files(names, siblings=options["rotated"])) as reading:
            if options["trace_id"] is not None:
                return show_path(reading, options["trace_id"], as_json=self._form is Form.JSON)
            summary = self._wanted.sum_up(reading)
            complain(reading)
        if not summary.events:
            click.echo(f"no events{self._matching}", err=True)
            return 1
        self._reporter().show(report(summary, self._wanted.by))
        return self._judge(summary)

    @property
    def _matching(self) -> str:
        return " match" if self._wanted.query.filters else ""

    def _compare(self) -> int:
        paths = self._options["compare"]
        before, after = map(self._sum_of, paths)
        empty = [path for path, summary in zip(paths, (before, after), strict=True) if not summary.events]
        for path in empty:
            click.echo(f"no events{self._matching} in {visible(str(path))}", err=True)
        show_changes(before, after, self._wanted.by, self._form, self._reporter().styles)
        return self._judge(after, before) or (1 if empty else 0)

    def _sum_of(self, path: Path) -> Summary:
        with closing(open_files([str(path)], siblings=self._options["rotated"])) as reading:
            summary = self._wanted.sum_up(reading)
            complain(reading)
        return summary

    def _judge(self, summary: Summary, before: Summary | None = None) -> int:
        """Say on stderr which limits are broken, and by whom."""
        lines = list(broken(self._limits, summary, before, layers=known_layers()))
        for line in lines:
            click.echo(line, err=True)
        return 1 if lines else 0

    def _reporter(self) -> Reporter:
        return Reporter(self._form, self._scope, sort=self._sort, utc=self._options["utc"])


def _scope(last: int | None, *, follow: bool) -> str:
    if last is None:
        return "all events"
    events = f"last {last} event{'' if last == 1 else 's'}"
    return f"{events}, and what came since" if follow else events


def _form(values: dict[str, Any]) -> Form:
    if values["as_json"] or values["as_csv"]:
        return Form.JSON if values["as_json"] else Form.CSV
    as_table = sys.stdout.isatty() if values["as_table"] is None else values["as_table"]
    return Form.TABLE if as_table else Form.TEXT


def _groupings(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_one_of(GROUPINGS, {"hrm": "layer"}.get(name, name)) for name in names))


def _sort(name: str) -> str:
    return _one_of(SORTS, {"events": "count", "avg": "mean"}.get(name, name))


def _one_of(allowed: Sequence[str], name: str) -> str:
    if name not in allowed:
        msg = f"expected one of {', '.join(allowed)}; got {name!r}{suggestion(name, allowed)}"
        raise QueryError(msg)
    return name
