"""The console, on whatever stderr is."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from helpers import PATIENT, clean_environment, read_lines, run_python, wait_until
from terminal import Terminal, timeless

from dopejar_tracing import bind_trace, configure, shutdown, trace_event

SEED = """
import dopejar_tracing as t
with t.bind_trace("altitude", "transition", input="L3→L2") as a:
    with t.bind_trace("focus", "gate_check", input="WriteApprovalGate", output="allowed"):
        with t.bind_trace("memory", "write", input="altitude.session") as m:
            m.set_output("written", tokens_saved=45)
    a.set_output("success")
"""
PICTURE = """\
[alt] transition: L3→L2 → success (T)
  └─[foc] gate_check: WriteApprovalGate → allowed (T)
      └─[mem] write: altitude.session → written (T) [saved 45 tokens]
"""


class TestConsole:
    """Trees on stderr."""

    def test_pipe(self, tmp_path: Path) -> None:
        """Into a pipe: the picture of contract §6, to the character, and no control sequence."""
        done = run_python(SEED, tmp_path, env={"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always"})
        assert timeless(done.stderr) == PICTURE
        assert done.stdout == ""

    @pytest.mark.parametrize("columns", ["20", "40"])
    def test_narrow(self, tmp_path: Path, columns: str) -> None:
        """A line that is wider than the window is not cut or broken by us."""
        env = {"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always", "COLUMNS": columns}
        assert timeless(run_python(SEED, tmp_path, env=env).stderr) == PICTURE

    def test_colour(self, tmp_path: Path) -> None:
        """FORCE_COLOR colours a pipe; NO_COLOR leaves not one escape sequence."""
        env = {"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always", "FORCE_COLOR": "1", "TERM": "xterm"}
        coloured = run_python(SEED, tmp_path, env=env).stderr
        assert "\x1b[" in coloured
        assert timeless(re.sub(r"\x1b\[[\d;]*m", "", coloured)) == PICTURE
        assert "\x1b" not in run_python(SEED, tmp_path, env={**env, "NO_COLOR": "1"}).stderr

    def test_auto_is_silent_in_a_pipe(self, tmp_path: Path) -> None:
        """Without --trace the console shows only on a terminal."""
        assert run_python(SEED, tmp_path, env={"DOPEJAR_TRACE": "1"}).stderr == ""

    def test_whole_trees_as_they_end(self, tmp_path: Path) -> None:
        """Into a pipe a tree is written when its root ends, not at the exit, and no part of it before."""
        code = """
import os, sys, dopejar_tracing as t
with t.bind_trace("altitude", "one"):
    with t.bind_trace("memory", "read"): pass
    sys.stdin.read(1)
sys.stdin.read(1)
"""
        env = clean_environment({"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always"})
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, env=env, text=True,
            stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        wait_until((tmp_path / "trace.jsonl").exists)
        os.set_blocking(process.stderr.fileno(), False)
        assert not process.stderr.read(1)
        os.set_blocking(process.stderr.fileno(), True)
        process.stdin.write("x")
        process.stdin.flush()
        assert timeless(process.stderr.readline()) == "[alt] one (T)\n"
        assert timeless(process.stderr.readline()) == "  └─[mem] read (T)\n"
        assert process.communicate("x", timeout=60)[1] == ""

    def test_order_in_a_pipe(self, tmp_path: Path) -> None:
        """A tree stands above what the host prints after it, and above a traceback that ends it."""
        code = f"""{PATIENT}
import sys, dopejar_tracing as t
for number in range(3):
    with t.bind_trace("altitude", "turn", input=number): pass
    print("answer", number, file=sys.stderr)
