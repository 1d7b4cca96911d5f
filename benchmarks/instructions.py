"""How many instructions one span takes: valgrind counts them, and nothing else on the machine disturbs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from benchmarks.case import Contender
from benchmarks.commands import VoidError

FEW, MORE = 200, 1_000
"""Spans that one process does, so that all has been done once; and how many more another one does."""
COUNTER = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
"""Counts the same as callgrind does, in half the time."""


def is_countable() -> bool:
    """Whether valgrind is there."""
    return shutil.which(COUNTER[0]) is not None


def instructions(contenders: Sequence[Contender], folder: Path) -> dict[str, float]:
    """By label, those of one span; two processes are compared, of which one does more spans.

    Raises:
        VoidError: valgrind could not run one of them.
    """
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        few, many = (
            executor.map(lambda contender, times=times: count(contender, times, folder), contenders)
            for times in (FEW, FEW + MORE)
        )
        return {
            contender.label: (most - least) / MORE
            for contender, least, most in zip(contenders, few, many, strict=True)
        }


def count(contender: Contender, times: int, folder: Path) -> int:
    """Instructions of a whole process that does one round."""
    own = Path(tempfile.mkdtemp(dir=folder))
    words = [*COUNTER, f"--log-file={own / 'counted'}", sys.executable, "-m", "benchmarks.worker"]
    done = subprocess.run(
        [*words, msgspec.json.encode(contender), str(own), "0"],
        input=f"ready {times}\ngo\n".encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=False,
    )
    said = (own / "counted").read_text(errors="replace")
    found = re.search(r"I\s+refs:\s+([\d,]+)", said)
    if done.returncode or not found:
        errors = done.stderr.decode(errors="replace")
        msg = f"{contender.label}: valgrind failed\n{said[-1_000:]}\n{errors[-1_000:]}"
        raise VoidError(msg)
    return int(found[1].replace(",", ""))
