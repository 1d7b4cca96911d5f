"""Trees that are not over: the live region, and what a long-lived root leaves above it part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from dopejar_tracing.model.branch import Branch, Gap, Piece
from dopejar_tracing.model.glimpse import Glimpse
from dopejar_tracing.model.values import cut
from dopejar_tracing.show.line import Line, fitted, plain
from dopejar_tracing.show.text import duration
from dopejar_tracing.show.tree import event_line, hanging, head, tree_lines

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
MAX_PARENTS = 40
"""Of more open parents in a row only the first and the last are said."""
GIVEN = 100
"""Characters of an open span's input."""


class Scrollback:
    """Puts pieces into words, one below the other, so that a reader can follow.

    A whole tree is contract §6's picture. A part of a tree hangs under the lines of its open parents, which
    are said once, dimly, and again where another tree came in between. The end of such a parent is a line of
    its own.
    """

    def __init__(self) -> None:
        # The open spans under which a part would stand right now, and where each is among them.
        self._path: list[Branch] = []
        self._at: dict[int, int] = {}

    def lines(self, piece: Piece | Gap, now_ns: int) -> Iterator[Line]:
        """The lines of a piece that is written below all that came before.

        Args:
            piece: what is finished, or was left out.
            now_ns: of the monotonic clock, for what nobody ended.
        """
        if isinstance(piece, Gap):
            yield [(f"… {piece.count:,} events left out here: they came faster than can be shown", "note")]
            return
        yield from self._parents(piece.parent)

        def describe(branch: Branch) -> Line:
            line = event_line(branch.event) if branch.event else _unfinished(branch, now_ns)
            return [*line, (" [began above]", "note")] if branch.parted else line

        yield from tree_lines(piece.top, describe, len(self._path))

    def _parents(self, span: Branch | None) -> Iterator[Line]:
        """The lines of a piece's parents, as far as they do not stand right above."""
        new = []
        while span is not None and id(span) not in self._at:
            new.append(span)
            span = span.parent
        for gone in self._path[0 if span is None else self._at[id(span)] + 1 :]:
            del self._at[id(gone)]
        del self._path[len(self._at) :]
        for at, span in enumerate(reversed(new)):
            depth = len(self._path)
            self._at[id(span)] = depth
            self._path.append(span)
            if len(new) <= MAX_PARENTS or at in {0, len(new) - 1}:
                yield [(plain([(hanging(depth), ""), *_head(span), (" (open)", "")]), "repeated")]
            elif at == 1:
                yield [(f"{hanging(depth)}… {len(new) - 2:,} more are open", "repeated")]


def region_lines(
    glimpses: Sequence[Glimpse], now_ns: int, rows: int, width: int, open_count: int
) -> list[Line]:
    """What is open right now, at most `rows` lines of it.

    Args:
        glimpses: of the trees.
        now_ns: of the monotonic clock.
        rows: lines that there is room for.
        width: columns that there are.
        open_count: how many spans are open in all.
    """
    spinner = SPINNER[now_ns // 100_000_000 % len(SPINNER)]

    def describe(row: _Row) -> Line:
        branch = row.branch
        if branch is None:
            return [(f"… {row.hidden:,} more finished", "note")]
        if branch.event is not None:
            return [*event_line(branch.event), *_trouble_below(branch)]
        if branch.alive is None:
            return _unfinished(branch, now_ns)
        return [*_head(branch), (f" {spinner} {_since(branch, now_ns)}", "open")]

    trees = [_row(glimpse) for glimpse in glimpses]
    lines = [fitted(line, width) for tree in trees for line in tree_lines(tree, describe)]
    if len(lines) < rows or (len(lines) == rows and _open_in(glimpses) == open_count):
        return lines
    lines = lines[: rows - 1]
    return [*lines, [(f"… {open_count:,} spans are open", "note")]]


class _Row(msgspec.Struct, frozen=True):
    """A glimpse as it is drawn: what is hidden has a row of its own."""

    branch: Branch | None
    children: tuple[_Row, ...] = ()
    hidden: int = 0


def _row(glimpse: Glimpse) -> _Row:
    children = tuple(map(_row, glimpse.children))
    if glimpse.hidden:
        children = (_Row(None, hidden=glimpse.hidden), *children)
    return _Row(glimpse.branch, children)


def _open_in(glimpses: Sequence[Glimpse]) -> int:
    return sum(
        (look.branch.event is None and look.branch.alive is not None) + _open_in(look.children)
        for look in glimpses
    )


def _trouble_below(branch: Branch) -> Line:
    """What a finished branch hides, as its children have no rows of their own."""
    own = branch.event.status if branch.event else ""
    below = ((status, count - (status == own)) for status, count in branch.trouble.items())
    return [(f" [{count} {status} below]", status) for status, count in below if count]


def _head(branch: Branch) -> Line:
    return head(branch.trace_id, branch.layer, branch.operation, cut(branch.given, GIVEN))


def _unfinished(branch: Branch, now_ns: int) -> Line:
    return [*_head(branch), (f" (unfinished, {_since(branch, now_ns)})", "open")]


def _since(branch: Branch, now_ns: int) -> str:
    return duration(max(0, now_ns - branch.started_ns) // 1000)
