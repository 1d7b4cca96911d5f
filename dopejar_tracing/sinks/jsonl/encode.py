"""A line as UTF-8 JSON, whatever is in it."""

from __future__ import annotations

from typing import Any

import orjson

from dopejar_tracing.model.copier import Copier
from dopejar_tracing.model.fit import fit

_OPTIONS = orjson.OPT_APPEND_NEWLINE
_SEPARATORS = [(each.encode(), f"\\u{ord(each):04x}".encode()) for each in "\x85\u2028\u2029"]


def encode(line: dict[str, Any], max_metadata_bytes: int = 65_536) -> bytes:
    """The line with a newline; always succeeds.

    Args:
        line: the eleven keys of contract §3.
        max_metadata_bytes: of its metadata as JSON; what is larger is cut to size.
    """
    try:
        encoded = orjson.dumps(line, option=_OPTIONS)
    except TypeError as error:
        line = _made_plain(line, max_metadata_bytes, error)
        encoded = orjson.dumps(line, option=_OPTIONS)
    if len(encoded) > max_metadata_bytes and _size(line["metadata"]) > max_metadata_bytes:
        fitted = fit(line["metadata"], max_metadata_bytes, _size)
        encoded = orjson.dumps({**line, "metadata": fitted}, option=_OPTIONS)
    if encoded.isascii():
        return encoded
    # Their last bytes: to look for one byte takes a tenth of the time.
    suspicious = 0xA8 in encoded or 0xA9 in encoded or 0x85 in encoded
    return _on_one_line(encoded) if suspicious else encoded


def _on_one_line(encoded: bytes) -> bytes:
    """The same JSON without what `str.splitlines` takes for the end of a line, and JSON does not."""
    for character, escaped in _SEPARATORS:
        encoded = encoded.replace(character, escaped)
    return encoded


def _size(value: object) -> int:
    return len(orjson.dumps(value))


def _made_plain(line: dict[str, Any], max_bytes: int, error: TypeError) -> dict[str, Any]:
    """The nearest that orjson takes: what is in the line was bounded where it was taken."""
    copier = Copier(max_items=1_000_000, max_text=max_bytes)
    plain: dict[str, Any] = copier.copy(line, -2)  # the depth of the values in its metadata is 0
    plain["metadata"]["encoding_error"] = copier.encoding_error or str(error)
    if copier.truncated:
        plain["metadata"]["truncated"] = True
    return plain
