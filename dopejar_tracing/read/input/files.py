"""Names → what is read: files with those that they were rotated into, patterns, standard input."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO

from dopejar_tracing.read.input.source import Source, UnreadableError
from dopejar_tracing.settings.rotated import rotated_from, surely_rotated

STDIN = "-"


def find_sources(names: Sequence[str], *, stdin: BinaryIO, siblings: bool = True) -> list[list[Source]]:
    """What the names stand for: of each file its parts, the oldest first.

    Args:
        names: paths, patterns, `-` for standard input.
        stdin: that input.
        siblings: a file's rotated files come before it.

    Raises:
        UnreadableError: a name stands for nothing.
    """
    parts: dict[str, list[str]] = {}
    expanded = [path for given in names for path in _expanded(given)]
    once = {name if name == STDIN else os.path.realpath(name): name for name in reversed(expanded)}
    for name in [name for name in dict.fromkeys(expanded) if name in once.values()]:
        parts.setdefault(rotated_from(name) if siblings else name, []).append(name)
    groups = []
    for base, given in parts.items():
        if siblings and base in given and base != STDIN:
            groups.append(_with_siblings(base))
        else:
            groups.append([Source(name, stdin if name == STDIN else None) for name in sorted(given)])
    return groups


def is_there(name: str) -> bool:
    """Whether the name stands for something now."""
    return name == STDIN or os.path.lexists(name) or bool(has_magic(name) and _matching(name))


def _expanded(name: str) -> list[str]:
    if not has_magic(name) or os.path.lexists(name):
        return [name]
    found = _matching(name)
    if not found:
        msg = f"{name}: no file has such a name"
        raise UnreadableError(msg)
    return found


def _matching(pattern: str) -> list[str]:
    paths = glob(pattern, recursive=True)  # Path's has no absolute ones
    return [path for path in sorted(paths) if not Path(path).is_dir()]


def _with_siblings(name: str) -> list[Source]:
    """The file after those that it was rotated into; of one that is there twice, the one not compressed.

    It is opened before it is looked for them: it may be rotated while they are read.
    """
    source = Source(name)
    held = source.hold()
    try:
        older = {file.stamp: file.path for file in reversed(surely_rotated(name))}
    except OSError:
        older = {}
    paths = [older[stamp] for stamp in sorted(older)]
    sources = [Source(path) for path in paths if held is None or not _is(path, held)]
    return [*sources, source] if held is not None or os.path.lexists(name) or not paths else sources


def _is(path: str, held: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), held)
    except OSError:
        return False
