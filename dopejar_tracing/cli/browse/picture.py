"""A row of the outline, as the console would draw it, with what is folded into it."""

from __future__ import annotations

from rich.cells import cell_len

from dopejar_tracing.cli.browse.rows import Rows
from dopejar_tracing.cli.browse.shown import Shown
from dopejar_tracing.cli.browse.trace import Trace
from dopejar_tracing.read.index.links import NONE
from dopejar_tracing.show.found import absent_line
from dopejar_tracing.show.line import Line, fitted, plain
from dopejar_tracing.show.tree import event_line

FOLDED, UNFOLDED, SINGLE = "▸ ", "▾ ", "  "


def row_line(trace: Trace, rows: Rows, row: int, width: int) -> Line:
    """The line of a row; where there is no room, it is cut, but for its branches.

    Args:
        trace: whose events are shown.
        rows: of the outline.
        row: which of them.
        width: columns that there are.
    """
    node = rows.nodes[row]
    can_open, is_open = rows.can_open(row), rows.is_open(row)
    sign = UNFOLDED if is_open else FOLDED if can_open else SINGLE
    before = sign + _shortened(rows.lead(row), width // 2)
    line = _described(trace, node, bright=rows.shown.is_match(node))
    hidden = _hidden(rows.shown, node) if can_open and not is_open else []
    if len(plain(hidden)) > width // 2:
        hidden = hidden[:1]
    room = width - len(before) - len(plain(hidden))
    return [(before, "branch"), *_cut(line, max(1, room)), *hidden]


def _cut(line: Line, width: int) -> Line:
    """What fits; a note at the end goes first, then the longest texts are cut."""
    if cell_len(plain(line)) > width and len(line) > 1 and line[-1][1] == "note":
        line = line[:-1]
    return fitted(line, width)


def _described(trace: Trace, node: int, *, bright: bool) -> Line:
    """What the console says of an event; what only leads to a match is dim."""
    event = trace.event(node)
    if event is None:
        return _without_event(trace, node)
    line = event_line(event)
    if not bright:
        line = [(plain(line), "context")]
    if node in trace.index.odd:
        line.append((f" [{trace.index.odd[node]}]", "odd"))
    return line


def _without_event(trace: Trace, node: int) -> Line:
    if trace.index.places[node] != NONE:
        return [("(this line cannot be read)", "context")]
    return absent_line(trace.trace_id(node))


def _hidden(shown: Shown, node: int) -> Line:
    """What a folded row says of all that is below it: ` · 12 below, 1 error`."""
    tally = shown.tally(node)
    what = "below" if shown.sieve is None else "match below" if tally.events == 1 else "matches below"
    line: Line = [(f" · {tally.events:,} {what}", "note")]
    if tally.errors:
        line += [(", ", "note"), (f"{tally.errors:,} error{'s' * (tally.errors > 1)}", "error")]
    if tally.blocked:
        line += [(", ", "note"), (f"{tally.blocked:,} blocked", "blocked")]
    return line


def _shortened(lead: str, width: int) -> str:
    """The branches of a row; of one that hangs too deep for the window only the last."""
    return lead if len(lead) <= width else f"…{lead[1 - width :]}"
