"""Long and rough: `make stress`."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from helpers import clean_environment, read_lines, run_python, wait_until

pytestmark = pytest.mark.stress

ROUNDS = 50
SPANS = 300_000


def _larger(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size > size


class TestKilled:
    """kill -9 at a random moment."""

    CODE = """
import dopejar_tracing as t
number = 0
while True:
    with t.bind_trace("sys", "work", input=number):
        pass
    number += 1
    print(number, flush=True)
"""

    def test_what_ended_is_there(self, tmp_path: Path) -> None:
        """Every span that had ended is in the file, and every line is whole once somebody traces again."""
        for number in range(ROUNDS):
            trace = tmp_path / f"{number}.jsonl"
            environment = clean_environment({"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_OUTPUT": str(trace)})
            with (tmp_path / "ended").open("w+b") as ended:
                process = subprocess.Popen(
                    [sys.executable, "-c", self.CODE], cwd=tmp_path, env=environment, stdout=ended
                )
                enough = random.Random(number).randrange(1, 20_000)
                wait_until(partial(_larger, trace, enough))
                process.send_signal(signal.SIGKILL)
                process.wait(60)
                ended.seek(0)
                known = ended.read().count(b"\n")
            # It may have been killed within a line, of a span that had not ended for anybody else.
            run_python(
                'import dopejar_tracing as t; t.trace_event("sys", "last")',
                tmp_path,
                env={"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_OUTPUT": str(trace)},
            )
            lines = [json.loads(text) for text in trace.read_bytes().splitlines()]
            assert sum(line["operation"] == "work" for line in lines) in {known, known + 1}
            assert lines[-1]["operation"] == "last"


class TestMemory:
    """A process that traces for long."""

    CODE = f"""
import os, resource
import dopejar_tracing as t
def work(count):
    for number in range(count):
        with t.bind_trace("sys", f"op{{number}}", input=number):
            with t.bind_trace("memory", "write", a=number) as span:
                span.set_output("done", b=[number])
root = t.bind_trace("sys", "root").__enter__() if os.environ["ROOT"] else None
work({SPANS // 10})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
work({SPANS})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""

    @pytest.mark.parametrize("console", ["never", "always"])
    @pytest.mark.parametrize("root", ["root", ""])
    def test_does_not_grow(self, tmp_path: Path, console: str, root: str) -> None:
        """Its memory does not grow with the spans, each of its own name, in a root or each for itself."""
        env = {
            "DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_CONSOLE": console, "DOPEJAR_TRACE_OUTPUT": os.devnull,
            "ROOT": root,
        }  # fmt: skip
        done = run_python(self.CODE, tmp_path, env=env, seconds=1_200)
        assert int(done.stdout) < 4_096  # KiB; 300,000 spans held would be hundreds of MiB


class TestIds:
    """Many processes at once."""

    def test_unique_in_forked_children(self, tmp_path: Path) -> None:
        """Eight forked children and their parent mint no ID twice in the seconds that they share."""
        code = """
import os
import dopejar_tracing as t
t.trace_event("sys", "x")
for _ in range(8):
    if os.fork() == 0:
        for _ in range(20_000):
            t.trace_event("sys", "x")
        os._exit(0)
for _ in range(20_000):
    t.trace_event("sys", "x")
for _ in range(8):
    os.wait()
"""
        run_python(code, tmp_path, env={"DOPEJAR_TRACE": "1"}, seconds=1_200)
        assert len(read_lines(tmp_path / "trace.jsonl")) == 180_001
