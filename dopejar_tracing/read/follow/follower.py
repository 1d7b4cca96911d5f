"""The files that somebody named, and those that come to match."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from glob import glob, has_magic

from dopejar_tracing.read.follow.merge import Arrival, merge
from dopejar_tracing.read.follow.source import Mark
from dopejar_tracing.read.follow.trail import Budget, Trail
from dopejar_tracing.settings.rotated import rotated_from

GLOB = 1.0
"""Seconds until it is looked again for files that match the patterns."""

_COARSE = 0.05
"""Seconds by which the times of files may be behind the clock."""


class Follower:
    """Every line that is appended to some files, through rotation, truncation, deletion and re-creation.

    It is asked again and again, and never waits: neither for lines nor for files that do not exist yet.

    Args:
        names: paths, and patterns as the shell knows them, `**` included.
        starts: where reading goes on, by the path; a path without one is read from its beginning. A pattern's
            files have the paths that `glob` gives them. Those that have a mark are opened at once, and so
            found again whatever becomes of them: make this before what is there is read.
        complain: told once of each thing that stands in the way, as `path: Permission denied`; may hold
            control characters, if the path does.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        starts: Mapping[str, Mark] | None = None,
        complain: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._starts = dict(starts or {})
        self._complain = complain
        self._clock = clock
        self._trails: dict[str, Trail] = {}  # by the whole path: one file may have been named twice
        self._patterns = [name for name in names if has_magic(name) and not os.path.lexists(name)]
        self._glob_again = float("-inf")
        self._globbed_at = float("inf")  # seconds since the epoch
        self._has_polled = False
        self._add_all(name for name in names if name not in self._patterns)
        if self._starts:
            self._open_marked(clock())

    def poll(self, limit: int = 8 << 20) -> list[Arrival]:
        """What came since the last time: whole lines, merged over the files by their timestamps.

        Args:
            limit: bytes after which the rest is left to the next call; what is merged stays in order then.
        """
        now = self._clock()
        self._has_polled = True
        self._find(now)
        for trail in self._trails.values():
            trail.look(now)
        return list(merge(tuple(self._trails.values()), Budget(max(1, limit))))

    @property
    def caught_up(self) -> bool:
        """Whether the last poll read everything there was."""
        return self._has_polled and all(trail.is_at_end for trail in self._trails.values())

    def close(self) -> None:
        """Let go of all files."""
        for trail in self._trails.values():
            trail.close()

    def _open_marked(self, now: float) -> None:
        self._find(now)
        for trail in self._trails.values():
            if trail.has_mark:
                trail.look(now)

    def _find(self, now: float) -> None:
        """Add the files that match, unless that was just done."""
        if not self._patterns or now < self._glob_again:
            return
        self._glob_again = now + GLOB
        before, self._globbed_at = self._globbed_at, time.time() - _COARSE
        found = {path for pattern in self._patterns for path in glob(pattern, recursive=True)}
        known = set(self._trails)
        self._add_all(path for path in sorted(found) if not os.path.isdir(path))
        for name in self._trails.keys() - known:  # there was nothing: what came of it since is new
            self._trails[name].want_since(before)

    def _add_all(self, paths: Iterable[str]) -> None:
        """Add files; what a file was rotated into belongs to that one's trail, if that one is followed."""
        for path in sorted(paths, key=lambda path: rotated_from(path) != path):  # else in their order
            before = rotated_from(path)
            if before == path:
                self._add(path, path)
            else:
                self._add_rotated(path, before)

    def _add_rotated(self, path: str, before: str) -> None:
        plain = path.removesuffix(".gz")
        trail = self._trails.get(_whole(before))
        if trail is None and any(fnmatchcase(before, pattern) for pattern in self._patterns):
            self._add(before, before)  # it will come again, or a moment ago was there
            trail = self._trails[_whole(before)]
        if trail is None:  # nobody asked for that one
            self._add(path, plain)
        elif not trail.has_begun and _whole(plain) not in self._trails:
            trail.want(plain[len(before) + 1 :])

    def _add(self, path: str, known_as: str) -> None:
        if _whole(known_as) not in self._trails:
            self._trails[_whole(known_as)] = Trail(path, self._starts.get(path), self._complain)


def _whole(path: str) -> str:
    return os.path.abspath(path)
