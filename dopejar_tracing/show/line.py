"""One line of a picture: texts, each with what it means. What it looks like is the painter's to say."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

Segment = tuple[str, str]
"""(text, role): a role of the theme, or the empty text for words without a meaning of their own."""
Line = list[Segment]


def plain(line: Line) -> str:
    """The text of a line."""
    return "".join(text for text, _ in line)


def fitted(line: Line, width: int, last: int = 0) -> Line:
    """The line in at most so many columns, a cut marked by `…`.

    Args:
        line: to cut.
        width: columns.
        last: segments at its end that are not cut, as far as there is room.
    """
    if cell_len(plain(line)) <= width:
        return line
    body, tail = line[: len(line) - last], line[len(line) - last :]
    left = width - 1 - cell_len(plain(tail))
    if left < 0:
        return fitted(line, width)
    kept: Line = []
    for text, role in body:
        taken = text if cell_len(text) <= left else set_cell_size(text, left)
        kept.append((taken, role))
        left -= cell_len(taken)
    return [*kept, ("…", ""), *tail]


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
