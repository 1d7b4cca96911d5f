"""What was found, as trees in the console's picture, or as rows of a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec
from rich.cells import cell_len

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import Absent, Node
from dopejar_tracing.show.line import Line, cropped, fitted, plain
from dopejar_tracing.show.text import duration, visible
from dopejar_tracing.show.tree import event_line, tree_lines, why

TIME, LAYER, OPERATION, DURATION, STATUS = 26, 9, 16, 6, 7
"""Columns of a table; what is wider moves the rest of its row."""


NO_LINE = "no line of"


class Look(msgspec.Struct, frozen=True):
    """How it is shown."""

    ids: bool = False
    """Each line with its ID."""
    metadata: bool = False
    """Each with all its metadata."""
    width: int | None = None
    """Columns at which a line is cut; None: it is as long as it is."""
    utc: bool = False
    """Times of a table in UTC, not in this machine's zone."""
    absent: str = NO_LINE
    """What is said of a parent that is not there."""


def trees(tops: Iterable[Node | Absent], look: Look) -> Iterator[Line]:
    """The lines of the trees. What was looked for is bright, what is only related to it is dim."""

    def describe(node: Node | Absent) -> Line:
        if isinstance(node, Absent):
            return absent_line(node.trace_id, look.absent)
        line = event_line(node.event)
        if not node.matched:
            line = [(plain(line), "context")]
        if look.ids:
            line.append((f"  {visible(node.event.trace_id)}", "note"))
        if node.odd:
            line.append((f" [{node.odd}]", "odd"))
        return line

    def details(node: Node | Absent) -> list[Line]:
        return [] if isinstance(node, Absent) or not look.metadata else list(_metadata(node))

    for top in tops:
        for line in tree_lines(top, describe, details=details):
            yield line if look.width is None else fitted(line, look.width)


def absent_line(trace_id: str, said: str = NO_LINE) -> Line:
    """What stands for a parent that is not there: `[sys] … (no line of sys_1768312803_o5p6)`."""
    safe = visible(trace_id)
    return [(f"[{safe.partition('_')[0]}] … ({said} {safe})", "context")]


def _metadata(node: Node) -> Iterator[Line]:
    role = "" if node.matched else "context"
    for key, value in node.event.metadata.items():
        yield [(f"{visible(key)}: ", "note"), (_written(value), role)]


def _written(value: object) -> str:
    """A text as it is, anything else as JSON."""
    try:
        return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "… (nested too deeply)"


def table_head(look: Look) -> Line:
    """The names of the columns."""
    zone = "UTC" if look.utc else datetime.now(tz=UTC).astimezone().tzname() or "local"
    names = [
        f"time ({zone})".ljust(TIME),
        "layer".ljust(LAYER),
        "operation".ljust(OPERATION),
        "took".rjust(DURATION),
        "status".ljust(STATUS),
    ]
    line: Line = [("  ".join([*names, "component, input → output"]), "note")]
    return line if look.width is None else cropped(line, look.width)


def table_row(event: TraceEvent, look: Look) -> Line:
    """An event in a row, under `table_head`."""
    took = event.duration_us
    alarm = event.status if event.status in {"error", "blocked"} else ""
    summary = " → ".join(filter(None, (event.input_summary, event.output_summary)))
    reason = why(event) if alarm else ""
    line: Line = [
        (_padded(moment(event.timestamp, utc=look.utc), TIME), "note"),
        (_padded(event.hrm_layer, LAYER), event.hrm_layer),
        (_padded(event.operation, OPERATION), ""),
        (f"{'' if took is None else duration(took):>{DURATION}}  ", "time"),
        (_padded(event.status, STATUS), alarm),
        (visible(event.component), "note"),
    ]
    if summary:
        line.append((f"  {visible(summary)}", ""))
    if reason:
        line.append((f"  [{reason}]", alarm))
    if look.ids:
        line.append((f"  {visible(event.trace_id)}", "note"))
    if look.metadata and event.metadata:
        line.append((f"  {_written(event.metadata)}", "note"))
    return line if look.width is None else cropped(line, look.width)


def moment(timestamp: str, *, utc: bool) -> str:
    """A timestamp in UTC or this machine's zone; what is none as it is."""
    try:
        found = datetime.fromisoformat(timestamp)
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC if utc else None).strftime("%Y-%m-%d %H:%M:%S.%f")
    except (ValueError, OverflowError):
        return visible(timestamp)


def _padded(text: str, width: int) -> str:
    safe = visible(text)
    return f"{safe}{' ' * max(0, width - cell_len(safe))}  "
