"""`stats --follow`: the report of what has come so far, kept up to date."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, nullcontext
from itertools import chain

from rich.live import Live

from dopejar_tracing.cli.files import open_files
from dopejar_tracing.cli.follow import Following
from dopejar_tracing.cli.reporting import Form, Reporter, console_of_stdout
from dopejar_tracing.cli.summing import Wanted
from dopejar_tracing.read.find.live import stop_here
from dopejar_tracing.read.input.files import is_there
from dopejar_tracing.read.input.lines import read_event
from dopejar_tracing.read.sums.figures import report


def follow_report(names: Sequence[str], wanted: Wanted, reporter: Reporter, *, siblings: bool) -> int:
    """Show what has come so far, again and again; what is no table, once, at the end.

    Args:
        names: of the files, and patterns.
        wanted: what is summed up.
        reporter: shows it.
        siblings: read what a file was rotated into before it.
    """
    with (
        closing(open_files([name for name in names if is_there(name)], siblings=siblings)) as reading,
        closing(Following(names, stop_here(reading))) as following,
    ):
        before = wanted.sum_up(reading)
        coming = wanted.summarizer(wanted.query, is_first=False)
        console = console_of_stdout()
        is_table = reporter.form is Form.TABLE
        try:
            with Live(console=console, auto_refresh=False) if is_table else nullcontext() as live:
                for number, lines in enumerate(chain([()], following.polls())):
                    events = [event for event in map(read_event, lines) if event is not None]
                    coming.add(events)
                    if live is not None and (events or not number):
                        shown = reporter.tables(report(before + coming.summary, wanted.by), console.width)
                        live.update(shown, refresh=True)
        finally:
            if not is_table:
                reporter.show(report(before + coming.summary, wanted.by))
    return 0
