"""The console on a real terminal, at given moments (contract §6)."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from helpers import wait_until
from terminal import Terminal, blessed, golden, squeezed, timeless

SEED = """
with t.bind_trace("altitude", "transition", input="L3→L2") as a:
    with t.bind_trace("focus", "gate_check", input="WriteApprovalGate", output="allowed"):
        with t.bind_trace("memory", "write", input="altitude.session") as m:
            gate()
            m.set_output("written", tokens_saved=45)
        gate()
    a.set_output("success")
gate()
"""


class TestSeed:
    """The seed's three spans."""

    def test_grows(self, tmp_path: Path) -> None:
        """What is open is shown while it is, and leaves the seed's picture, to the character."""
        with Terminal(SEED, tmp_path) as terminal:
            terminal.until("mem")
            terminal.shows("console/seed-open")
            terminal.stands(0, 0)
            terminal.go()
            terminal.until("written")
            terminal.shows("console/seed-half")
            terminal.go()
            terminal.until("success")
            terminal.shows("console/seed-done")
            terminal.stands(3, 0)
            terminal.go()
            assert terminal.ended() == 0
            terminal.shows("console/seed-done", whole=True)

    def test_short_ones_never_flicker(self, tmp_path: Path) -> None:
        """A root that is over in less than 0.2 s leaves its picture, and not one control sequence."""
        code = """
longest = 0
for number in range(20):
    began = time.perf_counter()
    with t.bind_trace("altitude", "quick", input=number):
        t.trace_event("focus", "step")
    longest = max(longest, time.perf_counter() - began)
    time.sleep(0.03)
open("longest", "w").write(str(longest))
"""
        with Terminal(code, tmp_path) as terminal:
            assert terminal.ended() == 0
            assert terminal.text.count("[alt] quick: ") == 20
            stalled = float((tmp_path / "longest").read_text()) >= 0.2  # a slow day
            assert stalled or b"\x1b" not in terminal.raw

    def test_not_before_its_time(self, tmp_path: Path) -> None:
        """It appears when it has been open for 0.2 s; `make bench` tells how soon after."""
        code = """
with t.bind_trace("altitude", "slow"):
    gate()
"""
        with Terminal(code, tmp_path) as terminal:
            shown = re.compile(rb"slow \S+ ([\d.]+m?s)")
            terminal.until(lambda: shown.search(terminal.raw))
            first = shown.findall(terminal.raw)[0].decode()
            assert "ms" not in first or int(first.removesuffix("ms")) >= 200

    def test_narrow(self, tmp_path: Path) -> None:
        """In 40 columns what is open is cut, but never its time, and what is finished is not cut."""
        with Terminal(SEED, tmp_path, columns=40) as terminal:
            terminal.until("mem").until(lambda: timeless(terminal.shown).endswith("* T\n"))
            *_, gate_check, write = timeless(terminal.shown).splitlines()
            assert re.fullmatch(r"  └─\[foc\] gate_check: Write\w+… \* T", gate_check)
            assert re.fullmatch(r"      └─\[mem\] write: altitude\.\w*… \* T", write)
            assert max(map(len, terminal.shown.splitlines())) == 39
            terminal.go()
            terminal.until(lambda: timeless(terminal.shown).count("*") == 2)
            terminal.go()
            terminal.until("success").watch(0.2)
            terminal.comes(lambda: squeezed(terminal.shown), squeezed(blessed("console/seed-done")))


class TestThreads:
    """Several roots at once."""

    CODE = """
steps = [threading.Event() for _ in range(9)]
def work(number):
    steps[number].wait()
    with t.bind_trace("altitude", "work", input=f"thread {number}", output="done"):
        t.trace_event("focus", "route", input=number)
        with t.bind_trace("memory", "write", input=number, output="written"):
            steps[number + 1].set()
            steps[number + 5].wait()
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads: thread.start()
steps[0].set()
gate()
for step in steps[5:]:
    step.set()
for thread in threads: thread.join()
gate()
"""

    def test_four(self, tmp_path: Path) -> None:
        """Trees of four threads grow side by side, and each comes out whole."""
        with Terminal(self.CODE, tmp_path) as terminal:
            terminal.until("write: 3")
            terminal.shows("console/threads-open")
            terminal.go()
            terminal.until(lambda: terminal.text.count("done") == 4)
            trees = re.split(r"\n(?=\[)", timeless(terminal.text).strip())
            golden("console/threads-done", "\n".join(sorted(trees)) + "\n")