with t.bind_trace("altitude", "fails"): raise ValueError("no")
"""
        done = run_python(code, tmp_path, env={"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always"})
        turns = [f"[alt] turn: {at} (T)\nanswer {at}\n" for at in range(3)]
        assert timeless(done.stderr).startswith("".join(turns) + "[alt] fails → error (T)")
        assert done.stderr.endswith("\nValueError: no\n")

    @pytest.mark.parametrize("terminal", ["dumb", ""])
    def test_dumb_terminal(self, tmp_path: Path, terminal: str) -> None:
        """A terminal that cannot move its cursor is treated like a pipe."""
        with Terminal(f"{SEED}time.sleep(0.3)", tmp_path, env={"TERM": terminal}) as shown:
            assert shown.ended() == 0
            assert b"\x1b" not in shown.raw
            assert timeless(shown.text) == PICTURE

    def test_full_pipe(self, tmp_path: Path) -> None:
        """A reader that stopped neither stops the application nor keeps it from ending."""
        code = """
import dopejar_tracing as t
for number in range(20_000):
    with t.bind_trace("altitude", "step", input="x" * 90): pass
print("on", flush=True)
"""
        env = clean_environment({"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always"})
        with subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.read() == b"on\n"
            assert process.wait(60) == 0
        assert len(read_lines(tmp_path / "trace.jsonl")) == 20_000

    def test_theme(self, tmp_path: Path) -> None:
        """A theme from the settings colours a layer, in either spelling, and what a text means."""
        (tmp_path / "settings.yaml").write_text(
            "tracing: {enabled: true, console: always, theme: {mem: bold red, note: on blue}}\n"
        )
        shown = run_python(SEED, tmp_path, env={"FORCE_COLOR": "1", "TERM": "xterm"}).stderr
        assert "\x1b[1;31m[mem]\x1b[0m write: altitude.session" in shown
        assert "\x1b[44m [saved 45 tokens]\x1b[0m" in shown

    def test_concurrent_roots(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Trees of several threads come out whole, each in one piece."""
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        configure(enabled=True, output=None, console="always")
        barrier = threading.Barrier(4)

        def work(name: str) -> None:
            barrier.wait()
            for _ in range(25):
                with bind_trace("altitude", "root", input=name):
                    for step in range(3):
                        trace_event("focus", f"step{step}", input=name)

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_until(lambda: stream.getvalue().count("[alt]") == 100)  # the end does not wait for long
        shutdown()
        shown = timeless(stream.getvalue())
        for name in "abcd":
            tree = (
                f"[alt] root: {name} (T)\n  ├─[foc] step0: {name}\n  ├─[foc] step1: {name}\n"
                f"  └─[foc] step2: {name}\n"
            )
            assert shown.count(tree) == 25

    def test_unfinished_at_exit(self, tmp_path: Path) -> None:
        """What is still open when the process ends is shown then, as unfinished, and what ended under it."""
        code = """
import os, dopejar_tracing as t
span = t.bind_trace("altitude", "never").__enter__()
t.trace_event("focus", "done")
"""
        done = run_python(code, tmp_path, env={"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always"})
        assert timeless(done.stderr) == "[alt] never (unfinished, T)\n  └─[foc] done\n"

    def test_child_that_outlives_its_root(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A span that ends after its root is shown by itself."""
        configure(enabled=True, output=None, console="always")
        with bind_trace("altitude", "root"):
            late = bind_trace("memory", "late")
            late.__enter__()
        late.__exit__(None, None, None)
        shutdown()
        assert timeless(capsys.readouterr().err) == "[alt] root (T)\n[mem] late (T)\n"

    def test_broken_stderr(self, tmp_path: Path) -> None:
        """A stderr that is closed or gone breaks nothing."""
        for gone in ("os.close(2)", "sys.stderr.close()", "sys.stderr = None"):
            code = f"import os, sys\n{gone}\n{SEED}\nprint('on')"
            env = {"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always"}
            assert run_python(code, tmp_path, env=env).stdout == "on\n"

    def test_escape_sequences(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing that was traced can act on the terminal."""
        configure(enabled=True, output=None, console="always")
        attack = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp.exe\r\n[bold]x[/bold] :smile:"
        trace_event("focus", attack, input=attack, output=attack, status="blocked", reason=attack)
        shutdown()
        shown = capsys.readouterr().err
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
        assert shown.count("\n") == 1
        assert "[bold]x[/bold] :smile:" in shown
