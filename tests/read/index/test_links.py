"""What hangs under what, as numbers."""

from __future__ import annotations

from dopejar_tracing.read.index.links import NONE, Links


def links(*parents: int) -> Links:
    """As many numbers, each under its parent."""
    made = Links()
    for _ in parents:
        made.add()
    for number, parent in enumerate(parents):
        if parent != NONE:
            made.hang(number, parent)
    return made


class TestLinks:
    """Numbers under numbers."""

    def test_children(self) -> None:
        """Children come back, the last that came first; a leaf has none."""
        made = links(NONE, 0, 0, 1)
        assert [*made.children(0)] == [2, 1]
        assert made.has_children(1)
        assert not made.has_children(3)

    def test_above_and_below(self) -> None:
        """From a number up to the top, and from the top down to all."""
        made = links(NONE, 0, 0, 1)
        assert [*made.above(3)] == [1, 0]
        assert sorted(made.below(0)) == [1, 2, 3]
        assert [*made.below(3)] == []

    def test_deep(self) -> None:
        """A chain far deeper than Python's stack is no trouble."""
        made = links(*range(-1, 99_999))
        assert made.is_below(99_999, 0)
        assert sum(1 for _ in made.below(0)) == sum(1 for _ in made.above(99_999)) == 99_999

    def test_is_below(self) -> None:
        """A number is below itself and its top, not below another's."""
        made = links(NONE, 0, NONE, 1)
        assert made.is_below(3, 0)
        assert made.is_below(2, 2)
        assert not made.is_below(3, 2)


class TestTurn:
    """Circles are opened."""

    def test_in_the_middle(self) -> None:
        """The one that is to stand at the top is taken off; its siblings stay, and all is below it."""
        made = links(NONE, 0, 0, 1, 1)  # 0 is to hang under 3
        made.turn(0, 3, 1)
        assert made.parents.tolist() == [3, NONE, 0, 1, 1]
        assert [*made.children(0)] == [2]
        assert sorted(made.below(1)) == [0, 2, 3, 4]
        assert made.is_below(2, 1)

    def test_at_the_top(self) -> None:
        """If that is where it stands already, nothing changes."""
        made = links(NONE, 0)
        made.turn(0, 1, 0)
        assert made.parents.tolist() == [NONE, 0]
