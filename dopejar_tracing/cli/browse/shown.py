"""What of an index is shown: everything, or what a filter lets through. Numbers alone, no text."""

from __future__ import annotations

from array import array

from dopejar_tracing.read.index.index import Index, Tally
from dopejar_tracing.read.index.links import NONE, Numbers
from dopejar_tracing.read.index.sift import MATCH, Sieve

_MANY = 1_000
"""Children that take a while to put in their order."""


class Shown:
    """The trees of an index, folded or not.

    Args:
        index: of the events.

    Attributes:
        sieve: what lets events through; None: all are shown.
        settled: what has no line by now has none, and stands at the top.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self.sieve: Sieve | None = None
        self.settled = False
        self._tops: Numbers | None = None
        self._children: dict[int, Numbers] = {}
        self._tallies: dict[int, Tally] = {}

    def refresh(self) -> None:
        """See what the index and the sieve have got to show by now."""
        self._tops = None
        self._children.clear()
        self._tallies.clear()

    def tops(self) -> Numbers:
        """What stands at the top."""
        if self._tops is None:
            # As long as no request is whole, what is known of one is better than nothing.
            tops = self.index.tops(settled=self.settled) or self.index.tops(settled=True)
            self._tops = self._passed(tops)
        return self._tops

    def children(self, node: int) -> Numbers:
        """What hangs right under an event."""
        if node in self._children:
            return self._children[node]
        children = self._passed(self.index.children(node))
        if len(children) > _MANY:
            self._children[node] = children
        return children

    def beside(self, node: int) -> Numbers:
        """An event and its siblings."""
        parent = self.index.links.parents[node]
        return self.tops() if parent == NONE else self.children(parent)

    def has_children(self, node: int) -> bool:
        """Whether anything hangs under an event."""
        if self.sieve is None:
            return self.index.links.has_children(node)
        return any(map(self.sieve.mark_of, self.index.links.children(node)))

    def is_match(self, node: int) -> bool:
        """Whether an event is shown for its own sake."""
        return self.sieve is None or self.sieve.mark_of(node) == MATCH

    def tally(self, node: int) -> Tally:
        """What is below an event, as far as it is looked for."""
        if node not in self._tallies:
            self._tallies[node] = self.index.tally(node, None if self.sieve is None else self.is_match)
        return self._tallies[node]

    def _passed(self, nodes: Numbers) -> Numbers:
        return nodes if self.sieve is None else array("i", filter(self.sieve.mark_of, nodes))
