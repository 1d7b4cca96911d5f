"""Threads that have ended."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dopejar_tracing.joining import join_wholly


class TestJoinWholly:
    """Waiting for a thread."""

    @pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no list of threads")
    def test_gone(self) -> None:
        """When it returns, the system has the thread no more, so a fork does not warn of it."""
        for _ in range(200):
            thread = threading.Thread(target=lambda: None)
            thread.start()
            join_wholly(thread, 60)
            assert not Path(f"/proc/self/task/{thread.native_id}").exists()

    def test_hangs(self) -> None:
        """One that does not end is not waited for any longer."""
        release = threading.Event()
        thread = threading.Thread(target=release.wait)
        thread.start()
        join_wholly(thread, 0)
        assert thread.is_alive()
        release.set()
        thread.join()
