"""What a stream can show: colour where it is wanted, as escape sequences made once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from dopejar_tracing.show.line import Line
from dopejar_tracing.show.theme import OTHER, STYLES

Codes = tuple[str, str]
"""What goes before a text, and what goes behind it."""
_NONE: Codes = ("", "")


class Painter:
    """Lines → text with the colours of a theme, for one stream.

    rich decides what the stream can show (NO_COLOR, FORCE_COLOR, TERM, COLORTERM, whether it is a terminal)
    and what a style looks like there, once. A line is then painted in a microsecond or two; rich's own way,
    a hundred times as long, would be felt by the application, which shares the interpreter.

    Args:
        stream: where the text will go.
        theme: role or layer → style, over those of `theme.STYLES`.
    """

    def __init__(self, stream: IO[str], theme: Mapping[str, str] | None = None) -> None:
        # NO_COLOR (no-color.org) takes colour away; without colour, bold and dim are only noise as well.
        plain = bool(os.environ.get("NO_COLOR"))
        seen = Console(file=stream, color_system=None if plain else "auto")
        # Another one, that never touches the stream: it may be in the middle of a write.
        colours: Any = seen.color_system  # which rich types as any text here, and as one of five there
        console = Console(file=StringIO(), color_system=colours, force_terminal=seen.is_terminal)
        styles = {**STYLES, **(theme or {})}
        self._codes = {role: _codes(console, style) for role, style in styles.items()}
        self._other = self._codes[OTHER]
        self._codes[""] = _NONE

    def __call__(self, line: Line) -> str:
        """The line as it is sent to the stream, without a newline."""
        codes, other = self._codes, self._other
        painted = []
        for text, role in line:
            before, behind = codes.get(role, other)
            painted.append(f"{before}{text}{behind}")
        return "".join(painted)


def _codes(console: Console, style: str) -> Codes:
    with console.capture() as capture:
        console.print(Text("|", style), end="")
    before, _, behind = capture.get().partition("|")
    return before, behind


def painted_lines(painter: Painter, lines: Iterable[Line]) -> str:
    """All lines, each with its newline."""
    return "".join(f"{painter(line)}\n" for line in lines)
