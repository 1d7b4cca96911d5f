"""Statistics: the seed's text, and tables for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.report import Compared, Fault, Figures, Report, Slow
from dopejar_tracing.show.line import Line
from dopejar_tracing.show.text import duration, visible
from dopejar_tracing.show.theme import OTHER, STYLES
from dopejar_tracing.show.tree import event_line

_BARS = " ▁▂▃▄▅▆▇█"
BARS = 12
CONFIDENT = 0.95
"""From which on it is said how sure it is that a difference is more than noise."""
_WIDE = 120
"""Columns from which on the table of errors has all that is known of them."""
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
        table = _table()
        for name in report.by:
            table.add_column(name, overflow="fold")
        names = sum(max(map(len, (name, *column))) for name, column in _names(report)) + 2 * len(report.by)
        columns = _fitting(_COLUMNS, self._width - names - BARS - 2)
        for name, _, _ in columns:
            table.add_column(name, justify="right", no_wrap=True)
        if report.axis:
            longest = max(group.max_us or 0 for group in report.groups)
            table.add_column(f"{duration(report.axis[0])} … {duration(longest)}", no_wrap=True)
        for group in report.groups:
            cells = [self._cell(name, value(group)) for name, value, _ in columns]
            bars = [Text(_bars(group.histogram))] if report.axis else []
            table.add_row(*self._key(report.by, group.key), *cells, *bars)
        return table

    def slowest(self, slowest: Sequence[Slow]) -> Table:
        """The slowest spans, with their IDs."""
        table = _table(title="Slowest operations", title_justify="left", show_header=False)
        for justify in _SLOW_COLUMNS:
            table.add_column(justify=justify, overflow="fold")
        for number, slow in enumerate(slowest, 1):
            table.add_row(
                f"{number}.",
                duration(slow.duration_us),
                Text(_name(slow), self._style(slow.layer)),
                Text(visible(slow.trace_id), self._styles["note"]),
                Text(visible(slow.input)),
            )
        return table

    def faults(self, faults: Sequence[Fault], moment: Callable[[str], str]) -> Table:
        """Errors by type and place.

        Args:
            faults: the errors.
            moment: a timestamp as the person wants to read it.
        """
        table = _table(title="Errors", title_justify="left")
        is_wide = self._width >= _WIDE
        table.add_column("count", justify="right")
        for name in ("type", "place", *(["first"] if is_wide else []), "last", "ID of the last"):
            table.add_column(name, no_wrap=name in {"first", "last"}, overflow="fold")
        if is_wide:
            table.add_column("what it says", overflow="fold")
        for fault in faults:
            table.add_row(
                f"{fault.count:,}",
                Text(visible(fault.type), self._styles["error"]),
                Text(visible(fault.place)),
                *([moment(fault.first)] if is_wide else []),
                moment(fault.last),
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


def _time(microseconds: int | None) -> str:
    return "" if microseconds is None else duration(microseconds)


Column = tuple[str, Callable[[Figures], str], int]
"""(heading, what stands there, how gladly it is left out)"""
_COLUMNS: Sequence[Column] = (
    ("count", lambda group: f"{group.events:,}", 0),
    ("errors", lambda group: f"{group.errors:,}", 1),
    ("blocked", lambda group: f"{group.blocked:,}", 5),
    ("p50", lambda group: _time(group.p50_us), 2),
    ("p95", lambda group: _time(group.p95_us), 3),
    ("p99", lambda group: _time(group.p99_us), 6),
    ("max", lambda group: _time(group.max_us), 4),
    ("total", lambda group: _time(group.total_us), 8),
    ("self", lambda group: _time(group.self_us), 7),
)


def _fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """Those columns that there is room for, each eight characters and a gap wide at most."""
    most = max(1, width // 10)
    kept = sorted(columns, key=lambda column: column[2])[:most]
    return [column for column in columns if column in kept]


def _names(report: Report) -> Iterator[tuple[str, list[str]]]:
    for at, name in enumerate(report.by):
        yield name, [visible(group.key[at]) for group in report.groups]


def _table(**options: Any) -> Table:
    return Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", title_style="bold", **options
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
        yield [(share, "time"), ("  " * depth, ""), *event_line(event)]


def change_text(compared: Compared) -> str:
    """One group before and after, in a line."""
    name = visible(" ".join(compared.key))
    if not compared.before.events or not compared.after.events:
        return f"- {name}: {'new' if compared.after.events else 'gone'}"
    parts = [
        f"{column} {_time(old)} → {_time(new)}{_percent(old, new)}"
        for column, old, new in _times(compared)
        if old is not None and new is not None
    ]
    parts.append(f"errors {compared.before.errors} → {compared.after.errors}")
    return f"- {name}: {', '.join(parts)}; noise? {_sure(compared.confidence)}"


def changes_table(
    compared: Iterable[Compared], by: Sequence[str], theme: Mapping[str, str], width: int
) -> Table:
    """Groups before and after.

    Args:
        compared: in the order in which they are shown.
        by: what they are grouped by.
        theme: role → style.
        width: columns that there are.
    """
    styles = {**STYLES, **theme}
    table = _table()
    for name in by:
        table.add_column(name, no_wrap=True)
    shown = 3 if width >= _WIDE else 2
    for name in ("count", "errors", *("p50", "p95", "max")[:shown]):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("noise?", no_wrap=True)
    for each in compared:
        old, new = each.before, each.after
        worse = new.errors * old.events > old.errors * new.events
        table.add_row(
            *map(Text, map(visible, each.key)),
            f"{old.events:,} → {new.events:,}",
            Text(f"{old.errors:,} → {new.errors:,}", styles["error"] if worse else ""),
            *(
                f"{_time(one)} → {_time(other)}{_percent(one, other)}"
                for _, one, other in list(_times(each))[:shown]
            ),
            _sure(each.confidence),
        )
    return table


def _times(compared: Compared) -> Iterator[tuple[str, int | None, int | None]]:
    old, new = compared.before, compared.after
    yield "p50", old.p50_us, new.p50_us
    yield "p95", old.p95_us, new.p95_us
    yield "max", old.max_us, new.max_us


def _percent(old: int | None, new: int | None) -> str:
    return f" ({100 * (new - old) / old:+.0f}%)" if old and new is not None else ""


def _sure(confidence: float | None) -> str:
    if confidence is None:
        return "too few"
    # Cut, not rounded: nobody is ever quite sure.
    return f"{int(1000 * confidence) / 10}% sure" if confidence >= CONFIDENT else "may be"
