"""What type checkers say of typed points."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

CASES = Path(__file__).parent / "cases" / "points.py"


def rejected_by_mypy() -> set[int]:
    """Lines that mypy rejects."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", str(CASES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return {int(number) for number in re.findall(r"points\.py:(\d+): error", done.stdout)}


def rejected_by_pyright() -> set[int]:
    """Lines that pyright rejects."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(CASES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {each["range"]["start"]["line"] + 1 for each in found if each["severity"] == "error"}


class TestTypedPoints:
    """The fields of a point."""

    @pytest.mark.parametrize("rejected", [rejected_by_mypy, rejected_by_pyright])
    def test_wrong_uses(self, rejected: object) -> None:
        """A wrong or missing field is rejected, and so is a wrong type; right uses are not."""
        lines = CASES.read_text("utf-8").splitlines()
        wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
        assert len(wrong) > 10
        assert callable(rejected)
        assert rejected() == wrong