class TestSession:
    """A span that stays open across prompts."""

    CODE = """
def turn(said):
    with t.bind_trace("altitude", "plan", input=said, output="answered"):
        t.trace_event("focus", "gate_check", input="WriteApprovalGate", output="allowed")
        with t.bind_trace("memory", "write", input=said, output="written"):
            pass
    print(f"I heard {said}.")
with t.bind_trace("sys", "session", input="kiosk") as session:
    gate()
    while said := input("you> "):
        turn(said)
    with t.bind_trace("sys", "other"):  # another tree, as its parent is closed by then
        session.finish()
print("bye")
"""

    def test_prompts(self, tmp_path: Path) -> None:
        """Turns settle above the next prompt, which is never drawn over; the cursor stays behind it."""
        with Terminal(self.CODE, tmp_path) as terminal:
            terminal.until("session")
            terminal.go()
            terminal.until("you>").watch(0.5)
            terminal.shows("console/session-prompt")
            terminal.stands(0, 5)
            terminal.type("tea")
            terminal.until("you> tea").watch(0.3).asking()
            terminal.type("\n")
            terminal.until(lambda: terminal.shown.endswith("I heard tea.\nyou>\n"))
            terminal.until("answered").watch(0.3)
            terminal.shows("console/session-turn")
            terminal.asking().type("milk\n")
            terminal.until(lambda: terminal.shown.endswith("I heard milk.\nyou>\n")).until("plan: milk")
            terminal.type("\n")
            terminal.ended()
            terminal.shows("console/session-done", whole=True)

    def test_repeated(self, tmp_path: Path) -> None:
        """A parent is said again, dimly, where another tree came in between, and only there."""
        code = """
def step(name):
    with t.bind_trace("altitude", name):
        pass
with t.bind_trace("sys", "session"):
    with t.bind_trace("sys", "task"):
        gate()
        input("> ")
        step("one"); step("two")
        thread = threading.Thread(target=step, args=("elsewhere",)); thread.start(); thread.join()
        step("three")
    step("four")
"""
        with Terminal(code, tmp_path, env={"NO_COLOR": "", "COLORTERM": ""}) as terminal:
            terminal.until("task").go()
            terminal.noticed(">").type("\n")
            assert terminal.ended() == 0
            terminal.shows("console/session-repeated", whole=True)
            said = re.findall(rb"\x1b\[(\d+)m[^\x1b]*\[sys\] (?:session|task) \(open\)", terminal.raw)
            assert said == [b"2"] * 4

    def test_prompt_in_a_root(self, tmp_path: Path) -> None:
        """What is typed at a prompt while other threads work stays in one piece, below what they did."""
        code = """
def work():
    gate()
    for number in range(3):
        with t.bind_trace("memory", "read", input=number): pass
    with t.bind_trace("memory", "slow"):
        gate()
thread = threading.Thread(target=work); thread.start()
print("hello,", input("your name? "))
gate()
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("your name?").watch(0.2).asking().type("Ad")
            terminal.until("Ad").go()
            terminal.until("slow").watch(0.2)
            terminal.shows("console/prompt-typing")
            terminal.stands(3, 13)
            terminal.type("a")
            terminal.until("Ada").go()
            terminal.until("slow (")
            terminal.until(lambda: timeless(terminal.shown).endswith("slow (T)\nyour name? Ada\n"))
            terminal.stands(4, 14)
            terminal.type("\n")
            terminal.until("hello, Ada")
            terminal.shows("console/prompt-done")


class TestWindow:
    """Windows of all sizes."""

    LONG = """
with t.bind_trace("altitude", "long", output="done"):
    for number in range(199):
        t.trace_event("focus", "step", input=number)
    gate()
