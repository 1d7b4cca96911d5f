"""Work that is done in a thread, and comes piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import TypeVar

T = TypeVar("T")

_AHEAD = 4
"""Pieces that the thread may be ahead."""


async def arriving(pieces: Iterator[T]) -> AsyncGenerator[T]:
    """The pieces, each made in a thread while the loop goes on; what the thread raises is raised here.

    The thread is a daemon, as it may wait for a pipe for ever, and stops when nobody wants its pieces any
    more. Between two pieces the loop always has its turn.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[T | Exception | None] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)
    is_over = threading.Event()

    def hand_over(piece: T | Exception | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(queue.put_nowait, piece)

    def work() -> None:
        try:
            for piece in pieces:
                hand_over(piece)
                room.acquire()
                if is_over.is_set():
                    return
        except Exception as error:  # raised again where somebody waits
            hand_over(error)
        hand_over(None)

    threading.Thread(target=work, name="browse", daemon=True).start()
    try:
        while (piece := await queue.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece
            room.release()
            await asyncio.sleep(0)
    finally:
        is_over.set()
        room.release()
