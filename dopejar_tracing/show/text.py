"""Words and numbers, as a terminal may show them."""

from __future__ import annotations

import re

# C0 and C1 controls, DEL; line and paragraph separators; what reorders text (Unicode UAX #9) or hides;
# surrogates, which no terminal can be sent.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}


def visible(text: str) -> str:
    r"""The text with everything that could act on a terminal written out: `\n`, `\e`, `\u202e`."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


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
