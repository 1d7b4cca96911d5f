"""The index of a big file."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import CIRCLE, TWICE, Node, build_forest
from dopejar_tracing.read.index.index import BELOW, BLOCKED, ERROR, Index, Tally
from dopejar_tracing.read.index.links import NONE
from dopejar_tracing.read.index.scan import Head


def head(trace_id: str, parent_id: str | None = None, second: int = 0, status: str = "success") -> Head:
    """What an index needs of a line."""
    return Head(trace_id, parent_id, f"2026-01-13T14:00:{second:02d}.000000+00:00", status)


def index(*heads: Head) -> Index:
    """An index of these lines, each a byte long."""
    made = Index()
    made.add(heads, range(len(heads)))
    return made


def outline(made: Index) -> list[object]:
    """Its trees, as nested lists of places."""

    def tree(node: int) -> object:
        children = [tree(child) for child in made.children(node)]
        return [made.places[node], children] if children else made.places[node]

    return [tree(top) for top in made.tops(settled=True)]


class TestTrees:
    """Which event hangs under which."""

    def test_children_first(self) -> None:
        """Lines of children stand before their parents', as spans are written when they end."""
        assert outline(index(head("c", "b"), head("b", "a"), head("a"))) == [[2, [[1, [0]]]]]

    def test_order(self) -> None:
        """Roots and siblings stand in the order in which they began; of one moment, as their lines came."""
        heads = [
            head("b", "a", 3),
            head("c", "a", 2),
            head("d", "a", 3),
            head("a", None, 1),
            head("z", None, 0),
        ]
        assert outline(index(*heads)) == [4, [3, [1, 0, 2]]]

    def test_in_pieces(self) -> None:
        """Roots that come one by one are put where they belong."""
        made = Index()
        for place, second in enumerate((3, 1, 2)):
            made.add([head(f"r{second}", None, second)], [place])
            made.tops(settled=False)
        assert outline(made) == [1, 2, 0]

    def test_many_in_pieces(self) -> None:
        """So are many at once."""
        made = index(*(head(f"a{n}", None, 30) for n in range(1000)))
        made.tops(settled=True)
        made.add([head(f"b{n}", None, 20) for n in range(1000)], range(1000, 2000))
        assert outline(made) == [*range(1000, 2000), *range(1000)]

    @pytest.mark.parametrize(
        "timestamps",
        [
            ("2026-01-13T14:00:00", "2026-01-13T15:00:01+01:00", "2026-01-13T14:00:02Z"),
            ("soon", "", "0001-01-01"),
        ],
    )
    def test_times(self, timestamps: tuple[str, ...]) -> None:
        """Zones are minded; without one it is UTC. What is no time comes first, and is not lost."""
        made = Index()
        made.add([Head(str(n), None, text, "success") for n, text in enumerate(timestamps)], range(3))
        assert outline(made) == [0, 1, 2]


class TestOdd:
    """What should not be."""

    def test_absent(self) -> None:
        """Children whose parent has no line stand under what stands for it, where the first of them began."""
        made = index(head("a", None, 0), head("b", "gone", 2), head("c", "gone", 1), head("d", None, 3))
        assert outline(made) == [0, [NONE, [2, 1]], 3]

    def test_unsettled(self) -> None:
        """As long as the parent may come, they wait."""
        made = index(head("b", "a"))
        assert [*made.tops(settled=False)] == []
        made.add([head("a")], [1])
        assert made.absent == set()
        assert outline(made) == [[1, [0]]]

    def test_twice(self) -> None:
        """Of two with one ID both are there; the first is the parent."""
        made = index(head("a", None, 0), head("b", "a", 1), head("a", None, 2))
        assert outline(made) == [[0, [1]], 2]
        assert list(made.odd.values()) == [TWICE]

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
    def test_circle(self, order: tuple[int, ...]) -> None:
        """Parents that lead back to an event: the one of them that began first stands at the top."""
        heads = [head("a", "c", 1), head("b", "a", 2), head("c", "b", 3)]
        made = Index()
        made.add([heads[at] for at in order], order)
        assert outline(made) == [[0, [[1, [2]]]]]
        assert list(made.odd.values()) == [CIRCLE]

    def test_own_parent(self) -> None:
        """An event that names itself as its parent is a root."""
        assert outline(index(head("a", "a"))) == [0]


class TestFlags:
    """Which events alarm, and which have such below."""

    def test_below(self) -> None:
        """All above know, whichever line comes first."""
        heads = [head("c", "b", 0, "error"), head("b", "a", 0, "blocked"), head("a"), head("d", "a")]
        for made in (index(*heads), index(*reversed(heads))):
            flags = {made.places[node]: made.flags[node] for node in made.order}
            assert sorted(flags.values()) == sorted(
                [ERROR, BLOCKED | ERROR << BELOW, (ERROR | BLOCKED) << BELOW, 0]
            )

    def test_tally(self) -> None:
        """What is below is counted, all of it or a part."""
        made = index(head("a"), head("b", "a", 0, "blocked"), head("c", "b", 0, "error"), head("d", "c"))
        top = made.tops(settled=True)[0]
        assert made.tally(top) == Tally(3, 1, 1)
        assert made.tally(top, lambda node: made.places[node] == 2) == Tally(1, 1, 0)


IDS = st.sampled_from([*"abcdefgh"])
HEADS = st.lists(st.builds(head, IDS, st.none() | IDS, st.integers(0, 9)), max_size=25)


class TestProperties:
    """Whatever the lines say."""

    @given(HEADS)
    def test_nothing_is_lost(self, heads: list[Head]) -> None:
        """Every line stands in the trees once."""
        made = index(*heads)
        tops = made.tops(settled=True)
        nodes = array("i", tops)
        for top in tops:
            nodes.extend(made.links.below(top))
        assert sorted(made.places[node] for node in nodes if node not in made.absent) == [*range(len(heads))]
        assert len(nodes) == len(set(nodes))

    @given(st.permutations(range(20)), st.sets(st.integers(0, 19)))
    def test_as_the_forest(self, order: list[int], lost: set[int]) -> None:
        """Without odd lines the trees are those of `build_forest`, with parents that are lost added."""
        heads = [head(str(n), str(n // 2) if n else None, n) for n in order if n not in lost]
        made = index(*heads)
        events = [
            TraceEvent(each.trace_id, each.parent_id, each.timestamp, "", "", "", "", "", 0, "", {})
            for each in heads
        ]
        tops = [top for top in made.tops(settled=True) if top not in made.absent]
        assert _names(made, heads, tops) == [
            _name(root) for root in build_forest(events) if root.event.parent_id is None
        ]


def _name(node: Node) -> object:
    return [node.event.trace_id, [_name(child) for child in node.children]]


def _names(made: Index, heads: list[Head], nodes: list[int]) -> list[object]:
    return [
        [heads[made.places[node]].trace_id, _names(made, heads, [*made.children(node)])] for node in nodes
    ]
