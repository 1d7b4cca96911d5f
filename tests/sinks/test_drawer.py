"""The thread that draws, as forks and other threads stop and start it."""

from __future__ import annotations

import threading

from helpers import wait_until

from dopejar_tracing.sinks.console.drawer import Drawer

PATIENCE = 60.0
ROUNDS = 100


def test_rests_while_another_thread_starts_it() -> None:
    """A fork may come at any moment of a thread's start; the thread is not left running then."""
    frames: list[int] = []
    drawer = Drawer(lambda: 0, lambda: frames.append(1))
    over = threading.Event()

    def wake() -> None:
        while not over.is_set():
            drawer.wake()

    waker = threading.Thread(target=wake)
    waker.start()
    try:
        for _ in range(ROUNDS):
            assert drawer.rest(PATIENCE)
            assert drawer.is_stopped
            drawer.resume()
        before = len(frames)
        wait_until(lambda: len(frames) > before)
    finally:
        over.set()
        waker.join()
        assert drawer.stop(PATIENCE)


def test_goes_on_after_a_frame_that_hung() -> None:
    """A frame that takes longer than a fork waits, and ends during it, is not the last one."""
    stuck, free = threading.Event(), threading.Event()
    frames: list[int] = []

    def draw() -> None:
        frames.append(1)
        stuck.set()
        free.wait()

    drawer = Drawer(lambda: 0, draw)
    drawer.wake()
    assert stuck.wait(PATIENCE)
    assert not drawer.rest(0)
    free.set()
    wait_until(lambda: "dopejar-console" not in {thread.name for thread in threading.enumerate()})
    drawer.resume()
    drawer.wake()
    wait_until(lambda: len(frames) > 1)
    assert drawer.stop(PATIENCE)
