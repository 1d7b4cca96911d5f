"""Rows in columns, as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from dopejar_tracing.show.text import visible

GAP = "  "


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The rows with their columns one below the other; as wide as they are, the last column ragged."""
    safe = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*safe, strict=True)]
    lines = [
        GAP.join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        for row in safe
    ]
    return "\n".join(line.rstrip() for line in lines)
