"""What is open right now, as far as there is room for it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec

from dopejar_tracing.model.branch import Branch

_LOOK = 1_000
"""Branches looked at in one place; a glimpse is taken ten times a second, and those who trace wait for it."""


class Glimpse(msgspec.Struct, frozen=True):
    """A branch as it is right now, with as much below it as there was room for."""

    branch: Branch
    children: tuple[Glimpse, ...] = ()
    hidden: int = 0
    """Finished children that there was no room for."""


def glimpse(
    roots: Sequence[Branch], now_ns: int, after_ns: int, rows: int, *, busy_only: bool = False
) -> list[Glimpse]:
    """The open spans of the trees first, then under each what finished last.

    Args:
        roots: that are open.
        now_ns: of the monotonic clock.
        after_ns: how long a root must have been open.
        rows: how many lines there is room for, one for each branch and for each `hidden`.
        busy_only: leave out long spans under which nothing newer is open.
    """
    shown: set[int] = set()
    chosen = []
    for root in roots[:_LOOK]:
        if len(shown) >= rows:
            break
        if now_ns - root.started_ns >= after_ns and (not busy_only or _is_busy(root)):
            chosen.append(root)
            _choose(root, rows, shown, busy_only=busy_only)
    for most in (8, 4, 2, 1, 0):
        looks = [_look(root, shown, most) for root in chosen]
        if sum(map(_height, looks)) <= rows:
            return looks
    return [_look(root, shown, None) for root in chosen]


def _choose(branch: Branch, rows: int, shown: set[int], *, busy_only: bool) -> None:
    """Add the branch and the open ones below it, until there are `rows`."""
    shown.add(id(branch))
    for child in _open_below(branch):
        if len(shown) >= rows:
            return
        if not busy_only or _is_busy(child):
            _choose(child, rows, shown, busy_only=busy_only)


def _open_below(branch: Branch) -> list[Branch]:
    """What is open right below it, or below what has ended there."""
    return [*branch.open.values(), *branch.strays.values()][:_LOOK]


def _is_busy(branch: Branch) -> bool:
    """Whether it, or something open below it, is not open for long."""
    pending = [branch]
    while pending:
        branch = pending.pop()
        if not branch.long:
            return True
        pending += _open_below(branch)
    return False


def _look(branch: Branch, shown: set[int], most: int | None) -> Glimpse:
    """The branch with its open children among those shown, and of the finished ones the last `most`."""
    latest = islice(reversed(branch.children), _LOOK)
    finished = (child for child in latest if child.trace_id not in branch.open)
    kept = list(islice(finished, most or 0))
    hidden = 0 if most is None or branch.long else len(branch.children) - len(branch.open) - len(kept)
    kept += (child for child in _open_below(branch) if id(child) in shown)
    kept.sort(key=lambda child: child.number)
    looks = (_look(child, shown, most) if id(child) in shown else Glimpse(child) for child in kept)
    return Glimpse(branch, tuple(looks), hidden)


def _height(look: Glimpse) -> int:
    """Lines that it takes."""
    return 1 + (look.hidden > 0) + sum(map(_height, look.children))
