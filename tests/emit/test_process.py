"""What is on disk when a process ends, however it does."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from helpers import Line, by_operation, read_lines, run_python

from dopejar_tracing import bind_trace, configure, shutdown

ON = {"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "never"}


INTERRUPT = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored here, as in a background job
os.kill(os.getpid(), signal.SIGINT)
"""


def traced(code: str, folder: Path, status: int = 0, err: str = "") -> list[Line]:
    """The lines that a program left, which is to end with a status, and with nothing but this on stderr."""
    done = run_python(f"import dopejar_tracing as t\n{code}", folder, env=ON)
    assert (done.returncode, done.stderr.splitlines()[-1:]) == (status, [err] if err else [])
    return read_lines(folder / "trace.jsonl")


class TestEnds:
    """Every way to end."""

    @pytest.mark.parametrize(
        ("ending", "status", "err"),
        [
            ("pass", 0, ""),
            ("import sys; sys.exit(3)", 3, ""),
            ("raise ValueError('so it ends')", 1, "ValueError: so it ends"),
            ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, ""),
            ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
            (INTERRUPT, -signal.SIGINT, "KeyboardInterrupt"),
            ("import os; os._exit(4)", 4, ""),
            ("import os; os.execv('/bin/true', ['true'])", 0, ""),
            ("import os; os.abort()", -signal.SIGABRT, ""),
            ("import faulthandler; faulthandler._sigsegv()", -signal.SIGSEGV, ""),
        ],
    )
    def test_what_ended_is_there(self, tmp_path: Path, ending: str, status: int, err: str) -> None:
        """Every span that had ended is on disk, and nothing is said."""
        code = f"for _ in range(20):\n    with t.bind_trace('sys', 'work'): pass\n{ending}"
        assert len(traced(code, tmp_path, status, err)) == 20

    def test_daemon_threads(self, tmp_path: Path) -> None:
        """Threads that trace on while the interpreter ends hinder nobody, and are not hindered."""
        code = """
import threading, time
done = 0
def work():
    global done
    while True:
        with t.bind_trace("sys", "outer"):
            with t.bind_trace("sys", "work"): pass
        done += 1
for _ in range(4): threading.Thread(target=work, daemon=True).start()
while done < 200: time.sleep(0.01)
time.sleep(0.2)
"""
        for _ in range(3):
            lines = run_and_read_open_parents(code, tmp_path)
            assert len(lines) > 100


def run_and_read_open_parents(code: str, folder: Path) -> list[Line]:
    """The lines of a program whose last spans may have lost their parents to its end."""
    done = run_python(
        f"import dopejar_tracing as t\n{code}", folder, env={**ON, "DOPEJAR_TRACE_OUTPUT": "many"}
    )
    assert (done.returncode, done.stderr) == (0, "")
    text = (folder / "many").read_text()
    assert text.endswith("\n")
    return [*map(Line, __import__("json").loads(f"[{','.join(text.splitlines())}]"))]


class TestInterrupted:
    """What is open at an orderly end."""

    OPEN = """
import asyncio, atexit, sys, threading
spans = []
def enter(name, *wheres):
    span = t.bind_trace("altitude", name, turns=3)
    spans.append((span, span.__enter__()))
enter("outer")
enter("inner")
def waiting():
    with t.bind_trace("focus", "thread"):
        started.set()
        threading.Event().wait()
started = threading.Event()
threading.Thread(target=waiting, daemon=True).start()
started.wait()
"""

    @pytest.mark.parametrize("ending", ["", "sys.exit()", "t.shutdown()", "t.shutdown(); t.shutdown()"])
    def test_recorded(self, tmp_path: Path, ending: str) -> None:
        """It is recorded once, as an error, with what was known of it and how long it had been open."""
        lines = traced(self.OPEN + ending, tmp_path)
        found = by_operation(lines)
        assert sorted(found) == ["inner", "outer", "thread"]
        assert [line["operation"] for line in lines if line["hrm_layer"] == "altitude"] == ["inner", "outer"]
        assert found["inner"]["parent_id"] == found["outer"]["trace_id"]
        for line in lines:
            assert line["status"] == "error"
            assert line["metadata"]["interrupted"] is True
            assert line["metadata"]["error"] == "still open when tracing ended"
            assert line["metadata"]["duration_us"] > 0
        assert found["inner"]["metadata"]["turns"] == 3

    def test_uncaught(self, tmp_path: Path) -> None:
        """A span that an uncaught exception leaves has that as its error."""
        code = "with t.bind_trace('sys', 'work'): raise ValueError('so it ends')"
        (line,) = traced(code, tmp_path, 1, "ValueError: so it ends")
        assert line["metadata"]["error_type"] == "ValueError"
        assert "interrupted" not in line["metadata"]

    def test_task(self, tmp_path: Path) -> None:
        """An unfinished task's span, and a generator's, are recorded."""
        code = """
import asyncio
@t.bind_trace("sys", "generator")
def numbers(): yield 1
generator = numbers()
next(generator)
async def wait():
    with t.bind_trace("sys", "task"): await asyncio.Event().wait()
loop = asyncio.new_event_loop()
task = loop.create_task(wait())
loop.run_until_complete(asyncio.sleep(0))
task._log_destroy_pending = False
"""
        lines = by_operation(traced(code, tmp_path))
        assert {name: line["metadata"].get("interrupted") for name, line in lines.items()} == {
            "generator": True, "task": True,
        }  # fmt: skip

    def test_below_its_level(self, tmp_path: Path) -> None:
        """What is not recorded is not recorded at the end either."""
        code = "bound = t.bind_trace('sys', 'quiet', level='debug'); span = bound.__enter__()"
        assert traced(code, tmp_path) == []

    def test_late_end(self, tmp_path: Path) -> None:
        """A span that is left after it was recorded leaves no second line, and breaks nothing."""
        code = """
import atexit
bound = t.bind_trace("sys", "open")
def leave():
    span.set_output("late")
    bound.__exit__(None, None, None)
import dopejar_tracing.emit.process as process
atexit.unregister(process.settle); atexit.register(leave); atexit.register(process.settle)
span = bound.__enter__()
"""
        lines = by_operation(traced(code, tmp_path))
        assert sorted(lines) == ["late_output", "open"]

    def test_ends_in_time(self, tmp_path: Path) -> None:
        """With a million objects and a thousand open spans the end is not delayed."""
        code = """
import atexit, time
@atexit.register
def _(): print(time.process_time() - began)  # registered first in the next line, so it runs last
import dopejar_tracing as t
kept = [[number] for number in range(1_000_000)]
spans = [t.bind_trace("sys", "open") for _ in range(1_000)]
for span in spans: span.__enter__()
@atexit.register
def _():
    global began
    began = time.process_time()
"""
        done = run_python(code, tmp_path, env=ON)
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1_000
        assert float(done.stdout) < 5  # it takes a twentieth of a second, and for each span that would be 50


