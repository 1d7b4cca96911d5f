"""Colour by meaning. Every hue is one of the terminal's own sixteen: they suit its background."""

from __future__ import annotations

LAYERS = {
    "altitude": "cyan",
    "focus": "magenta",
    "reasoning": "blue",
    "learning": "green",
    "memory": "bright_blue",
    "system": "default",
}
OTHER = "other"
"""Role of an application's own layers, as long as the theme names no hue for one."""

# Dim instead of grey: some backgrounds are the very same grey.
STYLES = {
    **LAYERS,
    OTHER: "bright_green",
    "error": "bold red",
    "blocked": "yellow",
    "branch": "dim",
    "time": "default",
    "quick": "dim",
    "note": "dim",
    "open": "bold",
    "repeated": "dim",
    "context": "dim",
    "odd": "yellow",
}
"""Role → style, in rich's words: attributes and colours. A role is what a piece of text means."""

QUICK_US = 10_000
"""Microseconds; a time below is `quick`, and stands back behind those that are worth a look."""
