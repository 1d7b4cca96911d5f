"""The critical path of one request: what it would have to be quicker in to be quicker itself.

Seen from the end of a span: it could not end before its last child did, that child could not begin before
the one that ended before it did, and so on. What remains is the span's own. Spans that ran beside those are
not on the path: were they quicker, the request would take as long as before.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dopejar_tracing.model.forest import Node
from dopejar_tracing.read.sums.nesting import Clock


class Step(msgspec.Struct, frozen=True):
    """A span on the path.

    Attributes:
        node: in its tree.
        depth: below the root.
        own_us: microseconds of the path that are its own.
    """

    node: Node
    depth: int
    own_us: int


def critical_path(root: Node) -> list[Step]:
    """The path through a tree, in the order in which its spans begin; their own times are the root's.

    Empty if the root is no span.
    """
    clock = Clock()
    found: list[Step] = []
    times = _times(root, clock)
    if times is None:
        return found
    pending = [(root, 0, *times)]  # a stack, as trees are deeper than Python's own
    while pending:
        node, depth, start, end = pending.pop()
        on_path = list(_last_to_end(node, start, end, clock))
        own = end - start - sum(its_end - its_start for _, its_start, its_end in on_path)
        found.append(Step(node, depth, own))
        pending += [(child, depth + 1, its_start, its_end) for child, its_start, its_end in on_path]
    return found


def _last_to_end(node: Node, start: int, end: int, clock: Clock) -> Iterator[tuple[Node, int, int]]:
    """(child, when it began and ended) within the span and before the one that follows; the last first."""
    spans = [(child, times) for child in node.children if (times := _times(child, clock)) is not None]
    spans.sort(key=lambda span: span[1][1])
    at = end
    while spans:
        child, (its_start, its_end) = spans.pop()
        its_start, its_end = max(its_start, start), min(its_end, at)
        if its_start < its_end:
            yield child, its_start, its_end
            at = its_start


def _times(node: Node, clock: Clock) -> tuple[int, int] | None:
    """When it began and ended, in microseconds since the epoch; None for an event."""
    duration = node.event.duration_us
    start = clock(node.event.timestamp)
    return None if duration is None or start is None else (start, start + duration)
