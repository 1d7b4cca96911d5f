"""What is typed as a filter: an expression, or words to look for."""

from __future__ import annotations

import ast
import re

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.read.query.filters import Filter, grep, where
from dopejar_tracing.read.query.where import NAMES, parse_where

_SIGN = re.compile(r"""[=<>!"'()\[\]]""")
"""What hardly stands in words, and in nearly every expression."""
_NAME = re.compile(rf"(?:not )?(?:{'|'.join(NAMES)})\b")


def read_filter(text: str, layers: Layers) -> Filter:
    """The filter that a text stands for.

    Words that are no expression, `consent` or `gate check`, are looked for as they stand in summaries and
    metadata, in upper or lower case; and so is anything in quotes.

    Args:
        text: that somebody is typing.
        layers: whose spellings are known.

    Raises:
        QueryError: it is no expression yet; a caret stands under the spot.
    """
    flat = text.strip()
    quoted = _quoted(flat)
    if quoted is not None:
        return _literal(quoted)
    try:
        return where([parse_where(flat, layers)])
    except QueryError:
        if _SIGN.search(flat) or _NAME.match(flat):
            raise
    return _literal(flat)


def _literal(words: str) -> Filter:
    return grep(re.escape(words), ignore_case=True)


def _quoted(text: str) -> str | None:
    """What is in the quotes, if they are around all of it."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, str) else None