print("and on")
gate()
"""

    def test_long_tree(self, tmp_path: Path) -> None:
        """A tree of 200 lines in a window of 24: half the window, then all of it to scroll back to."""
        with Terminal(self.LONG, tmp_path) as terminal:
            terminal.until("step").watch(0.2)
            terminal.shows("console/long-open")
            terminal.go()
            terminal.until("and on")
            terminal.shows("console/long-done", whole=True)

    @pytest.mark.parametrize("rows", [2, 3, 4, 6])
    def test_low(self, tmp_path: Path, rows: int) -> None:
        """A window of a few rows still gets every line, in order."""
        with Terminal(self.LONG, tmp_path, rows=rows) as terminal:
            terminal.gated().watch(0.5).go()
            terminal.until("and on").watch(0.2)
            terminal.shows("console/long-done", whole=True)

    def test_many_open(self, tmp_path: Path) -> None:
        """More open spans than there are rows: as many as fit, and how many there are."""
        code = """
spans = [t.bind_trace("altitude", "open", input=number).__enter__() for number in range(30)]
gate()
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("spans are open").watch(0.2)
            terminal.shows("console/many-open")

    @pytest.mark.parametrize(("rows", "columns"), [(10, 40), (30, 120), (24, 20)])
    def test_resize(self, tmp_path: Path, rows: int, columns: int) -> None:
        """A window that changes its size while spans are open shows them in its new size, once."""
        with Terminal(f"print('first')\n{SEED}", tmp_path) as terminal:
            terminal.until("mem").watch(0.2)
            terminal.resize(rows, columns)
            terminal.watch(0.5)
            terminal.shows(
                f"console/resized-{rows}x{columns}", edit=lambda shown: re.sub(r"\w*…", "…", shown)
            )
            terminal.go()
            terminal.until(lambda: timeless(terminal.shown).count("*") == 2).go()
            terminal.until("success").watch(0.2)
            terminal.comes(
                lambda: squeezed(terminal.shown).removeprefix("first"), squeezed(blessed("console/seed-done"))
            )


class TestGuest:
    """The host's own output."""

    def test_thousand_lines(self, tmp_path: Path) -> None:
        """A host that prints a thousand lines while spans are open: each is there, whole, in order, once."""
        code = """
with t.bind_trace("altitude", "printing", output="done"):
    for number in range(1000):
        print(f"line {number:04d}", "x" * (number % 60), file=sys.stdout if number % 2 else sys.stderr)
        if number % 10 == 0:
            t.trace_event("focus", "step", input=number)
        if number % 100 == 0:
            time.sleep(0.15)
    gate()
gate()
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("line 0999").watch(0.3)
            terminal.shows("console/printing-open")
            terminal.go()
            terminal.until("done").watch(0.1)
            terminal.until(lambda: terminal.text.count("\n") >= 1000 + 101)
            lines = terminal.text.splitlines()
            printed = [f"line {number:04d} {'x' * (number % 60)}".rstrip() for number in range(1000)]
            assert lines[:1000] == printed
            assert len(lines) == 1000 + 101

    def test_streams_taken_early(self, tmp_path: Path) -> None:
        """Handlers, rich and bound methods that the host took before tracing began stay readable."""
        code = """
import logging
from rich.console import Console
handler = logging.StreamHandler(); logging.getLogger().addHandler(handler)
rich, write = Console(stderr=True), sys.stderr.write
with t.bind_trace("altitude", "root"):
    for number in range(3):
        time.sleep(0.3)
        logging.warning("handler %d", number)
        rich.print(f"rich {number}")
        write(f"write {number}\\n")
        sys.stdout.buffer.write(b"bytes\\n"); sys.stdout.flush()
"""
        with Terminal(code, tmp_path) as terminal:
            assert terminal.ended() == 0
            expected = "".join(f"handler {at}\nrich {at}\nwrite {at}\nbytes\n" for at in range(3))
            assert timeless(terminal.text) == f"{expected}[alt] root (T)\n"

    def test_half_printed(self, tmp_path: Path) -> None:
        """A line that the host is still printing stays its own; what ended stands above it."""
        code = """
with t.bind_trace("altitude", "answer"):
    print("Thinking ", end="", flush=True)
    gate()
    with t.bind_trace("memory", "read"): pass
    for word in "and thinking and thinking until it is a long line".split():
        print(word, end=" ", flush=True)
    thread = threading.Thread(target=t.trace_event, args=("memory", "elsewhere"))
    thread.start(); thread.join()
    gate()
    print("done.")
