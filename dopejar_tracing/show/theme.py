"""Colour by meaning. Every hue is one of the terminal's own sixteen: they suit its background."""

from __future__ import annotations

LAYER_STYLES = {
    "altitude": "cyan",
    "focus": "magenta",
    "reasoning": "blue",
    "learning": "green",
    "memory": "bright_blue",
    "system": "default",
}
STATUS_STYLES = {"error": "bold red", "blocked": "yellow"}
BRANCH = TIME = NOTE = "dim"  # not a grey: some backgrounds are the very same


def layer_style(layer: str) -> str:
    """The hue of a layer; an application's own layers share one."""
    return LAYER_STYLES.get(layer, "bright_cyan")
