"""The rows of the outline: what of all that is shown is unfolded. Numbers alone, no text but the branches."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from dopejar_tracing.cli.browse.shown import Shown
from dopejar_tracing.read.index.links import NONE, Numbers
from dopejar_tracing.read.index.sift import Sieve
from dopejar_tracing.show.tree import MAX_INDENT

UNFOLDED = 5_000
"""Rows of what a filter lets through that stand unfolded; requests after these are folded at first."""


class _Open(NamedTuple):
    """An unfolded row."""

    children: Numbers
    before: str
    """What stands before the branches of its children."""


class Rows:
    """What the outline shows, from top to bottom.

    Args:
        shown: what there is to unfold.

    Attributes:
        nodes: the event of each row.
    """

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.nodes: Numbers = array("i")
        self._links = shown.index.links
        self._open: dict[int, _Open] = {}
        self._chosen: dict[int, bool] = {}  # by the user: unfolded or folded
        self._chosen_without: dict[int, bool] = {}  # a filter

    def __len__(self) -> int:
        return len(self.nodes)

    def sift(self, sieve: Sieve | None) -> None:
        """Show, from the next refresh on, what a sieve lets through; or everything, as it was before."""
        if self.shown.sieve is None:
            self._chosen_without = self._chosen
        self._chosen = self._chosen_without if sieve is None else {}
        self.shown.sieve = sieve

    def refresh(self) -> None:
        """See what there is to show by now."""
        self._open.clear()
        self.shown.refresh()
        tops = self.shown.tops()
        if self.shown.sieve is None and not self._chosen:
            self.nodes = tops[:]
            return
        self.nodes = array("i")
        for top in tops:
            self.nodes.append(top)
            if self._unfolds(top, len(self.nodes)):
                self.nodes.extend(self._below(top, len(self.nodes)))

    def is_open(self, row: int) -> bool:
        """Whether a row is unfolded."""
        return self.nodes[row] in self._open

    def can_open(self, row: int) -> bool:
        """Whether there is anything to unfold."""
        return self.shown.has_children(self.nodes[row])

    def lead(self, row: int) -> str:
        """What stands before a row: its branch, and those of the rows around it that run past."""
        node = self.nodes[row]
        parent = self._links.parents[node]
        if parent == NONE:
            return ""
        siblings, before = self._open[parent]
        return f"{before}  {'└─' if self._is_last(node, siblings, before) else '├─'}"

    def fold(self, row: int) -> None:
        """Hide what is below a row."""
        node = self.nodes[row]
        if node in self._open:
            self._chosen[node] = False
            del self.nodes[row + 1 : row + 1 + self._close(node)]

    def unfold(self, row: int) -> None:
        """Show what is right below a row, and as much of the rest as was unfolded before."""
        node = self.nodes[row]
        if node not in self._open and self.can_open(row):
            self._chosen[node] = True
            self.nodes[row + 1 : row + 1] = self._below(node, row + 1)

    def choose_all(self, row: int, *, unfolded: bool) -> None:
        """Unfold, or fold, a row and all below it."""
        node = self.nodes[row]
        self.fold(row)
        parents = filter(self._links.has_children, (node, *self._links.below(node)))
        self._chosen.update(dict.fromkeys(parents, unfolded))
        if unfolded:
            self.unfold(row)

    def row_of(self, node: int) -> int:
        """The row of an event, or of what it is folded into; 0 if it is not shown at all."""
        if node == NONE:
            return 0
        hidden = [above for above in self._links.above(node) if above not in self._open]
        try:
            return self.nodes.index(hidden[-1] if hidden else node)
        except ValueError:
            return 0

    def reveal(self, node: int) -> int:
        """Unfold all above an event; returns its row."""
        folded = [above for above in self._links.above(node) if above not in self._open]
        if folded:
            self._chosen.update(dict.fromkeys(folded, True))
            self.unfold(self.row_of(node))
        return self.row_of(node)

    def parent_row(self, row: int) -> int:
        """The row of what a row hangs under; its own at the top."""
        parent = self._links.parents[self.nodes[row]]
        return row if parent == NONE else self.row_of(parent)

    def _unfolds(self, node: int, rows: int) -> bool:
        """Whether it stands unfolded, with so many rows above."""
        chosen = self._chosen.get(node, self.shown.sieve is not None and rows < UNFOLDED)
        return chosen and self._links.has_children(node)

    def _below(self, top: int, rows: int) -> Numbers:
        """The rows below one that is unfolded, with so many rows above."""
        below = array("i")
        pending = self._enter(top)
        while pending:
            node = pending.pop()
            below.append(node)
            if self._unfolds(node, rows + len(below)):
                pending += self._enter(node)
        return below

    def _enter(self, node: int) -> Numbers:
        """Note that it is unfolded; returns its children, the last first."""
        children = self.shown.children(node)
        if children:
            self._open[node] = _Open(children, self._before_children(node))
        return children[::-1]

    def _close(self, top: int) -> int:
        """Note that it is folded; returns how many rows are below."""
        rows = 0
        pending = [top]
        while pending:
            opened = self._open.pop(pending.pop(), None)
            if opened:
                rows += len(opened.children)
                pending.extend(opened.children)
        return rows

    def _before_children(self, node: int) -> str:
        parent = self._links.parents[node]
        if parent == NONE:
            return ""
        siblings, before = self._open[parent]
        if len(before) >= MAX_INDENT:
            return before
        return f"{before}  {'  ' if self._is_last(node, siblings, before) else '│ '}"

    def _is_last(self, node: int, siblings: Numbers, before: str) -> bool:
        """What is too deep stands below its parent, not to its right: each row as if it were the last."""
        return node == siblings[-1] or len(before) >= MAX_INDENT
