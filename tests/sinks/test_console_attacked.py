"""The console under hosts that do what hosts should not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers import wait_until
from terminal import Terminal, timeless


class TestDescriptors:
    """Descriptors that lead elsewhere all of a sudden."""

    @pytest.mark.parametrize("fork", ["", "if os.fork(): os._exit(os.waitstatus_to_exitcode(os.wait()[1]))"])
    def test_redirected(self, tmp_path: Path, fork: str) -> None:
        """A file that takes stdout's place gets what the host writes, and nothing of ours."""
        code = f"""
span = t.bind_trace("altitude", "root").__enter__()
gate()
{fork}
os.dup2(os.open("out", os.O_CREAT | os.O_WRONLY), 1)
for number in range(3):
    print("line", number, flush=True)
    time.sleep(0.15)
os._exit(0)
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("root").go()
            assert terminal.ended() == 0
        assert (tmp_path / "out").read_text() == "line 0\nline 1\nline 2\n"

    @pytest.mark.parametrize(
        "away",
        [
            "os.dup2(os.open(os.devnull, os.O_WRONLY), 2)",
            "os.close(2)",
            "sys.stderr.close()",
            "del sys.stderr",
        ],
    )
    def test_gone(self, tmp_path: Path, away: str) -> None:
        """Where stderr goes away, the region goes with it, and the exit status stays the host's."""
        code = f"""
with t.bind_trace("altitude", "root"):
    gate()
    {away}
    time.sleep(0.3)
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("root").go()
            assert terminal.ended() == 0
            assert terminal.text == "\n"

    @pytest.mark.parametrize("away", ["os.close(1)", "del sys.stdout", "del sys.stderr", "sys.stderr = 3"])
    def test_never_raises(self, tmp_path: Path, away: str) -> None:
        """Whatever becomes of the streams, nothing raises, and what can be shown is shown."""
        code = f"""
with t.bind_trace("altitude", "one"): pass
time.sleep(0.2)
{away}
with t.bind_trace("altitude", "two"):
    time.sleep(0.3)
t.shutdown()
t.configure(enabled=True)
with t.bind_trace("altitude", "three"): pass
t.shutdown()
open("good", "w").close()
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.ended()
            assert (tmp_path / "good").exists()
            if "stderr" not in away:
                assert timeless(terminal.text) == "[alt] one (T)\n[alt] two (T)\n[alt] three (T)\n"

    def test_dropped(self, tmp_path: Path) -> None:
        """Streams that the host drops are closed as they would be without us."""
        code = """
before = len(os.listdir("/proc/self/fd"))
with t.bind_trace("altitude", "root"):
    for _ in range(10):
        sys.stdout = open(os.ttyname(2), "w")
        time.sleep(0.15)
    sys.stdout = sys.__stdout__
    print("more", len(os.listdir("/proc/self/fd")) - before, "are open")
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.ended()
            (count,) = re.findall(r"more (-?\d+) are open", terminal.text)
            assert int(count) < 4


class TestRaisingHandlers:
    """Signal handlers whose exceptions come at any moment."""

    def test_output(self, tmp_path: Path) -> None:
        """What the host prints comes once, nothing stays locked, and the last tree is shown."""
        code = """
import signal
class Timeout(Exception): pass
def handler(*_):
    global working
    if working:
        working = False
        raise Timeout
signal.signal(signal.SIGALRM, handler)
working, caught, number = False, 0, 0
def work():
    global working, number
    working = True
    # Again and again: Python itself swallows one that is raised within a finalizer.
    signal.setitimer(signal.ITIMER_REAL, 0.0005 + 0.00003 * (number % 50), 0.002)
    while number < 8_000:
        working = True
        number += 1
        print("line", number, "." * 40)
        if number % 50 == 0:
            with t.bind_trace("altitude", "root"): pass
    working = False
with t.bind_trace("altitude", "first"): pass  # Python's Thread.start does not survive what comes now
while number < 8_000:
    try:
        work()
    except (Timeout, RuntimeError):
        caught += 1
signal.signal(signal.SIGALRM, signal.SIG_IGN)
with t.bind_trace("altitude", "last"): pass
sys.stdout.write(f"\\nended {caught}\\n")  # at once, so that nothing is drawn in between
"""
        with Terminal(code, tmp_path) as terminal:
            assert terminal.ended(300) == 0
            raw = terminal.raw.decode()
            lines = re.findall(r"line (\d+) \.{40}", raw)
            assert len(lines) == len(set(lines))
            assert int(re.findall(r"ended (\d+)", raw)[0]) > 10
            assert "[alt] last (" in raw


class TestFork:
    """Forks at bad moments."""

    def test_while_a_frame_hangs(self, tmp_path: Path) -> None:
        """A fork while the terminal has stopped does not wait; when that goes on, so does the console."""
        code = """
import warnings
warnings.simplefilter("ignore")  # of the thread that hangs, to the very terminal that has stopped
def show(name):
    for number in range(200):
        with t.bind_trace("altitude", name, input="x" * 90): pass
