"""From one event that alarms to the next, through what is folded."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dopejar_tracing.cli.browse.shown import Shown
from dopejar_tracing.read.index.index import BELOW
from dopejar_tracing.read.index.links import NONE, Numbers


class Jump(NamedTuple):
    """Where to go."""

    node: int
    has_wrapped: bool
    """It is on the other side of where the search began."""


def find(shown: Shown, node: int, flag: int, *, backward: bool) -> Jump | None:
    """The nearest event with a flag, or None if there is none.

    Args:
        shown: in whose order; also what is folded counts, what a filter hides does not.
        node: where to begin.
        flag: ERROR or BLOCKED.
        backward: look above, not below.
    """
    there = next((_before if backward else _after)(shown, node, flag), NONE)
    if there != NONE:
        return Jump(there, has_wrapped=False)
    there = next((_up if backward else _down)(shown, shown.tops(), flag), NONE)
    return None if there == NONE else Jump(there, has_wrapped=True)


def _after(shown: Shown, node: int, flag: int) -> Iterator[int]:
    """The events with a flag, folded or not, from one on to the end."""
    yield from _down(shown, shown.children(node), flag)
    while node != NONE:
        siblings = shown.beside(node)
        yield from _down(shown, siblings[siblings.index(node) + 1 :], flag)
        node = shown.index.links.parents[node]


def _before(shown: Shown, node: int, flag: int) -> Iterator[int]:
    """The events with a flag, folded or not, from one back to the beginning."""
    while node != NONE:
        siblings = shown.beside(node)
        yield from _up(shown, siblings[: siblings.index(node)], flag)
        node = shown.index.links.parents[node]
        if node != NONE and shown.index.flags[node] & flag:
            yield node


def _down(shown: Shown, nodes: Iterable[int], flag: int) -> Iterator[int]:
    flags = shown.index.flags
    wanted = flag | flag << BELOW
    pending = [iter(nodes)]
    while pending:
        node = next((node for node in pending[-1] if flags[node] & wanted), NONE)
        if node == NONE:
            pending.pop()
            continue
        if flags[node] & flag:
            yield node
        if flags[node] & flag << BELOW:
            pending.append(iter(shown.children(node)))


def _up(shown: Shown, nodes: Numbers, flag: int) -> Iterator[int]:
    flags = shown.index.flags
    wanted = flag | flag << BELOW
    pending = [(NONE, reversed(nodes))]
    while pending:
        node = next((node for node in pending[-1][1] if flags[node] & wanted), NONE)
        if node != NONE:
            below = shown.children(node) if flags[node] & flag << BELOW else array("i")
            pending.append((node, reversed(below)))
            continue
        node, _ = pending.pop()
        if node != NONE and flags[node] & flag:
            yield node
