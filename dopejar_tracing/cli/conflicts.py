"""Options of `stats` of which only one can be obeyed: it is said, rather than one of them forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

_APART = (
    ("--json", "--csv"),
    ("--last", "--all"),
    ("--compare", "--trace-id"),
    ("--compare", "--follow"),
    ("--compare", "FILE"),
    ("--follow", "--trace-id"),
    ("--follow", "--fail-if"),
    ("--trace-id", "--fail-if"),
    ("--trace-id", "--csv"),
)
_NAMES = {
    "as_json": "--json",
    "as_csv": "--csv",
    "everything": "--all",
    "limits": "--fail-if",
    "files": "FILE",
    "trace_id": "--trace-id",
}


def refuse_conflicts(values: Mapping[str, Any]) -> None:
    """Complain about two options that do not go together.

    Args:
        values: of the options, as click has them.

    Raises:
        click.UsageError: there are two; exit status 2.
    """
    given = {
        _NAMES.get(name, f"--{name}") for name, value in values.items() if value not in (None, False, ())
    }
    for one, other in _APART:
        if {one, other} <= given:
            msg = f"{one} and {other} do not go together"
            raise click.UsageError(msg)
