"""A report in the form that was asked for, and what it breaks."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import click
import msgspec
from rich.console import Console, Group, RenderableType
from rich.text import Text

from dopejar_tracing.model.layer import Layers
from dopejar_tracing.model.report import Figures, Key, Report
from dopejar_tracing.read.sums.limits import COUNTS, Limit, metric
from dopejar_tracing.read.sums.summary import Summary, Tally
from dopejar_tracing.settings import load
from dopejar_tracing.show.found import moment
from dopejar_tracing.show.stats import Tables, seed_text
from dopejar_tracing.show.text import duration, visible, visible_json

_AHEAD = timedelta(minutes=5)
"""How far a clock may be ahead before it is worth a word."""


class Form(Enum):
    """What is printed."""

    TEXT = "the seed's lines"
    TABLE = "tables"
    JSON = "all figures"
    CSV = "the figures of the groups"


class Reporter:
    """Prints reports.

    Args:
        form: what is printed.
        scope: which events it is about: `last 1000 events`.
        sort: column by which groups are ordered.
        utc: times in UTC, not in this machine's zone.
    """

    def __init__(self, form: Form, scope: str, *, sort: str, utc: bool) -> None:
        self.form = form
        self.styles = load(lenient=True).settings.styles()
        self._scope = scope
        self._sort = sort
        self._utc = utc

    def show(self, report: Report) -> None:
        """Print a report."""
        report = msgspec.structs.replace(report, groups=_ordered(report.groups, self._sort))
        match self.form:
            case Form.TEXT:
                click.echo("\n".join(seed_text(report, self._scope)))
            case Form.TABLE:
                console = console_of_stdout()
                console.print(self.tables(report, console.width))
            case Form.JSON:
                print_json(_plain(report))
            case Form.CSV:
                _print_csv(report)

    def tables(self, report: Report, width: int) -> RenderableType:
        """All tables of a report."""
        tables = Tables(self.styles, width)
        parts: list[RenderableType] = [tables.groups(report), Text(self._caption(report), "dim")]
        if report.slowest:
            parts.append(tables.slowest(report.slowest))
        if report.faults:
            parts.append(tables.faults(report.faults, self._moment))
        return Group(*parts)

    def _caption(self, report: Report) -> str:
        span = f"{self._scope}: {report.events:,}"
        if report.last:
            span += f" from {self._moment(report.first)} to {self._moment(report.last)}"
        ahead = report.last > (datetime.now(UTC) + _AHEAD).isoformat()
        return f"{span}; the last one lies in the future: is a clock wrong?" if ahead else span

    def _moment(self, timestamp: str) -> str:
        return moment(timestamp, utc=self._utc)[: len("2026-01-13 14:00:00")]


def console_of_stdout() -> Console:
    """rich's, with the colours that a person wants."""
    plain = bool(os.environ.get("NO_COLOR"))
    return _Console(file=sys.stdout, color_system=None if plain else "auto", highlight=False, emoji=False)


class _Console(Console):
    """As rich's; but a reader that has seen enough is no error."""

    def on_broken_pipe(self) -> None:
        """Leave it to `main`; rich would end the program with exit status 1."""
        raise BrokenPipeError


def _plain(report: Report) -> dict[str, Any]:
    """For JSON: a group has what it is grouped by under that name."""
    groups = [
        {**dict(zip(report.by, group.key, strict=True)), **figures_of(group)} for group in report.groups
    ]
    return {**msgspec.structs.asdict(report), "groups": groups}


def figures_of(group: Figures) -> dict[str, Any]:
    """A group's figures by their names."""
    return {name: getattr(group, name) for name in Figures.__struct_fields__ if name != "key"}


def print_json(value: Any) -> None:
    """Print plain data, or a struct, as JSON; on a terminal, with what could act on it written out."""
    text = msgspec.json.format(msgspec.json.encode(value)).decode()
    click.echo("\n".join(map(visible_json, text.split("\n"))) if sys.stdout.isatty() else text)


def _print_csv(report: Report) -> None:
    print_csv([*report.by, *CSV_NAMES], ([*group.key, *csv_values(group)] for group in report.groups))


CSV_NAMES = [name for name in Figures.__struct_fields__ if name not in {"key", "histogram"}]
"""What of a group's figures has a column."""


def csv_values(group: Figures) -> list[int | None]:
    """Those figures."""
    return [getattr(group, name) for name in CSV_NAMES]


def print_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as CSV; on a terminal, with what could act on it written out."""
    safe = visible if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    sys.stdout.flush()


_COLUMNS: dict[str, Callable[[Figures], int | None]] = {
    "count": lambda group: group.events,
    "errors": lambda group: group.errors,
    "blocked": lambda group: group.blocked,
    "mean": lambda group: group.mean_us,
    "p50": lambda group: group.p50_us,
    "p95": lambda group: group.p95_us,
    "p99": lambda group: group.p99_us,
    "max": lambda group: group.max_us,
    "total": lambda group: group.total_us,
    "self": lambda group: group.self_us,
}


def _ordered(groups: Sequence[Figures], column: str) -> tuple[Figures, ...]:
    value = _COLUMNS.get(column)
    return tuple(groups if value is None else sorted(groups, key=lambda group: -(value(group) or 0)))


def broken(
    limits: Iterable[Limit], summary: Summary, before: Summary | None = None, *, layers: Layers
) -> Iterator[str]:
    """A line for each group and limit that it breaks; and for each limit of a group that there is not."""
    short = {layer.name: layer.prefix for layer in layers}
    for limit in limits:
        concerned = [key for key in summary.groups if limit.group in {None, *_names(key, short)}]
        if not concerned and limit.group is not None:
            yield f"no events of {visible(limit.group)!r}, which {limit.text!r} is about"
        for key in concerned:
            tally = summary.groups[key]
            old = None if before is None else before.groups.get(key, Tally())
            if limit.is_broken(tally, old):
                yield _complaint(" ".join(key), limit, tally, old)


def _names(key: Key, short: Mapping[str, str]) -> tuple[str, str]:
    """How a group may be called: layers have two spellings."""
    return " ".join(key), " ".join(short.get(part, part) for part in key)


def _complaint(group: str, limit: Limit, tally: Tally, before: Tally | None) -> str:
    """`altitude: p95 is 61ms, was 39ms (+56%), which breaks 'p95 > +20%'`."""
    now = _written(limit, metric(tally, limit.metric))
    was = ""
    if limit.is_change and before is not None:
        change = limit.change(tally, before) or 0
        by = f" ({change:+.0f}%)" if limit.unit == "%" else ""
        was = f", was {_written(limit, metric(before, limit.metric))}{by}"
    of_all = f" of {tally.events:,}" if limit.unit == "%" and not limit.is_change else ""
    return f"{visible(group)}: {limit.metric} is {now}{of_all}{was}, which breaks {visible(limit.text)!r}"


def _written(limit: Limit, value: int | None) -> str:
    if value is None:
        return "nothing"
    return f"{value:,}" if limit.metric in COUNTS else duration(value)
