"""What hosts do to a tracer, and must not suffer for: one test a case that once went wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from helpers import PATIENT, Line, by_operation, clean_environment, read_lines, run_python

from dopejar_tracing import bind_trace, configure, get_logger, shutdown, trace_event, trace_line, tracer
from dopejar_tracing.sinks.jsonl import JsonlSink

Lines = Callable[[], list[Line]]
ON = {"DOPEJAR_TRACE": "1"}
SHOWN = {"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": "always"}


class TestDescriptors:
    """Hosts that close what they did not open."""

    def test_daemon(self, tmp_path: Path) -> None:
        """A host that closes all descriptors and opens its own files finds in them only what it wrote."""
        code = """
import os, dopejar_tracing as t
t.trace_event("sys", "before")
os.closerange(3, 4096)
own = os.open("precious.db", os.O_RDWR | os.O_CREAT)
t.trace_event("sys", "after")
t.shutdown()
os.write(own, b"mine")
"""
        done = run_python(code, tmp_path, env=ON)
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / "precious.db").read_bytes() == b"mine"
        assert [line["operation"] for line in read_lines(tmp_path / "trace.jsonl")] == ["before", "after"]

    def test_fifo_without_a_reader(self, tmp_path: Path) -> None:
        """An output that would block is a loss, not a wait."""
        os.mkfifo(tmp_path / "fifo")
        done = run_python(
            "import dopejar_tracing as t; t.trace_event('sys', 'x')",
            tmp_path,
            env={**ON, "DOPEJAR_TRACE_OUTPUT": "fifo"},
        )
        assert done.returncode == 0
        assert "1 line lost" in done.stderr

    def test_reader_of_stderr_goes_away(self, tmp_path: Path) -> None:
        """`2>&1 | head -1` ends the reader, not the application."""
        code = """
import time, dopejar_tracing as t
for number in range(50):
    with t.bind_trace("sys", "root"):
        pass
    time.sleep(0.01)
open("done", "w").close()
"""
        command = f"{sys.executable} -c '{code}' 2>&1 >/dev/null | head -n 1"
        subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=clean_environment(SHOWN),
            capture_output=True,
            timeout=300,
        )
        assert (tmp_path / "done").exists()
        assert len(read_lines(tmp_path / "trace.jsonl")) == 50

    def test_torn_by_another(self, tmp_path: Path) -> None:
        """A file that ends within a line, of a process that was killed, costs no further line."""
        path = tmp_path / "t"
        path.write_text('{"whole":1}\n{"torn')
        JsonlSink(str(path))({"trace_id": "sys_1_aaaa"})
        assert path.read_text().splitlines() == ['{"whole":1}', '{"torn', '{"trace_id":"sys_1_aaaa"}']

    def test_full_again_and_again(self, tmp_path: Path) -> None:
        """However often a disk is full, what is written afterwards stands on lines of its own."""
        import resource

        path = tmp_path / "t"
        sink = JsonlSink(str(path))
        sink({"number": 0})
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            for room in (5, 0, 0, 1, 0):
                resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, limits[1]))
                sink({"number": 1})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        sink({"number": 2})
        first, *torn, gap, last = path.read_text().splitlines()
        assert json.loads(gap)["metadata"]["lost"] == 5
        assert (json.loads(first), json.loads(last)) == ({"number": 0}, {"number": 2})
        assert all('{"number":1}'.startswith(piece) for piece in torn)
        assert sink._losses.count == 5


class TestSignals:
    """Signal handlers that trace, and that raise."""

    def test_handler_that_traces(self, tmp_path: Path) -> None:
        """A handler may trace in the middle of a span of its own thread."""
        code = """
