"""dopejar-trace settings, and the manners of every command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import clean_environment


def run(cwd: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run dopejar-trace."""
    return subprocess.run(
        [sys.executable, "-m", "dopejar_tracing", *arguments],
        cwd=cwd, env=clean_environment(env), capture_output=True, text=True, timeout=300,
    )  # fmt: skip


ROTATE = '{"max_bytes": 1500, "every": "day", "keep": null, "compress": null}'


class TestSettings:
    """The values in force, and where each came from."""

    def test_origins(self, tmp_path: Path) -> None:
        """Each value stands beside its source."""
        text = "{level: warn, levels: {memory.read: debug}, rotate: {max_bytes: 1.5kB, every: DAY}}"
        (tmp_path / "settings.yaml").write_text(f"tracing:\n  {text}\n")
        done = run(tmp_path, "settings", env={"DOPEJAR_TRACE": "1"})
        assert done.returncode == 0
        assert [re.split(" {2,}", line) for line in done.stdout.splitlines()] == [
            ["enabled", "true", "DOPEJAR_TRACE"],
            ["output", "trace.jsonl", "default"],
            ["console", "auto", "default"],
            ["level", "warn", "settings.yaml"],
            ["levels", '{"memory.read": "debug"}', "settings.yaml"],
            ["layers", "{}", "default"],
            ["summary_chars", "100", "default"],
            ["max_metadata_bytes", "65536", "default"],
            ["redact", '{"keys": [], "keep": [], "patterns": []}', "default"],
            ["rotate", ROTATE, "settings.yaml"],
            ["propagate_threads", "false", "default"],
            ["capture_logging", "false", "default"],
            ["id_random", "null", "default"],
            ["theme", "{}", "default"],
        ]

    def test_named_file(self, tmp_path: Path) -> None:
        """A file can be named."""
        (tmp_path / "other.yaml").write_text("tracing: {level: error}\n")
        assert "error" in run(tmp_path, "settings", "other.yaml").stdout

    @pytest.mark.parametrize("argument", ["missing.yaml", "."])
    def test_unreadable(self, tmp_path: Path, argument: str) -> None:
        """A file that cannot be read is an error with its name."""
        done = run(tmp_path, "settings", argument)
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot be read" in done.stderr

    def test_wrong_value(self, tmp_path: Path) -> None:
        """A wrong value is named, with what is allowed, in the words of contract §5."""
        (tmp_path / "settings.yaml").write_text("tracing: {level: inof}\n")
        done = run(tmp_path, "settings")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "settings.yaml: tracing.level: expected one of debug, info, warn, error; got 'inof' "
            "(did you mean 'info'?)\n"
        )


class TestManners:
    """What holds for every command."""

    @pytest.mark.parametrize("arguments", [["bogus"], ["settings", "a", "b"], ["settings", "--bogus"], []])
    def test_wrong_usage(self, tmp_path: Path, arguments: list[str]) -> None:
        """Wrong usage: exit status 2, said on stderr."""
        done = run(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Usage: dopejar-trace" in done.stderr

    @pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["settings", "--help"], ["--version"]])
    def test_help(self, tmp_path: Path, arguments: list[str]) -> None:
        """Help goes to stdout."""
        done = run(tmp_path, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "dopejar-trace" in done.stdout

    def test_closed_pipe(self, tmp_path: Path) -> None:
        """A closed pipe is no error."""
        command = f"{sys.executable} -m dopejar_tracing settings; echo $? >&2"
        done = subprocess.run(
            ["bash", "-c", f"({command}) | true"],
            cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.stderr == "0\n"
