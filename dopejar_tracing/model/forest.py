"""Events in any order → trees."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from dopejar_tracing.model.event import TraceEvent, comparable

TWICE = "another event has this ID"
CIRCLE = "its parents lead back to it"


class Node(msgspec.Struct, eq=False):
    """An event and those that hang under it, in the order in which they began."""

    event: TraceEvent
    children: list[Node] = []
    matched: bool = True
    """It was looked for; else it is here because of its relatives."""
    odd: str = ""
    """What is wrong with its place in the tree."""


class Absent(msgspec.Struct, eq=False):
    """Stands where a parent would that has no line: it is open, or was lost, or is elsewhere."""

    trace_id: str
    children: list[Node]


def build_forest(events: Iterable[TraceEvent]) -> list[Node]:
    """Trees of the events, roots and siblings in the order in which they began.

    Nothing is left out: an event whose parent is missing is a root; of several with one ID the first
    is the parent of what names it; a cycle is opened at the event of it that began first.
    """
    return join_nodes([Node(event) for event in events])


def join_nodes(nodes: list[Node]) -> list[Node]:
    """Hang nodes without children under each other, as `build_forest` does; returns the roots."""
    nodes.sort(key=_began)
    by_id: dict[str, Node] = {}
    for node in nodes:
        if by_id.setdefault(node.event.trace_id, node) is not node:
            node.odd = TWICE
    roots = [node for node in nodes if not _hang(node, by_id)]
    reached = _reach(roots)
    for node in nodes:
        if id(node) not in reached:  # it stands in a cycle, or under one
            first = _first_of_cycle(node, by_id)
            _parent(first, by_id).children.remove(first)
            first.odd = CIRCLE
            roots.append(first)
            reached |= _reach([first])
    return sorted(roots, key=_began)


def with_absent(roots: Iterable[Node]) -> list[Node | Absent]:
    """The trees; roots that name the same missing parent stand together under one that stands for it."""
    tops: list[Node | Absent] = []
    absent: dict[str, Absent] = {}
    for root in roots:
        parent_id = root.event.parent_id
        if parent_id is None or root.odd == CIRCLE:
            tops.append(root)
        elif parent_id in absent:
            absent[parent_id].children.append(root)
        else:
            absent[parent_id] = Absent(parent_id, [root])
            tops.append(absent[parent_id])
    return tops


def _began(node: Node) -> str:
    return comparable(node.event.timestamp)


def _hang(node: Node, by_id: dict[str, Node]) -> bool:
    if node.event.parent_id not in by_id:
        return False
    _parent(node, by_id).children.append(node)
    return True


def _parent(node: Node, by_id: dict[str, Node]) -> Node:
    return by_id[node.event.parent_id or ""]


def _first_of_cycle(node: Node, by_id: dict[str, Node]) -> Node:
    climbed: dict[int, Node] = {}
    while id(node) not in climbed:
        climbed[id(node)] = node
        node = _parent(node, by_id)
    members = list(climbed.values())
    return min(members[members.index(node) :], key=_began)


def _reach(roots: Iterable[Node]) -> set[int]:
    """Identities of all nodes in these trees; iterative, for trees deeper than Python's stack."""
    reached: set[int] = set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        reached.add(id(node))
        pending.extend(node.children)
    return reached
