"""Two traces side by side: as text, and as a table for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from dopejar_tracing.model.report import Compared
from dopejar_tracing.show.stats import fitting, plain_table, room_for_names, time_text
from dopejar_tracing.show.text import visible
from dopejar_tracing.show.theme import STYLES

CONFIDENT = 0.95
"""From which on it is said how sure it is that a difference is more than noise."""


def change_text(compared: Compared) -> str:
    """One group before and after, in a line."""
    name, verdict = visible(" ".join(compared.key)), _verdict(compared)
    if verdict in {"new", "gone"}:
        return f"- {name}: {verdict}"
    parts = [
        f"{column} {time_text(old)} → {time_text(new)}{_percent(old, new)}"
        for column, old, new in _times(compared)
        if old is not None and new is not None
    ]
    parts.append(f"errors {compared.before.errors} → {compared.after.errors}")
    return f"- {name}: {', '.join(parts)}; noise? {verdict}"


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
    compared = list(compared)
    columns = [(name, [cell(each) for each in compared], rank) for name, cell, rank in _CHANGES]
    columns = fitting(columns, width - room_for_names(by, [each.key for each in compared], width))
    table = plain_table()
    for name in by:
        table.add_column(name, overflow="fold")
    for name, _, _ in columns:
        table.add_column(name, justify="left" if name == "noise?" else "right", no_wrap=True)
    for at, each in enumerate(compared):
        worse = each.after.errors * each.before.events > each.before.errors * each.after.events
        table.add_row(
            *map(Text, map(visible, each.key)),
            *(
                Text(cells[at], styles["error"] if worse and name == "errors" else "")
                for name, cells, _ in columns
            ),
        )
    return table


def _times(compared: Compared) -> Iterator[tuple[str, int | None, int | None]]:
    old, new = compared.before, compared.after
    yield "p50", old.p50_us, new.p50_us
    yield "p95", old.p95_us, new.p95_us
    yield "max", old.max_us, new.max_us


def _percent(old: int | None, new: int | None) -> str:
    return f" ({100 * (new - old) / old:+.0f}%)" if old and new is not None else ""


def _moved(compared: Compared, name: str) -> str:
    old, new = next((old, new) for column, old, new in _times(compared) if column == name)
    return "" if old is None and new is None else f"{time_text(old)} → {time_text(new)}{_percent(old, new)}"


def _verdict(compared: Compared) -> str:
    confidence = compared.confidence
    if not compared.before.events or not compared.after.events:
        return "new" if compared.after.events else "gone"
    if confidence is None:
        return "too few"
    # Cut, not rounded: nobody is ever quite sure.
    return f"{int(1000 * min(confidence, 0.999)) / 10}% sure" if confidence >= CONFIDENT else "may be"


_CHANGES: Sequence[tuple[str, Callable[[Compared], str], int]] = (
    ("count", lambda each: f"{each.before.events:,} → {each.after.events:,}", 3),
    ("errors", lambda each: f"{each.before.errors:,} → {each.after.errors:,}", 2),
    ("p50", lambda each: _moved(each, "p50"), 1),
    ("p95", lambda each: _moved(each, "p95"), 4),
    ("max", lambda each: _moved(each, "max"), 5),
    ("noise?", _verdict, 0),
)
