"""Files that a command reads: opened, counted, complained about, in one way."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.input.files import find_sources
from dopejar_tracing.read.input.lines import read_events
from dopejar_tracing.read.input.reading import Reading
from dopejar_tracing.read.input.source import Source
from dopejar_tracing.settings import load
from dopejar_tracing.show.text import visible

_COUNTED = 1 << 28
"""Bytes before a bad line up to which its number is worth the time that counting takes."""

files_argument = click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path())


def file_names(files: Sequence[str]) -> list[str]:
    """The files' names; without any, that of the file that the settings name."""
    return list(files) or [_traced()]


def open_files(names: Sequence[str], *, siblings: bool = True) -> Reading:
    """What the names stand for.

    Args:
        names: paths and patterns; `-` is standard input.
        siblings: read what a file was rotated into before it.

    Raises:
        UnreadableError: a pattern matches nothing; exit status 2.
    """
    return Reading(find_sources(names, stdin=sys.stdin.buffer, siblings=siblings))


def events_of(reading: Reading) -> Iterator[TraceEvent]:
    """All events of all files, one file after the other."""
    for source, bad in reading.bad.items():
        yield from read_events(source.forward(), bad)


def complain(reading: Reading) -> None:
    """Say on stderr how many lines were skipped, and where the first of each file stands."""
    for source in reading.removed:
        click.echo(f"{visible(source.name)}: was deleted before it was read", err=True)
    for source, bad in reading.bad.items():
        if bad.count:
            lines = "1 bad line" if bad.count == 1 else f"{bad.count:,} bad lines"
            name = visible(source.name)
            click.echo(f"{name}: {lines} skipped, the first at {name}{_place(source, bad.first)}", err=True)


def _place(source: Source, offset: int) -> str:
    return f":{source.line_number(offset)}" if offset < _COUNTED else f", byte {offset:,}"


def _traced() -> str:
    output = load().settings.output
    if output is None:
        msg = "the settings name no output; name a FILE"
        raise click.UsageError(msg)
    return output
