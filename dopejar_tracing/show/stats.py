"""Statistics: the seed's text, and tables for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.report import Fault, Figures, Report, Slow
from dopejar_tracing.show.line import Line
from dopejar_tracing.show.text import duration, visible
from dopejar_tracing.show.theme import OTHER, STYLES
from dopejar_tracing.show.tree import MAX_INDENT, event_line

_BARS = " ▁▂▃▄▅▆▇█"
BARS = 12
_WIDE = 120
"""Columns from which on the table of errors has all that is known of them."""
_NARROW = 60
"""Columns below which it has no times."""
GAP = 2
"""Blanks between two columns."""
_SLOW_COLUMNS: tuple[JustifyMethod, ...] = ("right", "right", "left", "left", "left")


def seed_text(report: Report, scope: str) -> Iterator[str]:
    """The seed's summary, line by line.

    Args:
        report: the figures.
        scope: which events: `last 1000 events`.
    """
    title = "HRM Layer Stats" if report.by == ("layer",) else f"Stats by {', '.join(report.by)}"
    yield f"{title} ({scope}):"
    for group in report.groups:
        name = visible(" ".join(group.key))
        mean = "0ms" if group.mean_us is None else duration(group.mean_us)
        yield f"- {name}: {_count(group.events, 'op')}, avg {mean}, {_count(group.errors, 'error')}"
    if report.slowest:
        yield ""
        yield "Slowest operations:"
    for number, slow in enumerate(report.slowest, 1):
        given = f" ({visible(slow.input)})" if slow.input else ""
        yield f"{number}. {_name(slow)}: {duration(slow.duration_us)}{given}"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _name(slow: Slow) -> str:
    return visible(f"{slow.trace_id.partition('_')[0]}_{slow.operation}")


class Tables:
    """Draws tables.

    Args:
        theme: role or layer → style, over those of `theme.STYLES`.
        width: columns that there are.
    """

    def __init__(self, theme: Mapping[str, str], width: int) -> None:
        self._styles = {**STYLES, **theme}
        self._width = width

    def groups(self, report: Report) -> Table:
        """A row for each group; what there is no room for is left out."""
        table = plain_table()
        for name in report.by:
            table.add_column(name, overflow="fold")
        axis = _axis(report)
        names = room_for_names(report.by, [group.key for group in report.groups], self._width)
        room = self._width - names - (max(BARS, len(axis)) + GAP if axis else 0)
        columns = fitting(
            [(name, list(map(value, report.groups)), rank) for name, value, rank in _COLUMNS], room
        )
        for name, _, _ in columns:
            table.add_column(name, justify="right", no_wrap=True)
        if report.axis:
            table.add_column(axis, no_wrap=True)
        for at, group in enumerate(report.groups):
            cells = [self._cell(name, found[at]) for name, found, _ in columns]
            bars = [Text(_bars(group.histogram))] if report.axis else []
            table.add_row(*self._key(report.by, group.key), *cells, *bars)
        return table

    def slowest(self, slowest: Sequence[Slow]) -> Table:
        """The slowest spans, with their IDs."""
        table = plain_table(title="Slowest operations", title_justify="left", show_header=False)
        is_given = any(slow.input for slow in slowest)
        for justify in _SLOW_COLUMNS[: 5 if is_given else 4]:
            table.add_column(justify=justify, overflow="fold")
        for number, slow in enumerate(slowest, 1):
            table.add_row(
                f"{number}.",
                duration(slow.duration_us),
                Text(_name(slow), self._style(slow.layer)),
                Text(visible(slow.trace_id), self._styles["note"]),
                *([Text(visible(slow.input))] if is_given else []),
            )
        return table

    def faults(self, faults: Sequence[Fault], moment: Callable[[str], str]) -> Table:
        """Errors by type and place.

        Args:
            faults: the errors.
            moment: a timestamp as the person wants to read it.
        """
        table = plain_table(title="Errors", title_justify="left")
        is_wide, is_narrow = self._width >= _WIDE, self._width < _NARROW
        table.add_column("count", justify="right")
        times = ["first", "last"] if is_wide else [] if is_narrow else ["last"]
        for name in ("type", "place", *times, "ID of the last"):
            table.add_column(name, no_wrap=name in {"first", "last"}, overflow="fold")
        if is_wide:
            table.add_column("what it says", overflow="fold")
        for fault in faults:
            table.add_row(
                f"{fault.count:,}",
                Text(visible(fault.type), self._styles["error"]),
                Text(visible(fault.place)),
                *(Text(moment(getattr(fault, name))) for name in times),
                Text(visible(fault.trace_id), self._styles["note"]),
                *([Text(visible(fault.message))] if is_wide else []),
            )
        return table

    def _key(self, by: Sequence[str], key: Sequence[str]) -> list[Text]:
        return [
            Text(visible(part), self._style(part) if name == "layer" else "")
            for name, part in zip(by, key, strict=True)
        ]

    def _style(self, layer: str) -> str:
        return self._styles.get(layer, self._styles[OTHER])

    def _cell(self, name: str, value: str) -> Text:
        alarm = {"errors": "error", "blocked": "blocked"}.get(name, "")
        return Text(value, self._styles[alarm] if alarm and value != "0" else "")


def time_text(microseconds: int | None) -> str:
    """A time, if there is one."""
    return "" if microseconds is None else duration(microseconds)


Column = tuple[str, Callable[[Figures], str], int]
"""(heading, what stands there, how gladly it is left out)"""
Cells = tuple[str, list[str], int]
"""The same, with what stands there in each row."""
_COLUMNS: Sequence[Column] = (
    ("count", lambda group: f"{group.events:,}", 0),
    ("errors", lambda group: f"{group.errors:,}", 1),
    ("blocked", lambda group: f"{group.blocked:,}", 5),
    ("p50", lambda group: time_text(group.p50_us), 2),
    ("p95", lambda group: time_text(group.p95_us), 3),
    ("p99", lambda group: time_text(group.p99_us), 6),
    ("max", lambda group: time_text(group.max_us), 4),
    ("total", lambda group: time_text(group.total_us), 8),
    ("self", lambda group: time_text(group.self_us), 7),
)


def fitting(columns: Sequence[Cells], width: int) -> list[Cells]:
    """Those columns that there is room for; the most important one always."""
    kept: list[int] = []
    for at in sorted(range(len(columns)), key=lambda at: columns[at][2]):
        name, cells, _ = columns[at]
        width -= max(map(len, (name, *cells))) + GAP
        if kept and width < 0:
            break
        kept.append(at)
    return [columns[at] for at in sorted(kept)]


def _axis(report: Report) -> str:
    longest = max((group.max_us or 0 for group in report.groups), default=0)
    return f"{duration(report.axis[0])} … {duration(longest)}" if report.axis else ""


def room_for_names(by: Sequence[str], keys: Sequence[Sequence[str]], width: int) -> int:
    """Columns of a terminal that names take, half of it at most; those that are longer are folded."""
    columns = ((name, *(visible(key[at]) for key in keys)) for at, name in enumerate(by))
    return min(sum(max(map(cell_len, column)) + GAP for column in columns), width // 2)


def plain_table(**options: Any) -> Table:
    """A table without lines."""
    return Table(
        box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim", title_style="bold", **options
    )


def _bars(histogram: Sequence[int]) -> str:
    """Each count as a bar, the highest as high as can be; what is not nothing can be seen."""
    most = max(histogram, default=0)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most) if most else 0] for count in histogram)


def path_lines(steps: Sequence[tuple[TraceEvent, int, int]]) -> Iterator[Line]:
    """A critical path.

    Args:
        steps: (span, depth, microseconds of the path that are its own), the root first.
    """
    whole = sum(own for _, _, own in steps) or 1
    yield [("   own       ", "note"), (f"critical path, {duration(whole)}", "note")]
    for event, depth, own in steps:
        share = f"{duration(own):>6} {100 * own / whole:>3.0f}%  "
        yield [(share, "time"), (("  " * depth)[:MAX_INDENT], ""), *event_line(event)]