gate()
"""
        with Terminal(code, tmp_path, columns=40) as terminal:
            terminal.until("answer").watch(0.2)
            terminal.shows("console/half-open")
            terminal.stands(0, 9)
            terminal.go()
            terminal.until("elsewhere").watch(0.3)
            terminal.shows("console/half-more")
            terminal.go()
            terminal.until("done.").until("answer (").watch(0.1)
            terminal.shows("console/half-done")

    def test_own_picture(self, tmp_path: Path) -> None:
        """While a host draws a picture of its own, we keep away; then everything is there."""
        code = """
from rich.live import Live
_frames.STILL = 1_000  # seconds; however long the machine stops in the middle of the picture
with t.bind_trace("altitude", "root"):
    with Live("", refresh_per_second=20) as live:
        for number in range(20):
            live.update("\\n".join(f"row {row} of {number}" for row in range(5)))
            with t.bind_trace("focus", "step", input=number): pass
            time.sleep(0.05)
print("after")
"""
        with Terminal(code, tmp_path) as terminal:
            assert terminal.ended() == 0
            terminal.shows("console/own-picture", whole=True)

    def test_other_program(self, tmp_path: Path) -> None:
        """A program that takes the terminal over, as an editor does, is not drawn into."""
        code = """
import subprocess
EDITOR = '''
import sys, tty
tty.setraw(0)
sys.stdout.write("\\\\x1b[?1049h\\\\x1b[2J\\\\x1b[Hediting"); sys.stdout.flush()
sys.stdin.read(1)
sys.stdout.write("\\\\x1b[?1049l"); sys.stdout.flush()
tty.tcsetattr(0, tty.TCSANOW, saved) if (saved := None) else None
'''
import termios
saved = termios.tcgetattr(0)
with t.bind_trace("altitude", "root"):
    time.sleep(0.3)
    subprocess.run([sys.executable, "-c", EDITOR])
    termios.tcsetattr(0, termios.TCSANOW, saved)
gate()
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("editing").watch(0.2)
            size = len(terminal.raw)
            terminal.watch(0.5)
            assert len(terminal.raw) == size
            terminal.type("x")
            terminal.until("root (")

    def test_between_prints(self, tmp_path: Path) -> None:
        """The region stands again below each line that the host prints, with the very write."""
        code = """
with t.bind_trace("altitude", "root"):
    gate()
    for number in range(4):
        time.sleep(0.02)
        print("line", number)
    sys.stdout.flush()
    os.kill(os.getpid(), 19)
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("root").go()
            terminal.until("line 3").watch(0.1)
            terminal.comes(
                lambda: timeless(terminal.shown), "line 0\nline 1\nline 2\nline 3\n\n[alt] root * T\n"
            )

    def test_word_by_word(self, tmp_path: Path) -> None:
        """An answer that comes word by word leaves the region below it alone."""
        code = """
with t.bind_trace("altitude", "root"):
    gate()
    for word in "one two three four five".split():
        print(word, end=" ", flush=True)
    os.kill(os.getpid(), 19)
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("root").watch(0.2)
            terminal.go()
            terminal.until("five").watch(0.1)
            terminal.comes(lambda: timeless(terminal.shown), "one two three four five\n[alt] root * T\n")

    def test_child_program(self, tmp_path: Path) -> None:
        """A program that the host starts finds clean rows; the region comes back when it is over."""
        code = """
import subprocess
with t.bind_trace("altitude", "root", input="a line that is longer than what the program prints"):
    gate()
    subprocess.run(["sh", "-c", "for i in 1 2 3 4 5; do echo $i; done; read x; echo done"])
    gate()
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("root").watch(0.2).go()
            terminal.until(lambda: "5" in terminal.shown.splitlines()).watch(0.4)
            terminal.comes(lambda: terminal.shown, "1\n2\n3\n4\n5\n")
            terminal.type("\n")
            terminal.until("root").watch(0.2)
            terminal.until(lambda: terminal.shown.startswith("1\n2\n3\n4\n5\n\ndone\n\n[alt] root: a line"))

    def test_piped_output(self, tmp_path: Path) -> None:
        """Where stdout goes through a pipe that may end on this terminal, there is no region."""
        code = """
