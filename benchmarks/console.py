"""What the console costs the application, a span, beside the file alone."""

from __future__ import annotations

import os
import pty
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.commands import VoidError, markdown
from dopejar_tracing import bind_trace, configure, shutdown

ALONE, PIPE, LIVE, STOPPED = (
    "file alone", "file and console, in a pipe", "file and console, live", "the same, nobody reads for 10 s"
)  # fmt: skip
RATES = (1_000, 0)
"""Spans a second; 0: as many as there can be."""
APPEARANCES, APPEARS_MS = 20, 300
SLOW = """
import time, dopejar_tracing as t
t.configure(enabled=True, console="always")
with t.bind_trace("altitude", "slow"):
    time.sleep(9)
"""
SECONDS, SECONDS_STOPPED, ROUNDS = 2.0, 10.0, 5
AT_MOST = {1_000: (2.0, 20.0), 0: (float("inf"), 20.0)}
"""By rate: × the file alone, and µs more than it."""


def measure(rounds: int = ROUNDS) -> tuple[str, list[str]]:
    """Processes that trace, in turn; a table, and what was missed."""
    modes = [ALONE, PIPE, LIVE, STOPPED]
    taken: dict[tuple[int, str], list[float]] = {(rate, mode): [] for rate in RATES for mode in modes}
    for _ in range(rounds):
        modes.append(modes.pop(0))
        for rate in RATES:
            for mode in modes:
                taken[rate, mode].append(_measure(rate, mode))
    rows, missed = [], []
    for (rate, mode), micros in taken.items():
        most, more = AT_MOST[rate]
        # Round by round, so that a machine that is slow for a while is slow for both.
        pairs = list(zip(micros, taken[rate, ALONE], strict=True))
        ratio = statistics.median(own / beside for own, beside in pairs)
        dearer = statistics.median(own - beside for own, beside in pairs)
        if ratio > most:
            missed.append(f"{mode} at {rate:,} spans a second: {ratio:.2f} × {ALONE}, at most {most:g}")
        if dearer > more:
            missed.append(f"{mode} at {rate or 'any'} spans a second: {dearer:.1f} µs more, at most {more:g}")
        limit = "" if mode == ALONE else f"× {most:g}, {more:g} µs" if rate else f"{more:g} µs"
        figures = [f"{min(micros):.1f}", f"{statistics.median(micros):.1f}"]
        figures += [_marked(f"{ratio:.2f}", ratio > most), _marked(f"{dearer:.1f}", dearer > more)]
        rows.append([mode, f"{rate:,}" if rate else "all it can", *figures, limit])
    head = "rate,best µs,median µs,× file alone,µs more,at most".split(",")
    shown = [_appearance() for _ in range(APPEARANCES)]
    if max(shown) > APPEARS_MS:
        missed.append(f"a root appears after {max(shown)} ms, at most {APPEARS_MS}")
    appears = (
        f"A root appears after {min(shown)} to {max(shown)} ms, at most {APPEARS_MS} (of {APPEARANCES})."
    )
    return f"{markdown(['a span, of trees of three', *head], rows)}\n\n{appears}", missed


def _marked(figure: str, is_missed: bool) -> str:
    return f"**{figure}**" if is_missed else figure


def _appearance() -> int:
    """The ms that a root had been open when it was first shown, as the region itself says."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-c", SLOW]
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1", "DOPEJAR_TRACE_OUTPUT": "null"}
    with subprocess.Popen(command, stderr=follower, env=environment) as process:
        shown = b""
        while not (found := re.search(rb"slow \S+ (\d+)ms", shown)):
            shown += os.read(leader, 65536)
        process.kill()
    os.close(follower)
    os.close(leader)
    return int(found[1])


def _measure(rate: int, mode: str) -> float:
    """µs a span in a process of its own, whose stderr is read as fast as it comes, or not at all."""
    leader, follower = os.pipe() if mode == PIPE else pty.openpty()
    reader = threading.Thread(target=_drain, args=(leader,))
    if mode != STOPPED:
        reader.start()
    with tempfile.TemporaryDirectory() as folder:
        console = "never" if mode == ALONE else "always"
        seconds = SECONDS_STOPPED if mode == STOPPED else SECONDS
        command = [sys.executable, "-m", "benchmarks.console", str(rate), str(seconds), console, folder]
        environment = {**os.environ, "TERM": "xterm-256color"}
        done = subprocess.run(
            command, stderr=follower, stdout=subprocess.PIPE, env=environment, text=True, check=True
        )
        micros, spans = done.stdout.split()
        lines = (Path(folder) / "trace.jsonl").read_bytes().count(b"\n")
    os.close(follower)
    if mode != STOPPED:
        reader.join()
    os.close(leader)
    if lines != int(spans):
        msg = f"{mode}: {lines} lines in the file, {spans} were traced: the figures are void"
        raise VoidError(msg)
    return float(micros)


def _drain(leader: int) -> None:
    try:
        while os.read(leader, 65536):
            pass
    except OSError:  # the terminal is closed
        pass


def _work(rate: int, seconds: float) -> tuple[float, int]:
    """Trace spans, three in a tree; µs that one took the thread that traced, and how many they were."""
    spent_ns = spans = 0
    pause_ns = 3 * 1_000_000_000 // rate if rate else 0
    began_ns = next_ns = time.perf_counter_ns()
    while time.perf_counter_ns() - began_ns < seconds * 1e9:
        started_ns = time.perf_counter_ns()
        with bind_trace("altitude", "transition", input="L3→L2") as span:
            gate = bind_trace("focus", "gate_check", input="WriteApprovalGate", output="allowed")
            with gate, bind_trace("memory", "write", input="altitude.session") as inner:
                inner.set_output("written", tokens_saved=45, tier="warm")
            span.set_output("success", reason="user requested tactical", turns=3)
        now_ns = time.perf_counter_ns()
        spent_ns += now_ns - started_ns
        spans += 3
        next_ns += pause_ns
        if next_ns > now_ns:
            time.sleep((next_ns - now_ns) / 1e9)
    return spent_ns / spans / 1_000, spans


if __name__ == "__main__":
    configure(enabled=True, output=Path(sys.argv[4]) / "trace.jsonl", console=sys.argv[3])
    micros, spans = _work(int(sys.argv[1]), float(sys.argv[2]))
    shutdown()
    print(micros, spans)