class TestSignals:
    """Exceptions of signal handlers, and Ctrl-C, in the middle of everything."""

    @pytest.mark.parametrize("base", ["Exception", "KeyboardInterrupt"])
    def test_line_first(self, tmp_path: Path, base: str) -> None:
        """A span that was left has its line, and goes on raising what came in between."""
        code = f"""
import signal
class Timeout({base}): pass
def handler(*_):
    global armed
    if armed:
        armed = False
        raise Timeout
signal.signal(signal.SIGALRM, handler)
armed, number, caught, ended = False, 0, 0, []
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0007)
def work():
    global armed, number
    armed = True
    while number < 8_000:
        number += 1
        with t.bind_trace("sys", "work", input=number): pass
        ended.append(number)
        armed = True
    armed = False
while number < 8_000:
    try: work()
    except Timeout: caught += 1
signal.setitimer(signal.ITIMER_REAL, 0)
t.shutdown()
import json
lines = [json.loads(line)["input_summary"] for line in open("trace.jsonl")]
print(caught, len(set(map(str, ended)) - set(lines)), len(lines) - len(set(lines)))
"""
        done = run_python(f"import dopejar_tracing as t\n{code}", tmp_path, env=ON)
        assert done.returncode == 0, done.stderr
        caught, missing, doubled = map(int, done.stdout.split())
        assert caught > 20
        assert missing == 0
        assert doubled <= caught // 5


class TestForked:
    """A child that leaves the spans of its parent."""

    @pytest.mark.parametrize("ending", ["sys.exit()", "os._exit(0)", "raise SystemExit", "pass"])
    def test_one_line(self, tmp_path: Path, ending: str) -> None:
        """They are the parent's to record, once; to what the child does they are the parents."""
        code = f"""
import os, sys, threading, warnings
warnings.simplefilter("ignore")  # of a fork beside a thread
def elsewhere():
    with t.bind_trace("sys", "elsewhere"):
        started.set(); done.wait()
started, done = threading.Event(), threading.Event()
thread = threading.Thread(target=elsewhere); thread.start(); started.wait()
with t.bind_trace("sys", "outer"):
    with t.bind_trace("sys", "inner") as span:
        pid = os.fork()
        if pid == 0:
            t.trace_event("sys", "child")
            own = t.bind_trace("sys", "own"); own.__enter__()
            span.set_output("of the child")
            threading._shutdown = lambda: None  # the thread is the parent's
            {ending}
        else:
            os.waitpid(pid, 0)
if pid:
    done.set(); thread.join()
"""
        lines = traced(code, tmp_path)
        found = by_operation(lines)
        expected = {"elsewhere", "outer", "inner", "child", "late_output"}
        assert set(found) == (expected if "_exit" in ending else {*expected, "own"})
        assert len(lines) == len(found)
        assert found["inner"]["status"] == "success"
        assert found["inner"]["output_summary"] == ""
        assert found["late_output"]["output_summary"] == "of the child"
        assert found["child"]["parent_id"] == found["inner"]["trace_id"]

    @pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
    def test_multiprocessing(self, tmp_path: Path, method: str) -> None:
        """What a child of multiprocessing leaves open is recorded when it ends."""
        program = tmp_path / "program.py"
        program.write_text(f"""
import multiprocessing
import dopejar_tracing as t
def work():
    global span
    span = t.bind_trace("sys", "open"); span.__enter__()
if __name__ == "__main__":
    with t.bind_trace("sys", "parent"):
        child = multiprocessing.get_context("{method}").Process(target=work)
        child.start(); child.join()
""")
        done = run_python(
            f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '{program}']))",
            tmp_path,
            env=ON,
        )
        assert (done.returncode, done.stderr) == (0, "")
        found = by_operation(read_lines(tmp_path / "trace.jsonl"))
        assert found["open"]["metadata"]["interrupted"] is True
        assert found["parent"]["status"] == "success"


class TestShutdown:
    """`shutdown`, within a process that goes on."""

    def test_again(self, tmp_path: Path) -> None:
        """What was open is recorded then; what begins after another `configure` is no child of it."""
        path = tmp_path / "t"
        configure(enabled=True, output=path, console="never")
        with bind_trace("sys", "open"):
            shutdown()
            configure(enabled=True, output=path, console="never")
            with bind_trace("sys", "new"):
                pass
        shutdown()
        found = by_operation(read_lines(path))
        assert found["open"]["metadata"]["interrupted"] is True
        assert found["new"]["parent_id"] is None
