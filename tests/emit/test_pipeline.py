"""Start, configure, flag, change of the file, shutdown."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import Line, clean_environment, read_lines, run_python, wait_until
from terminal import timeless

from dopejar_tracing import bind_trace, configure, shutdown, trace_event, tracer
from dopejar_tracing.errors import SettingsError

Lines = Callable[[], list[Line]]

USE = """
import dopejar_tracing as t
with t.bind_trace("altitude", "transition"):
    pass
"""


class TestStart:
    """The first use, when nobody called configure."""

    @pytest.mark.parametrize("value", ["1", "true", "on", "YES"])
    def test_environment(self, tmp_path: Path, value: str) -> None:
        """A variable switches tracing on."""
        run_python(USE, tmp_path, env={"DOPEJAR_TRACE": value})
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_off_by_default(self, tmp_path: Path) -> None:
        """Without any setting nothing is written and nothing is said."""
        done = run_python(USE, tmp_path)
        assert (done.stdout, done.stderr, list(tmp_path.iterdir())) == ("", "", [])

    @pytest.mark.parametrize("place", ["settings.yaml", "config/settings.yaml"])
    def test_file(self, tmp_path: Path, place: str) -> None:
        """A settings file switches it on; its other keys are not ours."""
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("model: {name: x}\ntracing: {enabled: true, output: run.jsonl}\n")
        run_python(USE, tmp_path)
        assert len(read_lines(tmp_path / "run.jsonl")) == 1

    def test_not_at_import(self, tmp_path: Path) -> None:
        """A variable that the host sets after the import is seen."""
        code = f"import dopejar_tracing, os\nos.environ['DOPEJAR_TRACE'] = '1'\n{USE}"
        run_python(code, tmp_path)
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_wrong_file(self, tmp_path: Path) -> None:
        """A wrong setting is said once, and the environment still counts."""
        (tmp_path / "settings.yaml").write_text("tracing: {level: inof, output: run.jsonl}\n")
        done = run_python(USE * 2, tmp_path, env={"DOPEJAR_TRACE": "1"})
        assert done.returncode == 0
        assert done.stderr.splitlines() == [
            (
                "dopejar_tracing: settings.yaml: tracing.level: expected one of debug, info, warn, error; "
                "got 'inof' (did you mean 'info'?); the whole file is left aside"
            )
        ]
        assert len(read_lines(tmp_path / "trace.jsonl")) == 2

    @pytest.mark.parametrize(
        "text", ["tracing: [", "tracing: 5", "\x00", "tracing: {1: 2}", "tracing: &a [*a]"]
    )
    def test_unreadable_file(self, tmp_path: Path, text: str) -> None:
        """No settings file, however broken, reaches the application."""
        (tmp_path / "settings.yaml").write_text(text)
        done = run_python(USE, tmp_path, env={"DOPEJAR_TRACE": "1"})
        assert done.returncode == 0
        assert done.stderr.startswith("dopejar_tracing: settings.yaml: ")
        assert done.stderr.count("\n") == 1
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    @pytest.mark.parametrize("text", ["- a", "", "database: !ENV ${URL}", "a: 1\n---\nb: 2", "tracing:\n"])
    def test_foreign_file(self, tmp_path: Path, text: str) -> None:
        """A file of the application's in which we have no part is none of our business."""
        (tmp_path / "settings.yaml").write_text(text)
        done = run_python(USE, tmp_path, env={"DOPEJAR_TRACE": "1"})
        assert done.stderr == ""
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1


