"""One line of a picture: texts, each with what it means. What it looks like is the painter's to say."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

Segment = tuple[str, str]
"""(text, role): a role of the theme, or the empty text for words without a meaning of their own."""
Line = list[Segment]
_SHORT = 8
"""Columns that are left of a text that is cut, as long as there is room."""


def plain(line: Line) -> str:
    """The text of a line."""
    return "".join(text for text, _ in line)


def fitted(line: Line, width: int) -> Line:
    """The line in at most so many columns: its longest texts are cut, each cut marked by a last `…`.

    What is short stays: a branch, a layer, a time; the last text of the line longer than what is before it.
    """
    cells = [cell_len(text) for text, _ in line]
    most = width
    while most > _SHORT and sum(min(own, most) for own in cells) > width:
        most -= 1
    *body, last = [(_cut(text, most), role) for text, role in line]
    left = width - cell_len(last[0])
    fits: Line = []
    for text, role in body:
        fits.append((_cut(text, left), role))
        left -= cell_len(fits[-1][0])
    return [*fits, (_cut(last[0], width), last[1])]


def cropped(line: Line, width: int) -> Line:
    """The line up to so many columns; where it is cut, a last `…`."""
    if cell_len(plain(line)) <= width:
        return line
    left = width - 1
    shown: Line = []
    for text, role in line:
        shown.append((text if cell_len(text) <= left else set_cell_size(text, left), role))
        left -= cell_len(shown[-1][0])
        if not left:
            break
    return [*shown, ("…", "")]


def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1)}…" if width > 0 else ""


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
