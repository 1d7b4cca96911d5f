"""What several tests need: lines of a file, and programs in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
KEYS = [
    "trace_id", "parent_id", "timestamp", "hrm_layer", "operation", "component",
    "input_summary", "output_summary", "duration_ms", "status", "metadata",
]  # fmt: skip

Line = dict[str, Any]

PATIENT = """
import dopejar_tracing.sinks.console as _console
from dopejar_tracing.sinks.console import frames as _frames, host as _host
_console.CLOSING = _console.YOUNG = _console.CHILD_PATIENCE = _frames.PATIENCE = _host._PATIENCE = 1_000
_frames.LONG_NS = 10**13
"""
"""For a program whose picture is looked at: the console waits for its own thread, and for whoever reads,
longer than a busy machine takes, and no span counts as open for long. What it shows when it has waited in
vain is another picture."""


def read_lines(path: Path) -> list[Line]:
    """All lines of a file, each checked against contract §3; a torn or foreign one fails the test."""
    lines = [json.loads(text) for text in path.read_text("utf-8").splitlines()] if path.exists() else []
    ids = {line["trace_id"] for line in lines}
    for line in lines:
        assert list(line) == KEYS
        assert line["parent_id"] is None or line["parent_id"] in ids
        assert len(line["input_summary"]) <= 100
        assert len(line["output_summary"]) <= 100
    assert len(ids) == len(lines)
    return lines


def by_operation(lines: Iterable[Line]) -> dict[str, Line]:
    """The lines by their operation, which is unique in most tests."""
    return {line["operation"]: line for line in lines}


def run_python(
    code: str, cwd: Path, *arguments: str, env: Mapping[str, str] | None = None, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run a program in a fresh interpreter, in a folder and with no variables of ours but those given."""
    command = [sys.executable, *arguments, "-c", code]
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=clean_environment(env),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # its children too, which hold the pipes open
        process.communicate()
        raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what sets tracing or colour."""
    ours = ("DOPEJAR_", "NO_COLOR", "FORCE_COLOR", "PYTHONWARNINGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, **(extra or {})}


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition; the test fails if it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
