"""`dopejar-trace points`: the catalogue, and which of it a trace contains."""

from __future__ import annotations

from contextlib import closing

import click

from dopejar_tracing.cli.files import complain, events_of, file_names, files_argument, open_files
from dopejar_tracing.points import catalogue
from dopejar_tracing.read.seen import Seen, count_points
from dopejar_tracing.show.tables import aligned


@click.command()
@click.option("--seen", is_flag=True, help="Count what FILE contains; exit 1 if a point is missing.")
@files_argument
def points(files: tuple[str, ...], *, seen: bool) -> int:
    """Print the catalogue of trace points: name, level, fields.

    With --seen: how often each came in FILE, and which of its fields were always empty. Without FILE, the
    output that the settings name; - is standard input. Exit status 1 if a point of the catalogue never came.
    """
    rules = {(rule.layer, rule.operation): rule for rule in catalogue()}
    if not seen:
        if files:
            msg = "FILE goes with --seen"
            raise click.UsageError(msg)
        rows = [(".".join(name), rule.level, ", ".join(rule.fields)) for name, rule in rules.items()]
        click.echo(aligned(rows))
        return 0
    with closing(open_files(file_names(files))) as reading:
        found = count_points(events_of(reading), {name: list(rule.fields) for name, rule in rules.items()})
        complain(reading)
    click.echo(
        aligned([(".".join(name), f"{point.count:,}", _remark(point)) for name, point in found.items()])
    )
    came = sum(point.count > 0 for point in found.values())
    click.echo(f"{came} of {len(found)} points seen")
    return 0 if came == len(found) else 1


def _remark(point: Seen) -> str:
    if not point.count:
        return "never"
    return f"always empty: {', '.join(point.empty)}" if point.empty else ""
