"""`stats --compare`: two traces side by side, what moved most first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from dopejar_tracing.cli.reporting import (
    CSV_NAMES,
    Form,
    console_of_stdout,
    csv_values,
    figures_of,
    print_csv,
    print_json,
)
from dopejar_tracing.model.report import Compared
from dopejar_tracing.read.sums.compare import Change, compare
from dopejar_tracing.read.sums.figures import figures
from dopejar_tracing.read.sums.summary import Summary
from dopejar_tracing.show.changes import change_text, changes_table


def show_changes(
    before: Summary, after: Summary, by: Sequence[str], form: Form, styles: Mapping[str, str]
) -> None:
    """Print what changed.

    Args:
        before: the one trace.
        after: the other.
        by: what both are grouped by.
        form: of what is printed.
        styles: of the theme.
    """
    compared = [_compared(change) for change in compare(before, after)]
    match form:
        case Form.JSON:
            print_json([_plain(each, by) for each in compared])
        case Form.TABLE:
            console = console_of_stdout()
            console.print(changes_table(compared, by, styles, console.width))
        case Form.CSV:
            columns = [f"{name}_{when}" for when in ("before", "after") for name in CSV_NAMES]
            print_csv([*by, *columns, "confidence"], map(_row, compared))
        case Form.TEXT if compared:
            click.echo("\n".join(map(change_text, compared)))


def _compared(change: Change) -> Compared:
    return Compared(
        change.key, figures(change.key, change.before), figures(change.key, change.after), change.confidence
    )


def _row(compared: Compared) -> list[Any]:
    return [
        *compared.key,
        *csv_values(compared.before),
        *csv_values(compared.after),
        compared.confidence,
    ]


def _plain(compared: Compared, by: Sequence[str]) -> dict[str, Any]:
    return {
        **dict(zip(by, compared.key, strict=True)),
        "before": figures_of(compared.before),
        "after": figures_of(compared.after),
        "confidence": compared.confidence,
    }