import signal, dopejar_tracing as t
log = t.get_logger()
def handler(*_):
    with t.bind_trace("sys", "handled"):
        log.info("inside")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for number in range(3000):
    with t.bind_trace("sys", "work", input=number):
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
"""
        done = run_python(code, tmp_path, env={**SHOWN, "DOPEJAR_TRACE_CONSOLE": "never"})
        assert (done.returncode, done.stderr) == (0, "")
        lines = read_lines(tmp_path / "trace.jsonl")
        assert sum(line["operation"] == "work" for line in lines) == 3_000

    @pytest.mark.parametrize("error", [TimeoutError, SystemExit])
    def test_handler_that_raises(self, lines: Lines, error: type[BaseException]) -> None:
        """What a handler raises while an object is being shown reaches the application."""

        def handler(*_: object) -> None:
            raise error

        class Slow:
            def __str__(self) -> str:
                signal.raise_signal(signal.SIGALRM)
                return "slow"

        before = signal.signal(signal.SIGALRM, handler)
        try:
            with pytest.raises(error):
                trace_event("sys", "x", input=Slow())
        finally:
            signal.signal(signal.SIGALRM, before)


class TestObjects:
    """Objects that trace, and that lie."""

    def test_traces_itself(self, lines: Lines) -> None:
        """An object whose text is traced with itself in it, twice, is shown once."""

        class Plan:
            def __str__(self) -> str:
                get_logger().info("rendering", plan=self, why=self)
                with bind_trace("sys", "render", input=self):
                    return "the plan"

        trace_event("sys", "x", input=Plan())
        found = by_operation(lines())
        assert found.keys() == {"log", "render", "x"}
        assert found["x"]["input_summary"] == "the plan"
        assert found["log"]["metadata"]["plan"] == "<Plan: TracesItselfError>"

    def test_lying_error(self, lines: Lines) -> None:
        """An exception that cannot be looked at goes on all the same, and is recorded."""

        def raises(_: object) -> Any:
            raise RuntimeError

        def exits(_: object) -> Any:
            raise SystemExit

        meta = type("Meta", (type,), {"__name__": property(raises)})
        traits = {"__class__": property(raises), "__traceback__": property(raises), "__str__": exits}
        LyingError = meta("LyingError", (Exception,), traits)  # noqa: N806 - a class

        def fail() -> None:
            with bind_trace("sys", "x") as span:
                span.set_output(LyingError(), a=LyingError())
                raise LyingError

        with pytest.raises(LyingError):
            fail()
        assert lines()[0]["metadata"]["error_type"] == "LyingError"

    def test_any_name(self, lines: Lines) -> None:
        """Values may have any name."""
        with bind_trace("sys", "x") as span:
            span.add_metadata(self=1, metadata=3, **{"": 2})
            span.set_output(output="done", self=4)
        (line,) = lines()
        assert line["output_summary"] == "done"
        assert line["metadata"].items() >= {"self": 4, "": 2, "metadata": 3}.items()

    def test_texts_with_methods_of_their_own(self, lines: Lines) -> None:
        """A text of a subclass counts by its characters."""

        class Odd(str):
            __slots__ = ()

            def __hash__(self) -> int:
                raise RuntimeError

            def __eq__(self, other: object) -> bool:
                raise RuntimeError

        with bind_trace(Odd("mem"), Odd("read"), level=Odd("warn")):
            pass
        trace_event(Odd("memory"), Odd("read"), status=Odd("blocked"))
        first, second = lines()
        assert (first["hrm_layer"], first["operation"], first["metadata"]["level"]) == (
            "memory",
            "read",
            "warn",
        )
        assert second["status"] == "blocked"

    def test_proxy(self, lines: Lines) -> None:
        """An object that answers to every name can be decorated."""

        class Proxy:
            def __getattr__(self, name: str) -> Proxy:
                return Proxy()

            def __call__(self) -> str:
                return "called"

        assert bind_trace("sys", "x")(Proxy())() == "called"
        assert len(lines()) == 1

    def test_method_kinds(self, lines: Lines) -> None:
        """The decorator may stand above staticmethod and classmethod."""

        class Host:
            @bind_trace("sys", "static", input="{number}")
            @staticmethod
            def static(number: int) -> int:
                return number

            @bind_trace("sys", "class", input="{number}")
            @classmethod
            def klass(cls, number: int) -> tuple[type, int]:
                return cls, number

        assert (Host.static(1), Host().static(2), Host.klass(3)) == (1, 2, (Host, 3))
        assert [line["input_summary"] for line in lines()] == ["1", "2", "3"]

    def test_exit_stack(self, lines: Lines) -> None:
        """A span entered through an ExitStack belongs to the file that uses the stack."""
        from contextlib import ExitStack

        with ExitStack() as stack:
            stack.enter_context(bind_trace("sys", "x"))
        assert lines()[0]["component"] == "test_hostile_hosts.py"


class TestFolders:
    """Hosts that move."""

    def test_change_of_folder(self, tmp_path: Path) -> None:
        """After a chdir, a change of the settings file still counts, and the output stays where it was."""
        (tmp_path / "settings.yaml").write_text("tracing: {enabled: true, console: never}\n")
        code = """
