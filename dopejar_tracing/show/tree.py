"""Trees, in the picture of contract §6, to the character."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from dopejar_tracing.model.event import Status, TraceEvent
from dopejar_tracing.show.line import Line
from dopejar_tracing.show.text import duration, visible
from dopejar_tracing.show.theme import QUICK_US

MAX_INDENT = 160
"""Characters; what is deeper than 40 levels stands below its parent, no longer to its right."""

SHOWN_METADATA = ("duration_us", "tokens_saved", "reason", "error_type", "error", "error_at")
"""What of an event's metadata its line shows; a sink that holds events for it need not keep the rest."""


class HasChildren(Protocol):
    """What can be drawn as a tree."""

    @property
    def children(self) -> Sequence[Any]:
        """Nodes of the same kind, in the order in which they are drawn."""


N = TypeVar("N", bound=HasChildren)


def tree_lines(
    top: N,
    describe: Callable[[N], Line],
    depth: int = 0,
    details: Callable[[N], Sequence[Line]] = lambda _: (),
) -> Iterator[Line]:
    """The line of the top and, under it, those of all that descends from it.

    Args:
        top: of the tree.
        describe: makes a node's line, without its branches.
        depth: how deep the top itself hangs, under parents whose lines stand above already.
        details: makes what stands between a node's line and its children.
    """
    # A stack, not recursion: a tree may be deeper than Python's own.
    pending = [(top, hanging(depth), indent(depth))]
    while pending:
        node, lead, deeper = pending.pop()
        yield [(lead, "branch"), *describe(node)] if lead else describe(node)
        for line in details(node):
            yield [(f"{deeper}  {'│ ' if node.children else '  '}  ", "branch"), *line]
        if node.children:
            pending.extend(_branches(node.children, deeper))


def indent(depth: int) -> str:
    """What stands before the children's branches of a node at that depth, more siblings to come."""
    return ("  │ " * depth)[:MAX_INDENT]


def hanging(depth: int) -> str:
    """What stands before a node at that depth, more siblings to come."""
    return f"{indent(depth - 1)}  ├─" if depth else ""


def _branches(children: Sequence[N], before: str) -> list[tuple[N, str, str]]:
    """(child, what stands before its line, indent of its own children), the last child first."""
    if len(before) >= MAX_INDENT:
        return [(child, f"{before}  └─", before) for child in reversed(children)]
    last = len(children) - 1
    branches = [
        (
            child,
            f"{before}  {'└─' if at == last else '├─'}",
            f"{before}  {'  ' if at == last else '│ '}",
        )
        for at, child in enumerate(children)
    ]
    return branches[::-1]


def event_line(event: TraceEvent) -> Line:
    """One line: `[alt] transition: L3→L2 → success (5ms) [saved 45 tokens]`."""
    status = event.status
    alarm = status if status in {"error", "blocked"} else ""
    line = head(event.trace_id, event.hrm_layer, event.operation, event.input_summary)
    outcome = event.output_summary or alarm
    if outcome:
        line.append((f" → {visible(outcome)}", alarm))
    microseconds = event.duration_us
    if microseconds is not None:
        role = "quick" if microseconds < QUICK_US else "time"
        line.append((f" ({duration(microseconds)})", role))
    if alarm:
        said = "" if outcome == alarm else alarm
        reason = ": ".join(part for part in (said, why(event)) if part)
        if reason:
            line.append((f" [{reason}]", alarm))
    saved = event.metadata.get("tokens_saved")
    if isinstance(saved, int) and not isinstance(saved, bool):
        line.append((f" [saved {saved} tokens]", "note"))
    return line


def head(trace_id: str, layer: str, operation: str, given: str) -> Line:
    """What is known of a span when it begins: `[alt] transition: L3→L2`."""
    asked = f": {visible(given)}" if given else ""
    return [(f"[{visible(trace_id.partition('_')[0])}]", layer), (f" {visible(operation)}{asked}", "")]


def why(event: TraceEvent) -> str:
    """What stopped it: `OSError: disk full, manager.py:42`, or the reason of what was blocked."""
    metadata = event.metadata
    if event.status == Status.BLOCKED:
        return visible(str(metadata.get("reason", "")))
    what = ": ".join(visible(str(metadata[key])) for key in ("error_type", "error") if metadata.get(key))
    where = visible(str(metadata.get("error_at") or ""))
    return ", ".join(part for part in (what, where) if part)
