"""What the tests of the file have in common: all of its lines, and programs that write to it."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from helpers import KEYS, Line, clean_environment, wait_until


def files_of(path: Path) -> list[Path]:
    """The file and those that were rotated, the oldest first."""
    return [*sorted(path.parent.glob(f"{path.name}.*")), *([path] if path.exists() else [])]


def content_of(path: Path) -> bytes:
    """What is in a file, compressed or not."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def all_lines(path: Path) -> list[Line]:
    """The lines of all files, each of them valid and none of them twice."""
    # That of a sink which did not wait for it in the end.
    wait_until(lambda: "dopejar-archive" not in {thread.name for thread in threading.enumerate()})
    lines = list(_lines(path))
    assert len({line["trace_id"] for line in lines}) == len(lines)
    return lines


def _lines(path: Path) -> Iterator[Line]:
    for file in files_of(path):
        content = content_of(file)
        assert content.endswith(b"\n") or not content
        for text in content.splitlines():
            line = json.loads(text)
            assert list(line) == KEYS
            yield line


@contextlib.contextmanager
def started(
    code: str,
    cwd: Path,
    *arguments: object,
    env: Mapping[str, str] | None = None,
    stdout: IO[bytes] | int = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """Start a program that has `t` for dopejar_tracing; it is killed in the end, if it still runs."""
    with NamedTemporaryFile(
        "w", suffix=".py", dir=cwd, delete=False
    ) as program:  # a file, for multiprocessing
        program.write(f"import dopejar_tracing as t\n{code}")
    with subprocess.Popen(
        [sys.executable, program.name, *map(str, arguments)],
        cwd=cwd,
        env=clean_environment({"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "never", **(env or {})}),
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(code: str, cwd: Path, *arguments: object, env: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Run such a program to its good end; what it wrote to stdout and stderr."""
    with started(code, cwd, *arguments, env=env) as process:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    return out, err
