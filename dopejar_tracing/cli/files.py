"""Files that a command reads: opened, counted, complained about, in one way."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import click

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.lines import Bad, read_events
from dopejar_tracing.settings import load

files_argument = click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))


def events_of(files: Sequence[Path]) -> Iterator[TraceEvent]:
    """The events of all files, one after the other; `-` is standard input.

    Without files, those of the file that the settings name. Bad lines are counted, and said on stderr.

    Raises:
        click.FileError: a file cannot be read; exit status 2.
    """
    for path in files or [_traced()]:
        bad = Bad()
        with closing(_open(path)) as file:
            yield from read_events(file, bad)
        if bad.count:
            click.echo(f"{path}: {bad.count:,} bad lines skipped, the first at {path}:{bad.first}", err=True)


def _traced() -> Path:
    output = load().settings.output
    if output is None:
        msg = "the settings name no output; name a FILE"
        raise click.UsageError(msg)
    return Path(output)


def _open(path: Path) -> BinaryIO:
    if str(path) == "-":
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from error
