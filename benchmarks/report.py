"""What was measured, as Markdown; what must hold; and both in the documents between their marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.commands import markdown
from benchmarks.measure import Result
from benchmarks.tables import BATCH, ELIOT, LOGFIRE, OURS, Table

IN_README = (OURS, ELIOT, BATCH, LOGFIRE)
"""Rows of the table of spans."""


class Held(NamedTuple):
    """A figure that must hold.

    Attributes:
        what: it is of.
        beside: what it is compared with; empty if the figure is no ratio.
        best: ratio of the best rounds; what counts.
        median: ratio of the medians.
        most: what it may be.
    """

    what: str
    beside: str
    best: float
    median: float
    most: float

    @property
    def is_missed(self) -> bool:
        """Whether it is more than it may be."""
        return self.best > self.most

    @property
    def missed(self) -> str:
        """How it says so."""
        ratio = f" × {self.beside}" if self.beside else ""
        return f"{self.what}: {_figure(self.best)}{ratio}, at most {self.most:g}"


def times_of(table: Table, results: Sequence[Result]) -> str:
    """Each row's µs, and how many times those of the row that it is compared with."""
    by_name = {result.name: result for result in results}
    floor = results[0].name
    rows = []
    for contender in table.rows:
        result = by_name.get(contender.label)
        if result is None:
            rows.append([contender.label, f"{contender.package} is not installed", *[""] * (4 + table.rate)])
            continue
        other = by_name[contender.beside or floor]
        figures = [f"{result.best:.2f}", f"{result.median:.2f}"]
        figures += [f"{result.best / other.best:.2f}", f"{result.median / other.median:.2f}"]
        rate = [f"{1e6 / result.best:,.0f}"] * table.rate
        rows.append([result.name, *figures, *rate, f"{result.bytes:,.0f}"])
    beside = table.beside
    head = [table.title, "best µs", "median µs", f"× {beside}, best", f"× {beside}, median"]
    return markdown([*head, *["a second"] * table.rate, "bytes"], rows)


def held_by(table: Table, results: Sequence[Result]) -> list[Held]:
    """What must hold of the table, as far as the rows are there."""
    by_name = {result.name: result for result in results}
    held = []
    for limit in table.limits:
        if limit.label not in by_name or limit.beside not in by_name:
            continue
        own, beside = by_name[limit.label], by_name[limit.beside]
        grown = own.bytes / beside.bytes if limit.by_bytes else 1.0
        name = f"{limit.beside}, × the bytes" if limit.by_bytes else limit.beside
        held.append(
            Held(
                limit.label,
                name,
                own.best / beside.best / grown,
                own.median / beside.median / grown,
                limit.most,
            )
        )
    return held


def limits(held: Iterable[Held]) -> str:
    """All that must hold; what does not is bold."""
    rows = []
    for each in held:
        best = f"**{_figure(each.best)}**" if each.is_missed else _figure(each.best)
        rows.append([each.what, each.beside, best, _figure(each.median), f"{each.most:g}"])
    return markdown(["", "beside", "best", "median", "at most"], rows)


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def for_readme(results: Sequence[Result]) -> str:
    """Four rows of the table of spans."""
    by_name = {result.name: result for result in results}
    floor = results[0]
    rows = [
        [name, f"{result.best:.1f}", f"{result.best / floor.best:.1f}"]
        for name in IN_README
        if (result := by_name.get(name))
    ]
    return markdown(["a span, written to a file", "µs", "× the floor"], rows)


def put(path: Path, parts: Mapping[str, str]) -> None:
    """Write each part between its marks, `<!-- bench: NAME -->` and `<!-- end -->`, in the document.

    Parts that the document has no marks for are left out.
    """
    text = path.read_text("utf-8")
    for name, part in parts.items():
        pattern = re.compile(rf"(<!-- bench: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = pattern.sub(lambda found: f"{found[1]}{part}\n{found[2]}", text)  # noqa: B023 - used at once
    path.write_text(text, "utf-8")
