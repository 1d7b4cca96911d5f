"""A process that does the work of one contender whenever it is asked to: `python -m benchmarks.worker`.

It reads requests from stdin, one a line, and answers each with one line of JSON on what was its stdout.
What a peer keeps in memory, hooks into or configures for its whole process stays in here.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Thread

import msgspec

from benchmarks.case import Case, Contender, Work
from benchmarks.check import what_is_wrong


class Worker:
    """Does the rounds of a contender.

    Args:
        contender: whose case it is.
        folder: where the case writes.
        place: among the processes that share each round.
    """

    def __init__(self, contender: Contender, folder: Path, place: int) -> None:
        self._case = make(contender, folder)
        self._threads = contender.threads
        self._processes = contender.processes
        self._work = shared(self._case.work, contender.threads)
        self._place = place
        self._done = 0
        self._numbers = range(0)

    def ready(self, times: int) -> int:
        """Prepare a round of about that many spans; how many it will be."""
        count = max(1, times // self._case.each // self._processes)
        begin = self._place + self._done * self._processes
        self._numbers = range(begin, begin + count * self._processes, self._processes)
        self._done += count
        self._case.prepare()
        gc.collect()
        return count * self._case.each

    def go(self) -> tuple[int, int]:
        """Do it; when it began and when it ended, in ns of a clock that is the same in all processes."""
        began = time.perf_counter_ns()
        self._work(self._numbers)
        ended = time.perf_counter_ns()
        self._case.rest()
        return began, ended

    def check(self) -> tuple[str, float]:
        """What is wrong with what all processes wrote, empty if nothing is; and its bytes for one."""
        streams = self._case.streams * max(1, self._threads) * self._processes
        numbers = self._done * self._processes
        written = self._case.written
        wrong = filter(None, (what_is_wrong(each, numbers, streams) for each in written))
        size = sum(each.path.stat().st_size for each in written if each.path.exists())
        return "; ".join(wrong), size / (numbers * self._case.each)

    def memory(self) -> tuple[float, float, int]:
        """MB in memory now, MB at most so far, and blocks that Python holds."""
        gc.collect()
        return *resident(), sys.getallocatedblocks()


def resident() -> tuple[float, float]:
    """MB of this process in memory now, and at most so far; the latter for both where no more is known."""
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text()
        now, peak = (re.search(rf"{name}:\s*(\d+) kB", status) for name in ("VmRSS", "VmHWM"))
        if now and peak:
            return int(now[1]) * 1_024 / 1e6, int(peak[1]) * 1_024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1_024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return most, most


def make(contender: Contender, folder: Path) -> Case:
    """The case that the contender names."""
    module, _, function = contender.case.rpartition(".")
    made: Callable[..., Case] = getattr(import_module(f"benchmarks.peers.{module}"), function)
    return made(folder, **contender.options)


def shared(work: Work, threads: int) -> Work:
    """The same work, shared by so many threads; one works in a thread of its own as well."""
    if not threads:
        return work

    def share(numbers: range) -> None:
        started = [Thread(target=work, args=(numbers[place::threads],)) for place in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()

    return share


def main(words: list[str]) -> None:
    """Answer until there are no more requests."""
    contender, folder = msgspec.json.decode(words[0], type=Contender), Path(words[1])
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a peer prints is no answer
    os.chdir(folder)
    worker = Worker(contender, folder, int(words[2]))
    for request in sys.stdin:
        name, *arguments = request.split()
        answers.write(msgspec.json.encode(getattr(worker, name)(*map(int, arguments))) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
