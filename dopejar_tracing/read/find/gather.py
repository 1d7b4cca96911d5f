"""Lines in the order of a file → trees of those that are looked for, handed out while the rest is read.

A parent's line comes after those of its children, as a span is written when it ends. So who is looked for
names a parent that is still to come; it is kept when it comes, and names the next. A tree is handed out
some time after its root, since children may outlive their parents, and files may be out of order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from dopejar_tracing.model.forest import Node, join_nodes
from dopejar_tracing.read.input.lines import read_event

PATIENCE = 10_000
"""Lines that are read after a root before its tree is handed out."""
MAX_HELD = 100_000
"""Lines that are held, about 60 MB. Beyond, trees are handed out as far as they have come."""
MAX_BYTES = 32 << 20
"""The same of the bytes of those lines."""
REMEMBERED = 10_000
"""Lines that are kept after they were handed out, for children that come later."""


class Held(msgspec.Struct, gc=False):
    """A line that is kept until its tree is whole."""

    line: bytes
    trace_id: str
    parent_id: str | None
    matched: bool
    at: int = 0
    """How many lines had been read then."""


class Gathering:
    """Trees that are being put together.

    Args:
        test: whether an event is looked for.
        context: keep what hangs under it, and beside it, as well.
        limit: see MAX_HELD.

    Attributes:
        test: see there.
        holds_all: whatever comes is kept.
        matched: how many events were looked for.
        missing: IDs of parents that are wanted and have not come.
    """

    def __init__(
        self,
        test: Callable[[Any], bool],
        *,
        context: bool = False,
        limit: int = MAX_HELD,
    ) -> None:
        self.test = test
        self.matched = 0
        self.missing: set[str] = set()
        self.holds_all = context
        self._limit = limit
        self._children: dict[str | None, list[Held]] = {}
        self._ids: set[str] = set()
        self._roots: deque[Held] = deque()
        self._handed_out: dict[str, Held] = {}
        self._held = self._bytes = self._remembered = 0

    def wants(self, glance: Any) -> bool:
        """Whether a line is of interest."""
        return self.holds_all or self.test(glance) or glance.trace_id in self.missing

    def add(self, line: bytes, glance: Any, at: int) -> bool:
        """Keep a line that is wanted.

        Args:
            line: as it was read.
            glance: at it.
            at: how many lines have been read.

        Returns:
            False if it is none of ours after all.
        """
        event = read_event(line)
        if event is None:
            return False
        matched = self.test(glance)
        self.matched += matched
        self._hold(Held(line, event.trace_id, event.parent_id, matched, at))
        return True

    def _hold(self, held: Held) -> None:
        late: Held | None = held
        while late is not None:  # no recursion: a tree may be deeper than Python's own
            late = self._hold_one(late)

    def _hold_one(self, held: Held) -> Held | None:
        """Hold it; returns its parent if that was handed out, and is held once more."""
        self.missing.discard(held.trace_id)
        self._ids.add(held.trace_id)
        self._children.setdefault(held.parent_id, []).append(held)
        self._held += 1
        self._bytes += len(held.line)
        parent_id = held.parent_id
        if parent_id is None:
            self._roots.append(held)
        elif parent_id in self._handed_out and parent_id not in self._ids:  # it comes late: once more, dimly
            parent = self._handed_out.pop(parent_id)
            self._remembered -= len(parent.line)
            return Held(parent.line, parent.trace_id, parent.parent_id, matched=False, at=held.at)
        elif parent_id not in self._ids and not self.holds_all:
            self.missing.add(parent_id)
        return None

    def whole(self, at: int, patience: int = PATIENCE) -> Iterator[list[Held]]:
        """Trees whose roots came long enough ago; the oldest even sooner, where too much is held.

        Args:
            at: how many lines have been read.
            patience: how many must have come since the root.
        """
        roots = self._roots
        while roots and (at - roots[0].at >= patience or self._is_full):
            yield self._take(roots.popleft())
        if self._is_full:
            yield self.rest()
            self.missing.clear()

    @property
    def _is_full(self) -> bool:
        return self._held > self._limit or self._bytes > MAX_BYTES

    def settle(self, before: int) -> list[Held]:
        """Take out what was read before so many lines, and still waits for a parent, with all below it.

        The parents are still wanted: they may come.
        """
        waiting = [held for held in self.waiting if held.parent_id not in self._ids and held.at < before]
        return [held for top in waiting for held in self._take(top)]

    def rest(self) -> list[Held]:
        """Take out all that is held."""
        held = self.waiting
        self._children.clear()
        self._roots.clear()
        for each in held:
            self._let_go(each)
        return held

    @property
    def waiting(self) -> list[Held]:
        """All that is held."""
        return [each for siblings in self._children.values() for each in siblings]

    def _let_go(self, held: Held) -> None:
        self._held -= 1
        self._bytes -= len(held.line)
        self._ids.discard(held.trace_id)
        before = self._handed_out.pop(held.trace_id, None)
        self._remembered += len(held.line) - (0 if before is None else len(before.line))
        self._handed_out[held.trace_id] = held
        while len(self._handed_out) > REMEMBERED or self._remembered > MAX_BYTES // 2:
            self._remembered -= len(self._handed_out.pop(next(iter(self._handed_out))).line)

    def _take(self, top: Held) -> list[Held]:
        """Take out a line and what hangs under it."""
        siblings = self._children[top.parent_id]
        siblings.remove(top)
        if not siblings:
            del self._children[top.parent_id]
        tree = [top]
        for held in tree:  # which grows meanwhile
            tree += self._children.pop(held.trace_id, ())
        for held in tree:
            self._let_go(held)
        return tree


def grown(held: Iterable[Held], *, context: bool | None = False) -> list[Node]:
    """The trees of lines that belong together, roots in the order in which they began.

    Args:
        held: the lines.
        context: of what is no match, keep what is below or beside one; else only what is above. None: all.
    """
    events = ((read_event(each.line), each.matched) for each in held)
    roots = join_nodes([Node(event, matched=matched) for event, matched in events if event is not None])
    return roots if context is None else around_matches(roots, context=context)


def around_matches(roots: list[Node], *, context: bool) -> list[Node]:
    """Of the trees, the matches with what is above them and, with `context`, below and beside them."""
    nodes = [*roots]
    parents: list[Node | None] = [None] * len(roots)
    for node in nodes:  # which grows meanwhile: parents before their children
        nodes += node.children
        parents += [node] * len(node.children)
    above: set[int] = set()  # identities: a match, or over one
    below: set[int] = set()
    for node, parent in zip(reversed(nodes), reversed(parents), strict=True):
        if (node.matched or id(node) in above) and parent is not None:
            above.add(id(parent))
    for node, parent in zip(nodes, parents, strict=True):
        if node.matched or (context and id(parent) in below):
            below.add(id(node))
    for node in nodes:
        beside = context and any(child.matched for child in node.children)
        node.children = [
            child for child in node.children if beside or id(child) in above or id(child) in below
        ]
    return [root for root in roots if id(root) in above or id(root) in below]
