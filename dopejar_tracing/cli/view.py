"""`dopejar-trace view`: what was looked for, as trees, as a table, or as the lines themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click
import msgspec

from dopejar_tracing.cli.drawing import Drawing
from dopejar_tracing.cli.files import complain, events_of, file_names, files_argument, open_files
from dopejar_tracing.cli.filters import build_query, filter_options, split_values
from dopejar_tracing.cli.output import output
from dopejar_tracing.cli.tips import tips
from dopejar_tracing.read.find.live import stop_here
from dopejar_tracing.read.find.search import Search
from dopejar_tracing.read.input.files import is_there
from dopejar_tracing.read.input.reading import Reading
from dopejar_tracing.read.query.misses import count_misses
from dopejar_tracing.show import found
from dopejar_tracing.show.text import visible

if TYPE_CHECKING:
    from dopejar_tracing.cli.follow import Following

EXAMPLES = """\b
Examples:
  dopejar-trace view --last 100
  dopejar-trace view --hrm altitude --status error,blocked --since -10m
  dopejar-trace view --trace-id alt_1705180800_a3f2
  dopejar-trace view --where 'metadata.tokens_saved > 40 and status != "success"'
  dopejar-trace view --grep consent --context trace.jsonl
  dopejar-trace view --longer-than 100ms --flat --utc
  dopejar-trace view --status error --json | jq .metadata
  dopejar-trace view --follow
"""


@click.command(epilog=EXAMPLES)
@click.option("-n", "--last", metavar="N", type=click.IntRange(1), help="The last N of what is looked for.")
@click.option(
    "--trace-id",
    "trace_ids",
    metavar="ID",
    multiple=True,
    help="This span, all below it, and what it is part of.",
)
@filter_options
@click.option("--context", is_flag=True, help="Also, dimly, what hangs below and beside a match.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on; Ctrl-C ends it.")
@click.option("--flat", is_flag=True, help="A table, a row for each match.")
@click.option("--json", "as_json", is_flag=True, help="The lines themselves, as they stand in the file.")
@click.option("--ids", is_flag=True, help="With the ID of each.")
@click.option("--metadata", is_flag=True, help="With all metadata of each.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in this machine's zone.")
@click.option("--width", metavar="N", type=click.IntRange(1), help="Cut lines at so many columns.")
@click.option(
    "--rotated/--no-rotated",
    default=True,
    help="Read what FILE was rotated into before it.  [default: rotated]",
)
@click.option("--no-pager", is_flag=True, help="Write to the terminal itself.")
@files_argument
def view(**values: Any) -> int:
    """Show the events that are looked for, as trees: each with the spans that led to it.

    What is looked for is bright, what it is part of is dim. All options together narrow the search; without
    any, everything is shown. FILE may be several, patterns, compressed, or - for standard input; without
    FILE it is the output that the settings name. Exit status: 0 something was found; 1 nothing; 2 wrong
    usage, or an unreadable file.
    """
    run = View(values)
    return run.follow() if values["follow"] else run.show()


class View:
    """One run of the command.

    Args:
        values: of its options, as click has them.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._options = values
        self._query = build_query(values, utc=values["utc"])
        self._look = found.Look(
            ids=values["ids"], metadata=values["metadata"], width=values["width"], utc=values["utc"]
        )
        self._as_rows = values["flat"] or values["as_json"]

    def show(self) -> int:
        """Show what is found; returns the exit status."""
        with closing(
            open_files(file_names(self._options["files"]), siblings=self._options["rotated"])
        ) as reading:
            return self._show(reading)

    def _show(self, reading: Reading) -> int:
        search = self._search(reading)
        with output(pager=not self._options["no_pager"]) as out:
            reading.pause = out.flush
            for text in self._shown(search, self._drawing(self._look)):
                out.write(text)
        complain(reading)
        if search.matched:
            return 0
        misses = count_misses(events_of(reading), self._query)
        for line in tips(self._query, misses, split_values(self._options["trace_ids"])):
            click.echo(visible(line), err=True)
        return 1

    def follow(self) -> int:
        """Show what is there, then what comes, until Ctrl-C."""
        from dopejar_tracing.cli.follow import Following

        if self._options["trace_ids"] and self._as_rows:
            msg = "--follow shows a request as a tree: not with --flat or --json"
            raise click.UsageError(msg)
        names = file_names(self._options["files"])
        there = list(filter(is_there, names))
        with (
            closing(open_files(there, siblings=self._options["rotated"])) as reading,
            closing(Following(names, stop_here(reading))) as following,
        ):
            try:
                self._follow(reading, following)
            finally:
                complain(reading)
                if following.bad:
                    lines = "1 bad line" if following.bad == 1 else f"{following.bad:,} bad lines"
                    click.echo(f"{lines} skipped of those that came", err=True)
        return 0

    def _follow(self, reading: Reading, following: Following) -> None:
        search = self._search(reading)
        if self._as_rows:
            following.rows(search, self._drawing(self._look))
        else:
            look = msgspec.structs.replace(self._look, absent="no line yet of")
            following.trees(search, self._drawing(look), context=self._options["context"])

    def _search(self, reading: Reading) -> Search:
        options = self._options
        return Search(
            reading,
            self._query,
            last=options["last"],
            trace_ids=split_values(options["trace_ids"]),
            context=options["context"],
        )

    def _drawing(self, look: found.Look) -> Drawing:
        return Drawing(look, as_json=self._options["as_json"])

    def _shown(self, search: Search, drawing: Drawing) -> Iterator[bytes]:
        if not self._as_rows:
            yield from (drawing.painted(drawing.trees([top])) for top in search.trees())
            return
        for each in search.lines():
            if search.matched == 1:
                yield drawing.head()
            yield drawing.row(each)