import subprocess
cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
os.dup2(cat.stdin.fileno(), 1)
with t.bind_trace("altitude", "root"):
    for number in range(3):
        print("line", number, flush=True)
        gate()
"""
        with Terminal(code, tmp_path) as terminal:
            for number in range(3):
                terminal.until(f"line {number}\n").watch(0.3).go()
            terminal.until("root (")
            terminal.comes(lambda: timeless(terminal.text), "line 0\nline 1\nline 2\n[alt] root (T)\n")
            assert b"\xe2\xa0" not in terminal.raw

    def test_prompt_of_another_thread(self, tmp_path: Path) -> None:
        """What others print and trace while a person types does not get stuck to what was typed."""
        code = """
def work():
    gate()
    with t.bind_trace("memory", "read"): pass
    print("printed")
thread = threading.Thread(target=work); thread.start()
input("say> ")
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("say>").watch(0.1).asking().type("hel")
            terminal.until("hel").watch(0.1).go()
            terminal.until("printed").watch(0.2)
            # The host's print goes where the cursor is, as it does without us.
            terminal.comes(lambda: timeless(terminal.shown), "[mem] read (T)\nsay> helprinted\n")


class TestEnds:
    """How a process ends or stops."""

    OPEN = """
with t.bind_trace("altitude", "root"):
    with t.bind_trace("memory", "read"):
        gate()
"""

    def check_terminal(self, terminal: Terminal) -> None:
        """The terminal is as it was: cursor visible, no spinner left, wrapping on."""
        assert not terminal.screen.cursor.hidden
        assert "*" not in timeless(terminal.shown)
        assert terminal.screen.mode == Terminal.MODES

    def test_interrupt(self, tmp_path: Path) -> None:
        """Ctrl-C: the traceback as ever, and the tree with what was interrupted."""
        with Terminal(self.OPEN, tmp_path) as terminal:
            terminal.until("read").watch(0.2).gated().type("\x03")
            assert terminal.ended() == -signal.SIGINT
            self.check_terminal(terminal)
            text = timeless(terminal.text)
            tree = text[text.index("[alt]") : text.index("\n", text.index("[mem]")) + 1]
            golden("console/interrupted", re.sub(r"<string>:\d+", "<string>:N", tree))
            assert text.count("KeyboardInterrupt") == 3
            assert "^CTraceback" in text

    def test_exception(self, tmp_path: Path) -> None:
        """An exception that nobody catches: traceback and tree, each whole."""
        with Terminal(f"{self.OPEN}        raise ValueError('no')", tmp_path) as terminal:
            terminal.until("read").go()
            assert terminal.ended() == 1
            self.check_terminal(terminal)
            assert terminal.text.count("ValueError: no") == 3

    def test_exit(self, tmp_path: Path) -> None:
        """`sys.exit` leaves a clean terminal, and the exit status is the host's."""
        with Terminal(f"{self.OPEN}        sys.exit(3)", tmp_path) as terminal:
            terminal.until("read").watch(0.2).go()
            assert terminal.ended() == 3
            self.check_terminal(terminal)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
    def test_killed(self, tmp_path: Path, number: int) -> None:
        """What is killed dies at once, even in C, and of the terminal nothing is changed."""
        code = """
with t.bind_trace("altitude", "root"):
    gate()
    sum(range(10**11))
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("root").go()
            terminal.watch(0.3)
            os.kill(terminal.pid, number)
            assert terminal.ended() == -number
            assert not terminal.screen.cursor.hidden
            assert terminal.screen.mode == Terminal.MODES
            terminal.stands(0, 0)

    def test_handler_of_the_host(self, tmp_path: Path) -> None:
        """A host's own handlers stay."""
        code = f"""
import signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
{self.OPEN}
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("read").gated()
            os.kill(terminal.pid, signal.SIGTERM)
            assert terminal.ended() == 5
            self.check_terminal(terminal)

    def test_stopped(self, tmp_path: Path) -> None:
        """Ctrl-Z takes the region away; after `fg` it comes back."""
        code = f"""
