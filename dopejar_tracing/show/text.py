"""Words and numbers, as a terminal may show them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from json import dumps

# C0 and C1 controls, DEL; line and paragraph separators; what reorders text (Unicode UAX #9), hides, or
# carries hidden text (tags); surrogates, which no terminal can be sent.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}

# Runs of what may be marks that lie on the character before them. The blocks left out have none: Latin to
# spacing modifiers, punctuation to symbols, CJK, Hangul.
_MAYBE_MARKS = re.compile(
    r"[^\x00-\u02ff\u2010-\u20cf\u2100-\u2bff\u3000-\u3029\u3030-\u3098\u309b-\ua66e\uac00-\ud7a3]+"
)
_MAX_MARKS = 3
"""Marks on one character; no language needs more, and a pile of them runs over the lines around it."""


def visible(text: str) -> str:
    r"""The text with everything that could act on a terminal written out: `\n`, `\e`, `\u202e`.

    So are marks that would lie on what is not theirs: at the beginning of the text, or in piles.
    """
    if text.isascii():
        return text if text.isprintable() else _UNSAFE.sub(_escape, text)
    return _tamed(text) if len(text) > _SHORT else _tamed_before(text)


def _tamed(text: str) -> str:
    return _MAYBE_MARKS.sub(_tame_marks, _UNSAFE.sub(_escape, text))


_SHORT = 100
_tamed_before = lru_cache(4_096)(_tamed)
"""For texts that come again and again, as summaries do."""


def _escape(match: re.Match[str]) -> str:
    return _NAMED.get(match[0]) or _written_out(match[0])


def _written_out(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _tame_marks(match: re.Match[str]) -> str:
    tamed = []
    marks = 0 if match.start() else _MAX_MARKS
    for character in match[0]:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        tamed.append(_written_out(character) if marks > _MAX_MARKS else character)
    return "".join(tamed)


def visible_json(line: str) -> str:
    r"""A line of JSON with everything that could act on a terminal as `\uXXXX`: it says the same."""
    return _UNSAFE.sub(
        lambda match: match[0] if match[0] == "\t" else dumps(match[0])[1:-1], line.rstrip("\r")
    )


def duration(microseconds: int) -> str:
    """A time as contract §6 reads it: `24µs`, `5ms`, `1.2s`, `3m12s`; whole units are cut, not rounded."""
    if microseconds < 1_000:
        return f"{microseconds}µs"
    if microseconds < 1_000_000:
        return f"{microseconds // 1_000}ms"
    if microseconds < 60_000_000:
        return f"{microseconds // 100_000 / 10:.1f}s"
    minutes, seconds = divmod(microseconds // 1_000_000, 60)
    if minutes < 60:
        return f"{minutes}m{seconds:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"
