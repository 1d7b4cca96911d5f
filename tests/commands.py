"""The commands, run here or in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import clean_environment

from dopejar_tracing.cli import main

Run = Callable[..., tuple[int, str, str]]
"""Takes arguments; returns exit status, stdout and stderr."""


def run_here(name: str, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process, with times in UTC."""

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main([name, "--utc", *arguments])
        sys.stdout.flush()
        return (status, *capfd.readouterr())

    return run


def run_apart(
    *arguments: str, cwd: Path, module: str, said: bytes = b"", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own; `module` is what stands behind `python -m`."""
    return subprocess.run(
        [sys.executable, "-m", *module.split(), *arguments],
        cwd=cwd, env=clean_environment(variables), input=said, capture_output=True, timeout=300,
    )  # fmt: skip
