"""How files that were set aside are named, and which there are of a file: for who rotates and who reads."""

from __future__ import annotations

import os
import re

import msgspec

STAMP = "%Y%m%dT%H%M%S.%f"
"""When a file was rotated, in UTC, behind its name: names sort as the files were written."""
_SUFFIX = re.compile(r"\.([0-9]{8}T[0-9]{6}\.[0-9]{6,})(\.gz)?")


class RotatedFile(msgspec.Struct, frozen=True, order=True):
    """A file that was set aside."""

    stamp: str
    path: str
    is_compressed: bool


def rotated(path: str) -> list[RotatedFile]:
    """The rotated files of a file, the oldest first.

    Raises:
        OSError: the folder cannot be listed.
    """
    folder, name = os.path.split(path)
    found = []
    for entry in os.listdir(folder or "."):  # noqa: PTH208  # half the time of Path.iterdir
        match = _SUFFIX.fullmatch(entry[len(name) :]) if entry.startswith(name) else None
        if match:
            whole = os.path.join(folder, entry)  # noqa: PTH118
            found.append(RotatedFile(match[1], whole, match[2] is not None))
    return sorted(found)


def surely_rotated(path: str) -> list[RotatedFile]:
    """The same, and none is overlooked that is compressed in the meantime.

    The system lists a folder bit by bit, so of `x` that just becomes `x.gz` it may show neither. It does so
    once only: who lists twice has seen each file, perhaps under both names.

    Raises:
        OSError: the folder cannot be listed.
    """
    return sorted({*rotated(path), *rotated(path)})


def rotated_from(path: str) -> str:
    """What a rotated file was called before; any other path as it is."""
    folder, name = os.path.split(path)
    for match in _SUFFIX.finditer(name):
        if match.start() and match.end() == len(name):
            return os.path.join(folder, name[: match.start()])  # noqa: PTH118
    return path
