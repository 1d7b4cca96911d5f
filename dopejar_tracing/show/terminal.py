"""Consoles of rich, set up once for all that is shown: colour where it is wanted, text as it is."""

from __future__ import annotations

import os

from rich.console import Console
from rich.text import Text


def stderr_console() -> Console:
    """A console that knows what stderr can show."""
    # NO_COLOR (no-color.org) takes colour away; without colour, bold and dim are only noise as well.
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        stderr=True, color_system=None if plain else "auto", markup=False, highlight=False, emoji=False
    )


def drawn(console: Console, text: Text) -> str:
    """The text with the colours that the console can show, and a newline.

    A string, for the caller to write: rich's own writing ends the process when a pipe is closed.
    """
    with console.capture() as capture:
        console.print(text, soft_wrap=True)
    return capture.get()
