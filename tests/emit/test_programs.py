"""Random programs leave the tree that they should, and nothing on stderr."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from emit.programs import (
    EVENT,
    EVERYTHING,
    HOWS,
    Action,
    Body,
    Catch,
    Child,
    Crossed,
    Elsewhere,
    Generated,
    Left,
    Moment,
    Raise,
    Spanned,
    Stopped,
    Tasks,
    Threaded,
    check,
)
from helpers import ROOT, by_operation, clean_environment, read_lines, run_python
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

Actions = st.SearchStrategy[Action]

EAGER = sys.version_info >= (3, 12)


def bodies(actions: Actions) -> st.SearchStrategy[Body]:
    """A few actions in a row."""
    return st.lists(actions, max_size=3).map(tuple)


def generated(kind: str, chunks: Actions, between: Actions) -> Actions:
    """A generator of a kind, and its consumer, which never makes more steps than there are."""
    return st.lists(bodies(chunks), max_size=3).flatmap(
        lambda parts: st.builds(
            Generated,
            st.just(kind),
            st.booleans(),
            st.just(tuple(parts)),
            st.booleans(),
            bodies(between),
            st.integers(0, len(parts) + 1),
            st.sampled_from(["close", "collect", "elsewhere", "throw", "full"]),
        )
    )


def nested(actions: Actions) -> Actions:
    """What holds others, and needs no event loop."""
    body = bodies(actions)
    return (
        st.builds(Spanned, st.sampled_from(HOWS), st.sampled_from(["ok", "block", "fail"]), body)
        | st.builds(Catch, body)
        | st.builds(Crossed, body)
        | st.builds(Elsewhere, st.sampled_from(["thread", "context"]), body)
    )


MOMENTS = st.builds(Moment, st.sampled_from(["event", "line", "point"])) | st.builds(Raise)
SYNC = st.recursive(MOMENTS, lambda inner: nested(inner) | generated("sync", inner, inner), max_leaves=5)


def awaiting(actions: Actions) -> Actions:
    """What holds others in an event loop."""
    body = bodies(actions)
    return (
        nested(actions)
        | generated("sync", SYNC, actions)
        | generated("async", actions, actions)
        | st.builds(
            Tasks,
            st.sampled_from(["gather", "TaskGroup", "create_task"]),
            st.lists(body, max_size=3).map(tuple),
        )
        | st.builds(
            Threaded,
            st.sampled_from(["bare", "carry", "executor", "to_thread", "run_in_executor"]),
            body,
        )
        | st.builds(Stopped, st.sampled_from(["cancel", "timeout", "generator"]), body)
        | st.builds(Left, body)
    )


ACTIONS = st.recursive(SYNC, awaiting, max_leaves=12)
WITH_CHILDREN = st.recursive(
    MOMENTS, lambda inner: nested(inner) | st.builds(Child, bodies(inner)), max_leaves=4
)
DEV = ("-X", "dev", "-W", "error")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file, the same one for every example."""
    return tmp_path_factory.mktemp("programs") / "trace.jsonl"


def quickly(examples: int) -> settings:
    """So many examples, however slow the machine."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


class TestTree:
    """The tree in the file."""

    @pytest.mark.parametrize(
        "eager", [False, pytest.param(True, marks=pytest.mark.skipif(not EAGER, reason="3.12"))]
    )
    def test_everything(self, path: Path, eager: bool) -> None:
        """A program that does each thing once leaves the tree that it should."""
        check((Spanned("with", "ok", EVERYTHING),), path, eager=eager)

    @quickly(120)
    @given(bodies(ACTIONS), st.booleans())
    @example((Generated("async", False, ((),), False, (), 1, "collect"),), False)
    def test_any_program(self, path: Path, program: Body, eager: bool) -> None:
        """Any program leaves the tree that it should."""
        check(program, path, eager=eager and EAGER)

    @pytest.mark.stress
    @quickly(600)
    @given(bodies(ACTIONS), st.booleans())
    def test_many_programs(self, path: Path, program: Body, eager: bool) -> None:
        """So do many more."""
        check(program, path, eager=eager and EAGER)

    @quickly(5)
    @given(bodies(WITH_CHILDREN))
    @example((Spanned("with", "ok", (Child((EVENT, Spanned("point", "ok", (EVENT,)))),)),))
    def test_child_processes(self, path: Path, program: Body) -> None:
        """What a child process does hangs under the span that started it, in the same file."""
        check(program, path)


class TestSilent:
    """Nothing is said on stderr, however closely Python looks."""

    @pytest.mark.parametrize(("arguments", "debug"), [(DEV, ""), ((), "1"), (DEV, "1")])
    def test_everything(self, tmp_path: Path, arguments: tuple[str, ...], debug: str) -> None:
        """A program that does each thing once, in Python's development mode and in asyncio's debug mode."""
        code = """
import subprocess
import sys
from pathlib import Path
from emit.programs import EVERYTHING, EVENT, Child, Spanned, check
for eager in {False, sys.version_info >= (3, 12)}:
    check((Spanned("with", "ok", (*EVERYTHING, Child((EVENT,)))),), Path("trace.jsonl"), eager=eager)
"""
        env = {"PYTHONASYNCIODEBUG": debug, "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"}
        done = run_python(code, tmp_path, *arguments, env=env)
        assert (done.returncode, done.stderr) == (0, "")


class TestProcesses:
    """Children of multiprocessing: what they do hangs under the span that started them, in the same file."""

    CODE = """
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor
import dopejar_tracing as t

def begin(environment):
    os.environ.update(environment)

def work(number, environment={}):
    begin(environment)
    with t.bind_trace("memory", f"work{number}"):
        t.trace_event("memory", f"inside{number}")

if __name__ == "__main__":
    t.configure(enabled=True, output="run.jsonl", console="never")
    context = multiprocessing.get_context(sys.argv[1])
    with t.bind_trace("focus", "start"):
        if sys.argv[2] == "pool":
            with ProcessPoolExecutor(2, context, begin, (t.child_environment(),)) as pool:
                list(pool.map(work, range(3)))
        else:
            for number in range(3):
                child = context.Process(target=work, args=(number, t.child_environment()))
                child.start()
                child.join()
"""

    @pytest.mark.parametrize("way", ["pool", "process"])
    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    def test_parents(self, tmp_path: Path, method: str, way: str) -> None:
        """Whichever way they start; and nothing is said."""
        program = tmp_path / "program.py"
        program.write_text(self.CODE)
        command = [sys.executable, *DEV, str(program), method, way]
        done = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        found = by_operation(read_lines(tmp_path / "run.jsonl"))
        assert len(found) == 7
        for number in range(3):
            assert found[f"work{number}"]["parent_id"] == found["start"]["trace_id"]
            assert found[f"inside{number}"]["parent_id"] == found[f"work{number}"]["trace_id"]