import os, time, dopejar_tracing as t
t.trace_event("sys", "one")
os.mkdir("elsewhere"); os.chdir("elsewhere")
with open("../settings.yaml", "w") as file:
    file.write("tracing: {enabled: true, console: never, level: warn}")
deadline = time.monotonic() + 60
while t.configure.__globals__["ACTIVE"].pipeline.settings.level != "warn" and time.monotonic() < deadline:
    time.sleep(0.01)
t.trace_event("sys", "quiet")
t.trace_event("sys", "two", level="warn")
"""
        done = run_python(code, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert [line["operation"] for line in read_lines(tmp_path / "trace.jsonl")] == ["one", "two"]

    def test_folder_that_is_gone(self, tmp_path: Path) -> None:
        """In a folder that was deleted nothing raises; the lines are lost, and counted."""
        code = """
import os, dopejar_tracing as t
os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
t.configure(enabled=True)
t.trace_event("sys", "x")
t.tracer.enabled = 1
"""
        done = run_python(code, tmp_path)
        assert done.returncode == 0
        assert "1 line lost" in done.stderr


class TestExit:
    """The end of the process."""

    def test_early_exit_handlers(self, tmp_path: Path) -> None:
        """A handler that was registered before our import runs after us, and is traced."""
        code = """
import atexit
@atexit.register
def last():
    import dopejar_tracing as t
    with t.bind_trace("sys", "last"):
        pass
import dopejar_tracing as t
t.trace_event("sys", "first")
"""
        done = run_python(code, tmp_path, env=ON)
        assert done.stderr == ""
        assert [line["operation"] for line in read_lines(tmp_path / "trace.jsonl")] == ["first", "last"]

    def test_start_at_exit(self, tmp_path: Path) -> None:
        """The first use may be at the exit, when no thread can be started any more."""
        (tmp_path / "settings.yaml").write_text("tracing: {enabled: true, console: never}\n")
        code = """
import atexit
import dopejar_tracing as t
atexit.register(t.trace_event, "sys", "last")
span = t.bind_trace("sys", "span")
atexit.register(span.__exit__, None, None, None)
atexit.register(span.__enter__)
"""
        done = run_python(code, tmp_path)
        assert done.stderr == ""
        assert [line["operation"] for line in read_lines(tmp_path / "trace.jsonl")] == ["span", "last"]


# Python 3.12 and later warn of what is done here on purpose.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
class TestForks:
    """Forks at bad moments."""

    def test_many_threads_fork(self, tmp_path: Path) -> None:
        """Threads that fork at once, in a process with a settings file, leave no thread behind."""
        (tmp_path / "settings.yaml").write_text("tracing: {enabled: true, console: never}\n")
        code = """
import os, threading, dopejar_tracing as t
t.trace_event("sys", "x")
def forks():
    for _ in range(20):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
threads = [threading.Thread(target=forks) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sum(thread.name == "dopejar-settings" for thread in threading.enumerate()))
"""
        done = run_python(code, tmp_path, "-W", "ignore")
        assert (done.stdout, done.stderr) == ("1\n", "")

    def test_while_another_thread_draws(self, tmp_path: Path) -> None:
        """A child that is forked while another thread draws draws its own trees."""
        code = f"""{PATIENT}
import os, threading, dopejar_tracing as t
stop = threading.Event()
def draw():
    while not stop.is_set():
        with t.bind_trace("sys", "root"):
            pass
thread = threading.Thread(target=draw); thread.start()
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        with t.bind_trace("sys", "child"):
            pass
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
stop.set(); thread.join()
"""
        done = run_python(code, tmp_path, "-W", "ignore", env={**SHOWN, "DOPEJAR_TRACE_OUTPUT": "null"})
        assert done.returncode == 0
        assert done.stderr.count("child") == 20


class TestStructlogHosts:
    """What hosts do with structlog."""

    def test_configure_while_others_log(self, tmp_path: Path) -> None:
        """Other threads go on logging, undisturbed, while tracing is switched on and off."""
        code = """
