"""`stats --trace-id`: the critical path of one request."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from dopejar_tracing.cli.files import complain
from dopejar_tracing.cli.reporting import print_json
from dopejar_tracing.model.forest import Absent, Node
from dopejar_tracing.read.find.search import Search
from dopejar_tracing.read.input.reading import Reading
from dopejar_tracing.read.query.filters import Query
from dopejar_tracing.read.sums.path import Step, critical_path
from dopejar_tracing.settings import load
from dopejar_tracing.show.line import Line
from dopejar_tracing.show.stats import path_lines
from dopejar_tracing.show.terminal import Painter, painted_lines
from dopejar_tracing.show.text import visible


def show_path(reading: Reading, trace_id: str, *, as_json: bool) -> int:
    """Print the path through a span; returns the exit status.

    Args:
        reading: of the files.
        trace_id: of the span.
        as_json: for a program, instead of for a person.
    """
    found = _find(Search(reading, Query(), trace_ids=[trace_id]).trees(), trace_id)
    complain(reading)
    steps = [] if found is None else critical_path(found)
    if not steps:
        what = "no line has" if found is None else "no span, but an event has"
        click.echo(f"{what} the ID {visible(trace_id)!r}", err=True)
        return 1
    if as_json:
        print_json([_plain(step) for step in steps])
        return 0
    lines: Iterable[Line] = path_lines([(step.node.event, step.depth, step.own_us) for step in steps])
    click.echo(painted_lines(Painter(sys.stdout, load(lenient=True).settings.styles()), lines), nl=False)
    return 0


def _find(tops: Iterable[Node | Absent], trace_id: str) -> Node | None:
    pending: list[Node | Absent] = list(tops)
    for node in pending:  # which grows meanwhile
        if isinstance(node, Node) and node.event.trace_id == trace_id:
            return node
        pending += node.children
    return None


def _plain(step: Step) -> dict[str, object]:
    event = step.node.event
    return {
        "trace_id": event.trace_id,
        "layer": event.hrm_layer,
        "operation": event.operation,
        "depth": step.depth,
        "own_us": step.own_us,
        "duration_us": event.duration_us,
    }
