"""What was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(value: object, choices: Iterable[str]) -> str:
    """` (did you mean 'info'?)`, or nothing."""
    near = get_close_matches(value.lower(), choices, n=1) if isinstance(value, str) else []
    return f" (did you mean {near[0]!r}?)" if near and near[0] != value else ""
