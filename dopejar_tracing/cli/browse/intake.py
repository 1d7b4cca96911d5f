"""What comes in: what the files hold, what is written to them, and what of it a filter lets through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dopejar_tracing.cli.browse.background import arriving
from dopejar_tracing.cli.browse.trace import Trace
from dopejar_tracing.read.follow import Follower
from dopejar_tracing.read.index.sift import Sieve
from dopejar_tracing.read.query.filters import Filter


class Intake:
    """Reads, follows, and asks the filter. Everything is taken in between two turns of the loop.

    Args:
        trace: that grows.
        grown: called whenever it, or what the filter lets through, has become more.

    Attributes:
        is_over: all that the files held at first has been read.
        is_following: what is written from now on is read.
        sieve: of the filter, if there is one.
    """

    def __init__(self, trace: Trace, grown: Callable[[], None]) -> None:
        self.is_over = False
        self.is_following = False
        self.sieve: Sieve | None = None
        self._trace = trace
        self._grown = grown
        self._follower: Follower | None = None
        self._came = asyncio.Event()

    async def read(self) -> None:
        """Read the files.

        Raises:
            UnreadableError: one of them cannot be read.
        """
        try:
            async for scanned in arriving(self._trace.scan()):
                self._trace.add(scanned)
                self._more()
        finally:
            self.is_over = True

    def follow(self, complain: Callable[[str], None]) -> None:
        """Read what is written from now on, or no longer; what is written meanwhile is read later.

        Args:
            complain: told of what stands in the way.
        """
        if self._follower is None:
            marks = self._trace.marks()
            if not marks:
                complain("only files that are not compressed can be followed")
                return
            self._follower = Follower(list(marks), starts=marks, complain=complain)
        self.is_following = not self.is_following

    def poll(self) -> None:
        """Take in what was written since the last time."""
        if self._follower is not None and self.is_following:
            arrivals = self._follower.poll()
            if arrivals:
                self._trace.append(arrivals)
                self._more()

    def filter_by(self, condition: Filter | None) -> None:
        """Let only this through; None: everything."""
        self.sieve = None if condition is None else Sieve(self._trace.index, self._trace.shelf, condition)

    async def sift(self) -> None:
        """Ask the filter of all that there is, and of what comes in."""
        sieve = self.sieve
        while sieve is not None:
            self._came.clear()
            async for asked in arriving(sieve.sift()):
                sieve.mark(asked)
                self._grown()
            await self._came.wait()

    def close(self) -> None:
        """Let all files go."""
        self._trace.shelf.close()
        if self._follower is not None:
            self._follower.close()

    def _more(self) -> None:
        self._came.set()
        self._grown()
