"""`dopejar-trace browse`: requests to fold and unfold, all details, a filter, and what comes in."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from dopejar_tracing.cli.files import file_names, files_argument, open_files
from dopejar_tracing.read.input.reading import Group
from dopejar_tracing.settings import load


@click.command()
@files_argument
def browse(files: tuple[str, ...]) -> int:
    """Browse requests: fold and unfold them, see all details, filter as you type, follow what is written.

    FILE may be several, patterns, compressed, or - for standard input; without FILE it is the output that the
    settings name. Press ? for the keys. Exit status: 0 after q; 2 wrong usage, or an unreadable file; 130
    after Ctrl-C.
    """
    try:
        from dopejar_tracing.cli.browse.app import Browser
        from dopejar_tracing.cli.browse.trace import Trace
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        msg = "browse needs Textual: pip install 'dopejar-tracing[browse]'"
        raise click.ClickException(msg) from None
    _read_keys_from_terminal()
    groups = open_files(file_names(files)).groups
    _check(groups)
    settings = load().settings
    app = Browser(Trace(groups), settings.known_layers(), settings.styles())
    app.run()
    return app.return_code or 0


def _check(groups: Sequence[Group]) -> None:
    """Complain of a file that cannot be read while there is a place to do so."""
    for source in (source for group in groups for source in group):
        if source.name != "-":
            path = Path(source.name)
            try:
                if not stat.S_ISFIFO(path.stat().st_mode):  # which waits for who writes
                    path.open("rb").close()
            except OSError as error:
                raise click.FileError(source.name, error.strerror) from error


def _read_keys_from_terminal() -> None:
    """Where standard input is something to read, let the terminal take its place; it stays `sys.stdin`."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR) if sys.stderr.isatty() else None  # where Textual draws
    except OSError:
        terminal = None
    if terminal is None:
        msg = "browse needs a terminal; view does not"
        raise click.UsageError(msg)
    if not sys.stdin.isatty():
        sys.stdin = os.fdopen(os.dup(0))
        os.dup2(terminal, 0)
    os.close(terminal)
