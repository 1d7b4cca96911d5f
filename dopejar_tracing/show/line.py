"""One line of a picture: texts, each with what it means. What it looks like is the painter's to say."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

Segment = tuple[str, str]
"""(text, role): a role of the theme, or the empty text for words without a meaning of their own."""
Line = list[Segment]


def plain(line: Line) -> str:
    """The text of a line."""
    return "".join(text for text, _ in line)


def fitted(line: Line, width: int) -> Line:
    """The line in at most so many columns; what was cut is marked by a last `…`."""
    if cell_len(plain(line)) <= width:
        return line
    kept: Line = []
    left = width - 1
    for text, role in line:
        taken = text if cell_len(text) <= left else set_cell_size(text, left)
        kept.append((taken, role))
        left -= cell_len(taken)
        if left <= 0:
            break
    return [*kept, ("…", "")]


def wrapped(line: Line, width: int) -> list[Line]:
    """The line in rows of at most so many columns, broken where a terminal would break it."""
    if cell_len(plain(line)) <= width:
        return [line]
    rows: list[Line] = [[]]
    left = width
    for text, role in line:
        start = 0
        for at, character in enumerate(text):
            cells = cell_len(character)
            if cells > left:
                rows[-1].append((text[start:at], role))
                rows.append([])
                start, left = at, width
            left -= cells
        rows[-1].append((text[start:], role))
    return rows
