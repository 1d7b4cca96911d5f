"""`dopejar-trace settings`: the values in force, and where each came from."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from dopejar_tracing.settings import KEYS, load
from dopejar_tracing.show.tables import aligned


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def settings(file: Path | None) -> None:
    """Print the settings in force here, and where each came from.

    Reads the environment and FILE: by default $DOPEJAR_SETTINGS, else ./settings.yaml, else
    ./config/settings.yaml. A wrong key or value is named, with what is allowed; exit status 2.
    """
    effective = load(file)
    rows = [(key, _written(getattr(effective.settings, key)), effective.origins[key]) for key in KEYS]
    click.echo(aligned(rows))


def _written(value: object) -> str:
    """A value as settings.yaml would hold it."""
    return value if isinstance(value, str) else json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