import signal
shell = os.fork()
if shell:  # what a shell does for its job
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(shell, shell); os.tcsetpgrp(0, shell)
    while True:
        status = os.waitpid(shell, os.WUNTRACED)[1]
        if not os.WIFSTOPPED(status):
            os._exit(os.waitstatus_to_exitcode(status))
        os.tcsetpgrp(0, os.getpgrp())
        print("Stopped", flush=True)
        gate()
        os.tcsetpgrp(0, shell); os.kill(-shell, signal.SIGCONT)
{self.OPEN}
print("bye")
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("read").watch(0.2).gated().type("\x1a")
            terminal.until("Stopped").watch(0.2)
            self.check_terminal(terminal)
            terminal.go()
            terminal.until(lambda: "*" in timeless(terminal.shown)).go()
            assert terminal.ended() == 0
            self.check_terminal(terminal)
            assert timeless(terminal.text) == "^ZStopped\n[alt] root (T)\n  └─[mem] read (T)\nbye\n"

    def test_unfinished(self, tmp_path: Path) -> None:
        """What is open at the end is shown as unfinished."""
        code = """
spans = [t.bind_trace("altitude", name).__enter__() for name in ("one", "two")]
t.trace_event("focus", "step")
"""
        with Terminal(code, tmp_path) as terminal:
            assert terminal.ended() == 0
            terminal.shows("console/unfinished", whole=True)

    def test_stopped_reader(self, tmp_path: Path) -> None:
        """Ctrl-S: the application goes on, and the console catches up after Ctrl-Q."""
        code = """
out = open("progress", "w")
gate()
for number in range(2000):
    with t.bind_trace("altitude", "step", input=number): pass
    out.write("."); out.flush()
    time.sleep(0.001)
gate()
"""
        with Terminal(code, tmp_path, patient=False) as terminal:
            progress = tmp_path / "progress"
            wait_until(progress.exists)
            terminal.stop()
            terminal.go()
            wait_until(lambda: progress.stat().st_size == 2000, seconds=300)
            assert "step" not in terminal.watch(0.2).text
            terminal.type("\x11")
            terminal.until("1999").go()
            assert terminal.ended() == 0
            steps = re.findall(r"step: (\d+)", terminal.text)
            assert [*map(int, steps)] == [*range(2000)]

    def test_reader_that_never_comes_back(self, tmp_path: Path) -> None:
        """A terminal that stopped for ever does not keep the process from ending."""
        code = """
gate()
for number in range(2000):
    with t.bind_trace("altitude", "step", input="x" * 90): pass
open("ended", "w").close()
"""
        with Terminal(code, tmp_path, patient=False) as terminal:
            terminal.stop()
            terminal.go()
            wait_until((tmp_path / "ended").exists)
            wait_until(terminal.reaped)


class TestTooMuch:
    """Events that come faster than can be shown."""

    def test_left_out(self, tmp_path: Path) -> None:
        """It is said how many were left out, where they were; shown and left out are all there were."""
        code = """
gate()
for number in range(100_000):
    t.trace_event("altitude", "step", input=number)
open("ended", "w").close()
gate()
"""
        with Terminal(code, tmp_path, patient=False) as terminal:
            terminal.stop()  # they do, however slow it is
            terminal.go()
            wait_until((tmp_path / "ended").exists, seconds=300)
            terminal.type("\x11")
            terminal.until("events left out").go()
            assert terminal.ended() == 0
            shown = [int(number) for number in re.findall(r"step: (\d+)$", terminal.text, re.MULTILINE)]
            gaps = [
                int(number.replace(",", ""))
                for number in re.findall(r"… ([\d,]+) events left out", terminal.text)
            ]
            lost = re.findall(r"console: ([\d,]+) events lost", terminal.text)  # at the end of a slow day
            assert gaps
            assert len(shown) + sum(gaps) + sum(int(number.replace(",", "")) for number in lost) == 100_000
            assert shown == sorted(shown)


class TestForks:
    """Child processes."""

    def test_child(self, tmp_path: Path) -> None:
        """A forked child has no region of its own; its trees and the parent's come out whole."""
        code = """
with t.bind_trace("altitude", "parent"):
    time.sleep(0.4)
    pid = os.fork()
    if pid == 0:
        with t.bind_trace("memory", "child"):
            print("child prints")
            time.sleep(0.5)
        with t.bind_trace("memory", "child again"):
            pass
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)
gate()
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("parent (")
            terminal.shows("console/forked")
