"""What hangs under what, as numbers in arrays: a forest of millions in a few bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TypeAlias

Numbers: TypeAlias = "array[int]"
NONE = -1
"""Stands for no number."""


class Links:
    """Numbers from 0 on, each of which may hang under another. No circle ever comes about.

    Attributes:
        parents: of each number the one that it hangs under, or NONE.
    """

    def __init__(self) -> None:
        self.parents: Numbers = array("i")
        # The children of a number are a chain: the one that came last, the one that came before it, …
        self._newest: Numbers = array("i")
        self._older: Numbers = array("i")
        # Some number above, or at the top itself: shortcuts, made shorter whenever they are taken.
        self._shortcuts: Numbers = array("i")

    def __len__(self) -> int:
        return len(self.parents)

    def add(self) -> int:
        """One more number, which hangs nowhere."""
        number = len(self.parents)
        self.parents.append(NONE)
        self._newest.append(NONE)
        self._older.append(NONE)
        self._shortcuts.append(number)
        return number

    def hang(self, number: int, parent: int) -> None:
        """Hang a number, which hangs nowhere, under one that is not below it."""
        self.parents[number] = self._shortcuts[number] = parent
        self._older[number] = self._newest[parent]
        self._newest[parent] = number

    def is_below(self, number: int, top: int) -> bool:
        """Whether a number hangs, however deep, under one that hangs nowhere; or is that one."""
        if number == top:
            return True
        return self._newest[top] != NONE and self._top(number) == top

    def turn(self, number: int, parent: int, top: int) -> None:
        """Hang a number, which hangs nowhere, under one that hangs below it.

        Args:
            number: that hangs nowhere.
            parent: that hangs below it.
            top: of all that are between them, themselves included, the one that hangs nowhere from now on.
        """
        if top != number:
            self._take_off(top)
            self.hang(number, parent)
            self._shortcuts[number] = self._shortcuts[top] = top

    def children(self, number: int) -> Iterator[int]:
        """What hangs right under a number, the last that came first."""
        child, older = self._newest[number], self._older
        while child != NONE:
            yield child
            child = older[child]

    def has_children(self, number: int) -> bool:
        """Whether anything hangs under a number."""
        return self._newest[number] != NONE

    def above(self, number: int) -> Iterator[int]:
        """The numbers over one, from its parent to the top."""
        parents = self.parents
        while (number := parents[number]) != NONE:
            yield number

    def below(self, number: int) -> Iterator[int]:
        """All that hangs under a number, however deep, in no order."""
        newest, older = self._newest, self._older
        pending = [newest[number]]
        while pending:
            child = pending.pop()
            while child != NONE:
                yield child
                if newest[child] != NONE:
                    pending.append(newest[child])
                child = older[child]

    def _top(self, number: int) -> int:
        shortcuts = self._shortcuts
        while shortcuts[number] != number:
            shortcuts[number] = shortcuts[shortcuts[number]]
            number = shortcuts[number]
        return number

    def _take_off(self, number: int) -> None:
        parent = self.parents[number]
        rest = [child for child in self.children(parent) if child != number]
        self._newest[parent] = self.parents[number] = self._older[number] = NONE
        for child in reversed(rest):
            self._older[child] = self._newest[parent]
            self._newest[parent] = child
