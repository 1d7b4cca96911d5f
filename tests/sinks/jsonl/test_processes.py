"""Several processes, and what is left of them; the long forms run under `make stress`."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
from functools import partial
from pathlib import Path

import pytest
from helpers import wait_until
from sinks.jsonl.programs import all_lines, content_of, files_of, run, started

from dopejar_tracing.settings.rotate import Rotate
from dopejar_tracing.sinks.jsonl.archive import Archive

stress = pytest.mark.stress


class TestManyProcesses:
    """Processes and threads that append to one file while it rotates."""

    CODE = """
import sys, threading
number, threads, spans, size = sys.argv[1], *map(int, sys.argv[2:])
t.configure(enabled=True, console="never", rotate={"max_bytes": size, "compress": "gzip"})
def work(thread):
    for span in range(spans):
        with t.bind_trace("memory", "write", input=f"{number}.{thread}.{span}") as open_span:
            open_span.set_output("written", tokens_saved=span)
workers = [threading.Thread(target=work, args=(thread,)) for thread in range(threads)]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""

    @pytest.mark.parametrize(
        ("processes", "threads", "spans", "size", "least"),
        [(4, 2, 1_000, 20_000, 16), pytest.param(8, 4, 25_000, 500_000, 80, marks=stress)],
    )
    def test_no_line_lost(
        self, tmp_path: Path, processes: int, threads: int, spans: int, size: int, least: int
    ) -> None:
        """Every line is there once, valid, and none of another."""
        with contextlib.ExitStack() as stack:
            programs = [
                started(self.CODE, tmp_path, number, threads, spans, size) for number in range(processes)
            ]
            for process in [stack.enter_context(program) for program in programs]:
                assert process.communicate(timeout=1_200) == ("", "")
        path = tmp_path / "trace.jsonl"
        inputs = [line["input_summary"] for line in all_lines(path)]
        assert sorted(inputs) == sorted(
            f"{number}.{thread}.{span}"
            for number in range(processes)
            for thread in range(threads)
            for span in range(spans)
        )
        # A fifth: while the process that is about to rotate has to wait, the others make the file larger.
        assert len(files_of(path)) > least
        Archive(str(path), Rotate(compress="gzip")).tidy()  # they may have had no time for it
        wait_until(lambda: [file for file in files_of(path) if file.suffix == ".gz"])
        assert {file.stat().st_mode & 0o777 for file in files_of(path)} == {0o600}

    def test_different_settings(self, tmp_path: Path) -> None:
        """Settings may differ between the processes: one that knows of no rotation loses nothing by it."""
        rotating = 't.configure(enabled=True, console="never", rotate={"max_bytes": 3000, "keep": None})'
        plain = 't.configure(enabled=True, console="never")'
        code = """
for number in range(2_000):
    t.trace_event("sys", "x", input=number)
"""
        with contextlib.ExitStack() as stack:
            programs = [started(settings + code, tmp_path) for settings in (rotating, plain, rotating)]
            for process in [stack.enter_context(program) for program in programs]:
                assert process.communicate(timeout=300) == ("", "")
        assert len(all_lines(tmp_path / "trace.jsonl")) == 6_000


