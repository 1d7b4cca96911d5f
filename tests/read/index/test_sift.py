"""A filter, asked of an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import traces

from dopejar_tracing.read.index.index import Index
from dopejar_tracing.read.index.scan import Scanner
from dopejar_tracing.read.index.shelf import Shelf
from dopejar_tracing.read.index.sift import ABOVE, MATCH, Sieve
from dopejar_tracing.read.query.filters import Filter, grep, where
from dopejar_tracing.read.query.where import parse_where


def line(trace_id: str, parent_id: str | None = None, **metadata: Any) -> bytes:
    """A line."""
    return traces.line(traces.event(trace_id, parent_id, metadata=metadata))


class Kept:
    """Lines on a shelf, and their index."""

    def __init__(self) -> None:
        self.index = Index()
        self.shelf = Shelf()
        self.scanner = Scanner(self.shelf)

    def add(self, *lines: bytes) -> None:
        """Add lines."""
        self.index.add(*self.scanner.scan_lines("a", lines))

    def sieve(self, condition: Filter) -> Sieve:
        """A sieve that has been asked all."""
        sieve = Sieve(self.index, self.shelf, condition)
        go_on(sieve)
        return sieve


def go_on(sieve: Sieve) -> None:
    """Ask it of the rest."""
    for asked in sieve.sift():
        sieve.mark(asked)


@pytest.fixture
def kept() -> Iterator[Kept]:
    """An empty shelf."""
    made = Kept()
    yield made
    made.shelf.close()


class TestSieve:
    """What is let through."""

    def test_many(self, kept: Kept) -> None:
        """Of many blocks, just the right events match."""
        kept.add(*(line(f"alt_{n}", n=n) for n in range(5_000)))
        sieve = kept.sieve(where([parse_where("metadata.n % 100 == 7")]))
        assert sieve.matched == 50
        assert [n for n in range(5_000) if sieve.mark_of(kept.index.order[n])] == [*range(7, 5_000, 100)]
        assert sieve.asked == 5_000

    def test_above(self, kept: Kept) -> None:
        """What stands over a match is marked, what stands beside it is not."""
        kept.add(line("c", "b", yes=1), line("d", "b"), line("b", "a"), line("a"))
        sieve = kept.sieve(grep("yes"))
        c, b, d, a = 0, 1, 2, 3  # numbers, as the IDs came
        assert [sieve.mark_of(node) for node in (a, b, c, d)] == [ABOVE, ABOVE, MATCH, 0]

    def test_grows(self, kept: Kept) -> None:
        """What comes later is asked later; a parent that comes after its child has matched is marked."""
        kept.add(line("b", "a", yes=1))
        sieve = kept.sieve(grep("yes"))
        kept.add(line("a", "r"), line("r"), line("z", None, yes=1))
        assert sieve.mark_of(3) == 0  # nobody knows yet
        go_on(sieve)
        assert sieve.matched == 2
        assert [sieve.mark_of(node) for node in range(4)] == [MATCH, ABOVE, ABOVE, MATCH]

    def test_scattered(self, kept: Kept) -> None:
        """Bad lines among the good ones do not confuse it, nor lines that cannot be read after all."""
        broken = line("alt_x").replace(b"{}", b"[]")
        kept.add(line("a", yes=1), b"torn", broken, b"{}", line("b"), line("c", yes=1))
        sieve = kept.sieve(grep("yes"))
        assert sieve.matched == 2
        assert sieve.asked == 4
