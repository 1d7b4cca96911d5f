"""dopejar-trace points."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers import clean_environment

from dopejar_tracing import configure, shutdown
from dopejar_tracing.points import catalogue, focus, memory


def run(cwd: Path, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run dopejar-trace points."""
    return subprocess.run(
        [sys.executable, "-m", "dopejar_tracing", "points", *arguments],
        cwd=cwd, env=clean_environment(), input=said, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A trace with three points."""
    configure(enabled=True, output="trace.jsonl", console="never", level="debug")
    for _ in range(3):
        memory.read.event(namespace="a", key="b", tier="")
    focus.consent_check.event(operation="x", allowed=False)
    memory.write.event(namespace="a", key="b", tier="hot", tokens_saved=0)
    shutdown()
    return tmp_path / "trace.jsonl"


class TestCatalogue:
    """Without options."""

    def test_lists_all(self, tmp_path: Path) -> None:
        """A line for each of the 20, with level and fields."""
        done = run(tmp_path)
        assert done.returncode == 0
        rows = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
        assert len(rows) == 20
        assert ["memory.read", "debug", "namespace, key, tier"] in rows

    def test_file_without_seen(self, tmp_path: Path) -> None:
        """A file needs --seen."""
        done = run(tmp_path, "trace.jsonl")
        assert (done.returncode, done.stdout) == (2, "")
        assert "--seen" in done.stderr


class TestSeen:
    """With --seen."""

    def test_counts(self, trace: Path) -> None:
        """How often each came, which fields were always empty; 0 and false are values."""
        done = run(trace.parent, "--seen", "trace.jsonl")
        rows = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
        assert rows["memory.read"] == "3  always empty: tier"
        assert rows["focus.consent_check"] == "1"
        assert rows["memory.write"] == "1"
        assert rows["focus.route"] == "0  never"
        assert done.stdout.endswith("3 of 20 points seen\n")
        assert done.returncode == 1

    def test_all(self, tmp_path: Path) -> None:
        """Exit status 0 if all of the catalogue came, in several files together."""
        for at, rule in enumerate(catalogue()):
            configure(enabled=True, output=f"{at % 2}.jsonl", console="never", level="debug")
            from dopejar_tracing import trace_event

            trace_event(rule.layer, rule.operation)
        shutdown()
        done = run(tmp_path, "--seen", "0.jsonl", "1.jsonl")
        assert done.returncode == 0
        assert "20 of 20 points seen" in done.stdout

    def test_standard_input_and_settings(self, trace: Path) -> None:
        """`-` is standard input; without FILE it is the output that the settings name."""
        named = run(trace.parent, "--seen", "trace.jsonl")
        assert run(trace.parent, "--seen", "-", said=trace.read_text("utf-8")).stdout == named.stdout
        assert run(trace.parent, "--seen").stdout == named.stdout

    def test_bad_lines(self, trace: Path) -> None:
        """Bad lines are skipped, and counted on stderr with the first place."""
        with trace.open("ab") as file:
            file.write(b"not ours\n\n{}\n\xff\n[1]\n" + b"[" * 100_000 + b'\n{"trace_id": "torn')
        done = run(trace.parent, "--seen", "trace.jsonl")
        assert "3 of 20 points seen" in done.stdout
        assert done.stderr == "trace.jsonl: 6 bad lines skipped, the first at trace.jsonl:6\n"

    @pytest.mark.parametrize("file", ["missing.jsonl", "."])
    def test_unreadable(self, tmp_path: Path, file: str) -> None:
        """A file that cannot be read: exit status 2, with its name."""
        done = run(tmp_path, "--seen", file)
        assert (done.returncode, done.stdout) == (2, "")
        assert file in done.stderr