class TestKilled:
    """kill -9 at a random moment, again and again, with one file."""

    CODE = """
import sys, threading
t.configure(enabled=True, console="never", rotate={"max_bytes": "200kB"})
def work(name):
    number = 0
    while True:
        with t.bind_trace("sys", "work", input=f"{sys.argv[1]} {name} {number}", text="x" * (number % 7_000)):
            pass
        print(f"{sys.argv[1]} {name} {number}\\n", end="", flush=True)
        number += 1
threading.Thread(target=work, args=("a",), daemon=True).start()
work("b")
"""

    @pytest.mark.parametrize("rounds", [8, pytest.param(200, marks=stress)])
    def test_what_ended_is_there(self, tmp_path: Path, rounds: int) -> None:
        """Every span that had ended is in the file, and the next run's lines are whole again."""
        path, ended = tmp_path / "trace.jsonl", set()
        for number in range(rounds):
            with (tmp_path / "ended").open("w+b") as out:
                with started(self.CODE, tmp_path, number, stdout=out) as process:
                    enough = random.Random(number).randrange(1, 20_000)
                    wait_until(partial(_has_written, Path(out.name), enough))
                    process.send_signal(signal.SIGKILL)
                out.seek(0)
                ended |= set(re.findall(rb"([0-9]+ [ab] [0-9]+)\n", out.read()))
        run('t.trace_event("sys", "last")', tmp_path)
        lines = all_lines(path)
        assert lines[-1]["operation"] == "last"
        found = {line["input_summary"].encode() for line in lines}
        assert not ended - found

    def test_torn_line(self, tmp_path: Path) -> None:
        """A piece of a line is taken away by the next run, which says so in its place."""
        path = tmp_path / "trace.jsonl"
        run('t.trace_event("sys", "first"); t.trace_event("sys", "torn")', tmp_path)
        path.write_bytes(path.read_bytes()[:-30])
        run('t.trace_event("sys", "last")', tmp_path)
        first, gap, last = all_lines(path)
        assert (first["operation"], gap["operation"], last["operation"]) == ("first", "gap", "last")
        assert gap["metadata"]["lost"] == 1
        assert gap["metadata"]["error"] == "the process that wrote it was killed within a line"

    @pytest.mark.parametrize("foreign", ["a line without an end", '{"trace_id":"x"}', '{"other": [1, 2'])
    def test_not_ours(self, tmp_path: Path, foreign: str) -> None:
        """What others wrote, or is whole, stays as it is; our lines begin behind it."""
        path = tmp_path / "trace.jsonl"
        path.write_text(foreign)
        os.utime(path, (1, 1))
        run('t.trace_event("sys", "last")', tmp_path)
        first, last = path.read_text().splitlines()
        assert first == foreign
        assert json.loads(last)["operation"] == "last"

    def test_while_others_write(self, tmp_path: Path) -> None:
        """A piece that another process may still be writing is left; our line begins behind it."""
        path = tmp_path / "trace.jsonl"
        code = 'import sys; t.trace_event("sys", "other"); print(flush=True); sys.stdin.read()'
        with started(code, tmp_path) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with path.open("ab") as file:
                file.write(b'{"trace_id":"half')
            os.utime(path, (1, 1))
            run('t.trace_event("sys", "last")', tmp_path)
        other, half, last = path.read_text().splitlines()
        assert half == '{"trace_id":"half'
        assert [json.loads(other)["operation"], json.loads(last)["operation"]] == ["other", "last"]


def _has_written(path: Path, size: int) -> bool:
    return path.stat().st_size > size


class TestStarted:
    """Processes that a process starts."""

    CODE = """
import multiprocessing, os, sys
def work(number):
    for turn in range(20):
        with t.bind_trace("sys", "child", input=f"{number} {turn}"): pass
if __name__ == "__main__":
    t.configure(enabled=True, console="never", rotate={"max_bytes": 4000, "compress": "gzip"})
    context = multiprocessing.get_context(sys.argv[1])
    with t.bind_trace("sys", "parent"):
        children = [context.Process(target=work, args=(number,)) for number in range(4)]
        for child in children: child.start()
        for child in children: child.join()
    print([child.exitcode for child in children])
"""

    @pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
    def test_multiprocessing(self, tmp_path: Path, method: str) -> None:
        """Children trace into the same file, however they were started."""
        assert run(self.CODE, tmp_path, method) == ("[0, 0, 0, 0]\n", "")
        operations = [line["operation"] for line in all_lines(tmp_path / "trace.jsonl")]
        assert sorted(operations) == ["child"] * 80 + ["parent"]
        assert all(content_of(file) for file in files_of(tmp_path / "trace.jsonl"))