import threading, structlog, dopejar_tracing as t
stop, errors = threading.Event(), []
def work():
    log = structlog.get_logger()
    while not stop.is_set():
        try:
            log.info("x", a=1)
        except Exception as error:
            errors.append(error)
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for number in range(300):
    t.configure(enabled=number % 2 == 0, console="never")
stop.set()
for thread in threads: thread.join()
assert not errors, errors
"""
        with (tmp_path / "out").open("w") as out:
            done = subprocess.run(
                [sys.executable, "-c", code],
                cwd=tmp_path,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                timeout=300,
            )
        assert (done.returncode, done.stderr) == (0, "")

    def test_looked_for_before_it_is_imported(self, tmp_path: Path) -> None:
        """`find_spec("structlog")` does not use up our waiting for its import."""
        code = """
import importlib.util, dopejar_tracing as t
t.configure(enabled=True, console="never")
importlib.util.find_spec("structlog")
import structlog
structlog.get_logger().info("hello")
"""
        run_python(code, tmp_path)
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_import_forbidden(self, tmp_path: Path) -> None:
        """A host without structlog can trace."""
        code = """
import sys; sys.modules["structlog"] = None
import dopejar_tracing as t
t.trace_event("sys", "x")
"""
        done = run_python(code, tmp_path, env=ON)
        assert (done.returncode, done.stderr) == (0, "")

    def test_behind_a_renderer(self, lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
        """trace_line in a wrong place breaks nothing, and says so."""
        trace_line(None, "info", "rendered")  # type: ignore[arg-type]
        assert "must come before it" in capsys.readouterr().err

    def test_unformatted_arguments(self, lines: Lines) -> None:
        """Arguments that structlog.stdlib leaves to be formatted are formatted."""
        trace_line(None, "info", {"event": "hello %s", "positional_args": ("you",)})
        trace_line(None, "info", {"event": "hello %s %s", "positional_args": ("you",)})
        assert [line["input_summary"] for line in lines()] == ["hello you", "hello %s %s ('you',)"]

    def test_bound_context(self, lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
        """What is bound to the context is recorded with the line."""
        with structlog.contextvars.bound_contextvars(user="u1"):
            structlog.get_logger().info("x")
        assert lines()[0]["metadata"] == {"user": "u1"}


class TestToggle:
    """tracer.enabled."""

    def test_keeps_the_rest(self, tmp_path: Path) -> None:
        """Switching off and on keeps what configure said."""
        configure(enabled=True, output="run.jsonl", console="never")
        tracer.enabled = False
        tracer.enabled = True
        trace_event("sys", "x")
        shutdown()
        assert [path.name for path in tmp_path.iterdir()] == ["run.jsonl"]

    def test_keeps_its_place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Switching off and on after a chdir goes on in the same file."""
        configure(enabled=True, output="run.jsonl", console="never")
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        tracer.enabled = False
        tracer.enabled = True
        trace_event("sys", "x")
        shutdown()
        assert len(read_lines(tmp_path / "run.jsonl")) == 1

    def test_wrong_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Setting it never raises; what is wrong elsewhere is said."""
        configure(enabled=False)
        monkeypatch.setenv("DOPEJAR_TRACE_LEVEL", "inof")
        tracer.enabled = True
        assert "DOPEJAR_TRACE_LEVEL: expected one of" in capsys.readouterr().err
        trace_event("sys", "x")
        shutdown()
        assert len(read_lines(tmp_path / "trace.jsonl")) == 1

    def test_threads_start_at_once(self, tmp_path: Path) -> None:
        """Many threads may be the first to trace."""
        code = """
import threading, dopejar_tracing as t
barrier = threading.Barrier(16)
def work():
    barrier.wait()
    t.trace_event("sys", "x")
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
        run_python(code, tmp_path, env=ON)
        assert len(read_lines(tmp_path / "trace.jsonl")) == 16
        assert threading.active_count() >= 1