class TestConfigure:
    """configure()."""

    def test_wrong_argument(self, lines: Lines) -> None:
        """A wrong argument raises, names what is allowed, and what was in force stays."""
        with pytest.raises(SettingsError, match=r"configure\(\): levle: unknown key.*did you mean 'level'"):
            configure(levle="info")
        trace_event("sys", "x")
        assert len(lines()) == 1

    def test_again(self, tmp_path: Path) -> None:
        """It may be called again at any time, also inside a span."""
        configure(enabled=True, output="one", console="never")
        with bind_trace("sys", "outer"):
            with bind_trace("sys", "inner"):
                pass
            configure(enabled=True, output="two", console="never")
        shutdown()
        assert "inner" in Path("one").read_text()
        assert '"outer"' in Path("two").read_text()

    @pytest.mark.parametrize("length", [4, 8, 16])
    def test_id_random(self, length: int) -> None:
        """The length of the IDs can be fixed, and takes effect at once."""
        configure(enabled=True, output=None, console="never", id_random=length)
        ids = {tracer.generate_id("alt") for _ in range(100)}
        shutdown()
        assert len(ids) == 100
        assert {len(text.rpartition("_")[2]) for text in ids} == {length}
        configure(enabled=False)

    def test_no_output(self, tmp_path: Path) -> None:
        """`output: null` writes no file."""
        configure(enabled=True, output=None, console="never")
        trace_event("sys", "x")
        shutdown()
        assert list(tmp_path.iterdir()) == []

    def test_after_shutdown(self, lines: Lines) -> None:
        """After shutdown nothing is recorded and nothing breaks, until configure is called again."""
        span = bind_trace("sys", "open")
        span.__enter__()
        shutdown()
        span.__exit__(None, None, None)
        trace_event("sys", "x")
        assert [line["operation"] for line in lines()] == ["open"]
        configure(enabled=True, console="never")
        trace_event("sys", "y")
        assert len(lines()) == 2


