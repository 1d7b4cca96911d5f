"""`theme`: styles of the console."""

from __future__ import annotations

import re

from dopejar_tracing.settings.checks import Problems, mapping

ROLES = ("other", "error", "blocked", "branch", "time", "quick", "note", "open", "repeated", "context", "odd")
"""What a piece of the picture can mean, beside the layers; `theme` names a style for each."""

_ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")
_HUES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_COLOURS = ("default", *_HUES, *(f"bright_{hue}" for hue in _HUES))
_COLOUR = rf"(?:{'|'.join(_COLOURS)}|color\((?:1?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])\)|#[0-9a-f]{{6}})"
_PART = rf"(?:(?:not )?(?:{'|'.join(_ATTRIBUTES)})|(?:on )?{_COLOUR})"
_STYLES = re.compile(rf"{_PART}(?: {_PART})*")
_STYLE = (
    f"attributes ({', '.join(_ATTRIBUTES)}) and colours ({', '.join(_COLOURS)}, color(0) to color(255), "
    "#rrggbb), such as 'bold red' or 'white on blue'"
)


def check_theme(key: str, value: object, problems: Problems) -> object:
    """A mapping of roles to styles that rich can read."""
    styles = mapping(key, value, problems, "what a text means to a style")
    for role, style in styles.items():
        if not isinstance(style, str) or not _STYLES.fullmatch(" ".join(style.lower().split())):
            problems.add(
                f"{key}.{role}",
                _STYLE,
                style,
                (*_ATTRIBUTES, *_COLOURS),
            )
    return {role: style.lower() if isinstance(style, str) else style for role, style in styles.items()}
