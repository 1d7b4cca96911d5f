"""Every test starts with tracing off, in an empty folder, and leaves it so."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import Line, read_lines
from hypothesis import HealthCheck, settings

import dopejar_tracing

# A slow machine is no failure; nor does a change fail for what another search would have found before it:
# `make search` looks at other examples, and at more of them.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile(
    "search", settings.get_profile("any machine"), derandomize=False, max_examples=1_000
)
settings.load_profile("search" if os.environ.get("SEARCH") else "any machine")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file in reach, and no variable of ours."""
    monkeypatch.chdir(tmp_path)
    for name in ("", "_OUTPUT", "_CONSOLE", "_LEVEL", "_PARENT"):
        monkeypatch.delenv(f"DOPEJAR_TRACE{name}", raising=False)
    monkeypatch.delenv("DOPEJAR_SETTINGS", raising=False)


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Callable[[], list[Line]]]:
    """Tracing into a file; the fixture reads what is in it so far."""
    path = tmp_path / "trace.jsonl"
    dopejar_tracing.configure(enabled=True, output=path, console="never")
    yield lambda: read_lines(path)
    dopejar_tracing.shutdown()