class TestFlag:
    """--trace and --no-trace."""

    CODE = """
import argparse, sys
from dopejar_tracing import add_trace_flag, bind_trace
parser = argparse.ArgumentParser()
add_trace_flag(parser)
print(parser.parse_args().trace)
with bind_trace("altitude", "transition"):
    pass
"""

    def run(
        self, cwd: Path, *arguments: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a host with the flag."""
        return subprocess.run(
            [sys.executable, "-c", self.CODE, *arguments],
            cwd=cwd, env=clean_environment(env), capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def test_on(self, tmp_path: Path) -> None:
        """--trace records, and shows the tree though stderr is a pipe."""
        done = self.run(tmp_path, "--trace")
        assert done.stdout == "True\n"
        assert timeless(done.stderr) == "[alt] transition (T)\n"
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_off(self, tmp_path: Path) -> None:
        """--no-trace wins over the environment."""
        done = self.run(tmp_path, "--no-trace", env={"DOPEJAR_TRACE": "1"})
        assert (done.stdout, list(tmp_path.iterdir())) == ("False\n", [])

    def test_absent(self, tmp_path: Path) -> None:
        """Without either, the other sources decide."""
        done = self.run(tmp_path, env={"DOPEJAR_TRACE": "1"})
        assert done.stdout == "None\n"
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_never_wins(self, tmp_path: Path) -> None:
        """`console: never` in the file is not overruled by --trace."""
        (tmp_path / "settings.yaml").write_text("tracing: {console: never}\n")
        assert self.run(tmp_path, "--trace").stderr == ""

    def test_after_the_start(self, tmp_path: Path) -> None:
        """The flag takes effect though something was traced before it was parsed."""
        code = f"{USE}\nimport sys; sys.argv.append('--trace')\n{self.CODE}"
        run_python(code, tmp_path)
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_help(self) -> None:
        """Both flags are in the host's help."""
        from dopejar_tracing import add_trace_flag

        parser = argparse.ArgumentParser()
        add_trace_flag(parser)
        assert "--trace" in parser.format_help()
        assert "--no-trace" in parser.format_help()


class TestChangedFile:
    """A change of settings.yaml in a running process."""

    def test_takes_effect(self, tmp_path: Path) -> None:
        """Switching on, off, and changing a level take effect while the process runs."""
        file = tmp_path / "settings.yaml"
        file.write_text("tracing: {enabled: false}\n")
        configure(console="never")
        trace_event("sys", "before")
        file.write_text("tracing: {enabled: true, level: warn}\n")
        wait_until(lambda: tracer.enabled)
        trace_event("sys", "quiet")
        trace_event("sys", "loud", level="warn")
        file.write_text("tracing: {enabled: false}   \n")
        wait_until(lambda: not tracer.enabled)
        shutdown()
        assert [line["operation"] for line in read_lines(tmp_path / "trace.jsonl")] == ["loud"]

    def test_wrong_change(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A wrong change is said, and what was in force stays."""
        stream = io.StringIO()  # and not capsys: what is said while that is read would be lost
        monkeypatch.setattr(sys, "stderr", stream)
        file = tmp_path / "settings.yaml"
        file.write_text("tracing: {enabled: true}\n")
        configure(console="never")
        file.write_text("tracing: {enabled: maybe}\n")
        wait_until(lambda: stream.getvalue().endswith("\n"))
        trace_event("sys", "x")
        shutdown()
        assert "tracing.enabled: expected true or false; got 'maybe'" in stream.getvalue()
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_fork(self, tmp_path: Path) -> None:
        """A process that is watched forks without a warning, and its child sees changes too."""
        (tmp_path / "settings.yaml").write_text("tracing: {enabled: true, console: never}\n")
        code = """
import os, sys, time
import dopejar_tracing as t
t.trace_event("sys", "parent")
pid = os.fork()
if pid == 0:
    with open("settings.yaml", "w") as file:
        file.write("tracing: {enabled: false, console: never}   ")
    deadline = time.monotonic() + 60
    while t.tracer.enabled and time.monotonic() < deadline:
        time.sleep(0.01)
    os._exit(t.tracer.enabled)
sys.exit(os.waitpid(pid, 0)[1])
"""
        done = run_python(code, tmp_path, "-W", "error")
        assert (done.returncode, done.stderr) == (0, "")


class TestImport:
    """What `import dopejar_tracing` and tracing to a file cost."""

    def test_lazy(self, tmp_path: Path) -> None:
        """The import loads neither rich nor click nor yaml, nor does tracing to a file."""
        code = f"""
import sys, dopejar_tracing
{USE}
print(sorted({{"rich", "click", "yaml", "structlog"}} & set(sys.modules)))
"""
        done = run_python(code, tmp_path, env={"DOPEJAR_TRACE": "1"})
        assert done.stdout == "[]\n"
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_silent_in_development_mode(self, tmp_path: Path) -> None:
        """No warning of the interpreter, such as a file left open."""
        done = run_python(USE, tmp_path, "-X", "dev", "-W", "error", env={"DOPEJAR_TRACE": "1"})
        assert (done.returncode, done.stderr) == (0, "")


# Python 3.12 and later warn of what is done here on purpose.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
class TestForkedLocks:
    """A fork while other threads trace."""

    def test_child_does_not_hang(self, lines: Lines) -> None:
        """The child can trace though another thread held our locks at the fork."""
        import threading

        stop = threading.Event()

        def busy() -> None:
            while not stop.is_set():
                trace_event("sys", "busy")
                configure(enabled=True, console="never")

        thread = threading.Thread(target=busy)
        thread.start()
        try:
            for _ in range(10):
                pid = os.fork()
                if pid == 0:
                    trace_event("sys", "child")
                    configure(enabled=True, console="never")
                    trace_event("sys", "child")
                    os._exit(0)
                ended = []
                wait_until(lambda: ended.append(os.waitpid(pid, os.WNOHANG)) or ended[-1][0])  # type: ignore[func-returns-value] # noqa: B023
                assert ended[-1][1] == 0
        finally:
            stop.set()
            thread.join()
        assert sum(line["operation"] == "child" for line in lines()) == 20
