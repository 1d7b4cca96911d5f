"""Consoles of rich, set up once for all that is shown: colour where it is wanted, text as it is."""

from __future__ import annotations

import os

from rich.console import Console


def stderr_console() -> Console:
    """A console on whatever stderr is when something is drawn."""
    return _console(stderr=True)


def stdout_console() -> Console:
    """A console on whatever stdout is when something is drawn."""
    return _console(stderr=False)


def _console(*, stderr: bool) -> Console:
    # NO_COLOR (no-color.org) takes colour away; without colour, bold and dim are only noise as well.
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        stderr=stderr,
        color_system=None if plain else "auto",
        markup=False,
        highlight=False,
        emoji=False,
    )
