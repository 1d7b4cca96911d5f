"""Memory: the three shelves on disk, and how small a thing gets on each.

Hot and warm memories are condensed: they lose the words that carry nothing. Cold ones are packed too.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from the_assist.files import TornFileError, read_json, torn, write_json

Data = dict[str, str | list[str]]
"""What can be kept under one key."""

TIERS = ("hot", "warm", "cold")
FILLERS = frozenset(
    """
    a an and are at be could for i in is it just let let's lets me my need of on or our please really should
    so some that the think this to us very want was we were will would you your
    """.split()
)


class Tier:
    """One shelf: a file for each namespace."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / name
        self._packed = name == "cold"

    def get(self, namespace: str, key: str) -> Data:
        """What lies under the key.

        Raises:
            TornFileError: the file is torn, or does not hold what the assistant knows it put there.
        """
        path = self._path(namespace)
        values = read_json(path)
        try:
            return _unpack(values[key]) if self._packed else dict(values[key])
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise torn(path) from error

    def put(self, namespace: str, key: str, data: Data) -> None:
        """Lay it down."""
        self._change(namespace, key, _pack(data) if self._packed else data)

    def drop(self, namespace: str, key: str) -> None:
        """Take it away."""
        self._change(namespace, key, None)

    def _change(self, namespace: str, key: str, value: object) -> None:
        values: dict[str, Any] = read_json(self._path(namespace))
        values.pop(key, None)
        write_json(self._path(namespace), values if value is None else {**values, key: value})

    def _path(self, namespace: str) -> Path:
        return self._folder / f"{namespace}.json"

    def mend(self) -> None:
        """Set torn files aside, for a person to look at."""
        for path in self._folder.glob("*.json"):
            if _is_torn(path):
                path.replace(path.with_suffix(".torn"))


def condense(data: Data) -> Data:
    """The data without the words that carry nothing."""
    return {
        name: _condensed(value) if isinstance(value, str) else [_condensed(text) for text in value]
        for name, value in data.items()
    }


def tokens(data: Data) -> int:
    """Tokens of all texts, at the usual four characters a token."""
    texts = [text for value in data.values() for text in ([value] if isinstance(value, str) else value)]
    return sum(map(len, texts)) // 4


def _condensed(text: str) -> str:
    words = [word for word in text.split() if word.lower().strip(".,;:!?'\"") not in FILLERS]
    return " ".join(words).rstrip(" ,;:")


def _pack(data: Data) -> str:
    return base64.b85encode(zlib.compress(json.dumps(data).encode(), 9)).decode()


def _unpack(text: str) -> Data:
    return dict(json.loads(zlib.decompress(base64.b85decode(text))))


def _is_torn(path: Path) -> bool:
    try:
        read_json(path)
    except TornFileError:
        return True
    return False