gate()
show("before")
time.sleep(0.3)
began = time.monotonic()
if os.fork() == 0: os._exit(0)
os.wait()
open("forked", "w").write(str(time.monotonic() - began))
gate()
with t.bind_trace("altitude", "after"): pass
gate()
"""
        with Terminal(code, tmp_path, patient=False) as terminal:
            terminal.stop()
            terminal.go()
            wait_until((tmp_path / "forked").exists)
            terminal.type("\x11")
            terminal.until("before").go()
            terminal.until("after").go()
            assert terminal.ended() == 0

    def test_child_that_exits_at_once(self, tmp_path: Path) -> None:
        """What a young child traced is shown, though it ends by `os._exit`."""
        code = """
t.tracer.enabled = True
if os.fork() == 0:
    for number in range(5):
        with t.bind_trace("altitude", "child", input=number): pass
    os._exit(0)
os.wait()
"""
        with Terminal(code, tmp_path) as terminal:
            assert terminal.ended() == 0
            assert timeless(terminal.text) == "".join(f"[alt] child: {at} (T)\n" for at in range(5))


class TestAtOnce:
    """Many at once."""

    def test_first_spans(self, tmp_path: Path) -> None:
        """Threads whose first spans begin together get one drawing thread."""
        code = """
barrier = threading.Barrier(16)
def work():
    barrier.wait()
    with t.bind_trace("sys", "x"): pass
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sum(thread.name == "dopejar-console" for thread in threading.enumerate()), "drawer")
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.ended()
            assert "1 drawer" in terminal.text

    def test_configure(self, tmp_path: Path) -> None:
        """A theme that changes all the time leaves one console; shutdown leaves all as it was."""
        code = """
for number in range(1_200):
    t.configure(enabled=True, theme={"error": "red" if number % 2 else "blue"})
with t.bind_trace("altitude", "root"): pass
t.shutdown()
print("hooked:", *vars(sys.stdout), *vars(sys.stderr.buffer.raw))
import subprocess, signal
print(subprocess.Popen.__init__.__module__, os.system.__module__, signal.getsignal(signal.SIGTSTP))
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.ended()
            *_, root, hooked, others = timeless(terminal.text).splitlines()
            assert root == "[alt] root (T)"
            assert set(hooked.split()) <= {"hooked:", "mode", "name"}
            assert others == "subprocess posix 0"

    def test_deep(self, tmp_path: Path) -> None:
        """Thousands of levels that end one by one are shown each, their parents not all."""
        code = """
spans = [t.bind_trace("altitude", "level", input=number).__enter__() for number in range(400)]
gate()
input("> ")
for span in reversed(spans): span.finish()
gate()
"""
        with Terminal(code, tmp_path, columns=250) as terminal:
            terminal.until("spans are open").go()
            terminal.noticed(">").type("\n")
            terminal.until(lambda: re.search(r"level: 0 \(\d", terminal.text)).go()
            assert terminal.ended() == 0
            ended = re.findall(r"level: (\d+) \(\d", terminal.text)
            assert [*map(int, ended)] == [*range(399, -1, -1)]
            assert "… 397 more are open" in terminal.text


class TestRows:
    """Lines whose width is not the number of their characters."""

    @pytest.mark.parametrize(
        "line", ["a\\tb\\tc\\td\\te\\tfg", "漢" * 31, "\x1b[31m" + "x" * 50, "one\\rtwo"]
    )
    def test_width(self, tmp_path: Path, line: str) -> None:
        """Tabs, wide characters and colours: what ended stands above the line, not in it."""
        code = f"""
t.tracer.enabled = True  # from now on what the host prints is seen
print("{line}", end="", flush=True)
thread = threading.Thread(target=t.trace_event, args=("memory", "elsewhere")); thread.start(); thread.join()
gate()
"""
        with Terminal(code, tmp_path, columns=41) as terminal:
            terminal.until("elsewhere").watch(0.1)
            terminal.until(lambda: terminal.shown.startswith("[mem] elsewhere\n"))
            terminal.until(lambda: terminal.shown.count("\n") > 1)

    def test_parked(self, tmp_path: Path) -> None:
        """A host that leaves the cursor in the middle of its own picture finds that as it was."""
        code = r"""
t.tracer.enabled = True
print("bar 1\nbar 2\nbar 3")
print("\r\x1b[3A", end="", flush=True)
with t.bind_trace("altitude", "root"):
    time.sleep(1.5)
sys.stdout.write("\n\nbar 3 done\n")  # at once: between two writes the line would be one that is begun
time.sleep(1.3)
"""
        with Terminal(code, tmp_path) as terminal:
            assert terminal.ended() == 0
            assert timeless(terminal.text) == "bar 1\nbar 2\nbar 3 done\n[alt] root (T)\n"

    def test_system(self, tmp_path: Path) -> None:
        """`os.system` finds clean rows too."""
        code = """
with t.bind_trace("altitude", "root", input="a long line that would show behind short ones"):
    gate()
    os.system("for i in 1 2 3; do echo $i; done")
    gate()
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("root").watch(0.2).go()
            terminal.until(lambda: "3" in terminal.shown.splitlines()).watch(0.3)
            terminal.until(lambda: timeless(terminal.shown).startswith("1\n2\n3\n\n[alt] root: a long line"))
