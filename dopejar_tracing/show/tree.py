"""Trees, in the picture of contract §6, to the character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from dopejar_tracing.model.event import Status, TraceEvent
from dopejar_tracing.model.forest import Node
from dopejar_tracing.show import theme
from dopejar_tracing.show.text import duration, visible

MAX_INDENT = 160
"""Characters; what is deeper than 40 levels stands below its parent, no longer to its right."""


def render_forest(roots: Iterable[Node]) -> Iterator[Text]:
    """One text a tree, without a last newline."""
    return (render_tree(root) for root in roots)


def render_tree(root: Node) -> Text:
    """The root's line and, under it, those of all that descends from it."""
    lines = [render_event(root.event)]
    # A stack, not recursion: a tree may be deeper than Python's own.
    pending = _branches(root.children, "")
    while pending:
        node, lead, indent = pending.pop()
        lines.append(Text.assemble((lead, theme.BRANCH), render_event(node.event)))
        pending.extend(_branches(node.children, indent))
    return Text("\n").join(lines)


def _branches(children: list[Node], indent: str) -> list[tuple[Node, str, str]]:
    """(child, what stands before its line, indent of its own children), the last child first."""
    if len(indent) >= MAX_INDENT:
        return [(child, f"{indent}  └─", indent) for child in reversed(children)]
    last = len(children) - 1
    branches = [
        (
            child,
            f"{indent}  {'└─' if at == last else '├─'}",
            f"{indent}  {'  ' if at == last else '│ '}",
        )
        for at, child in enumerate(children)
    ]
    return branches[::-1]


def render_event(event: TraceEvent) -> Text:
    """One line: `[alt] transition: L3→L2 → success (5ms) [saved 45 tokens]`."""
    prefix = event.trace_id.partition("_")[0]
    alarm = theme.STATUS_STYLES.get(event.status, "")
    text = Text()
    text.append(f"[{visible(prefix)}]", theme.layer_style(event.hrm_layer))
    text.append(f" {visible(event.operation)}")
    if event.input_summary:
        text.append(f": {visible(event.input_summary)}")
    outcome = event.output_summary or (event.status if alarm else "")
    if outcome:
        text.append(f" → {visible(outcome)}", alarm)
    microseconds = event.duration_us
    if microseconds is not None:
        text.append(f" ({duration(microseconds)})", theme.TIME)
    said = "" if outcome == event.status or not alarm else event.status
    why = ": ".join(part for part in (said, _why(event)) if part)
    if why:
        text.append(f" [{visible(why)}]", alarm)
    saved = event.metadata.get("tokens_saved")
    if isinstance(saved, int) and not isinstance(saved, bool):
        text.append(f" [saved {saved} tokens]", theme.NOTE)
    return text


def _why(event: TraceEvent) -> str:
    """What stopped it: `OSError: disk full, manager.py:42`, or the reason of what was blocked."""
    metadata = event.metadata
    if event.status == Status.BLOCKED:
        return str(metadata.get("reason", ""))
    if event.status != Status.ERROR:
        return ""
    what = ": ".join(str(metadata[key]) for key in ("error_type", "error") if metadata.get(key))
    return ", ".join(str(part) for part in (what, metadata.get("error_at")) if part)
