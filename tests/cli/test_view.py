"""dopejar-trace view, and its older spelling."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from commands import Run, run_apart, run_here
from helpers import clean_environment, wait_until
from terminal import Terminal, golden
from traces import event, line, write

from dopejar_tracing.model.event import TraceEvent

TWO_REQUESTS = Path(__file__).parents[1] / "corpora" / "two_requests.jsonl"
EVENTS = [msgspec.json.decode(text, type=TraceEvent) for text in TWO_REQUESTS.read_bytes().splitlines()]
"""Two requests and something else, in the order in which they ended."""


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A file of them."""
    return write(tmp_path / "trace.jsonl", EVENTS)


HEARS_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # the background jobs of some shells do not
from dopejar_tracing.cli import main
sys.exit(main(sys.argv[1:]))
"""
ON_TERMINAL = {"DOPEJAR_TRACE_OUTPUT": "", "NO_COLOR": "", "COLORTERM": ""}


@pytest.fixture
def view(capfd: pytest.CaptureFixture[str], trace: Path) -> Run:
    """Runs the command; returns its exit status, stdout and stderr."""
    return run_here("view", capfd)


command = partial(run_apart, module="dopejar_tracing view")
"""Runs it in a process of its own."""


class TestViews:
    """What it looks like."""

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("all", ""),
            ("status", "--status error,blocked"),
            ("context", "--hrm mem --status error --context"),
            ("request", "--trace-id foc_1768312801_k1l2"),
            ("ids", "--hrm alt --ids"),
            ("metadata", "--trace-id rsn_1768312801_e5f6 --metadata"),
            ("width", "--width 40 --ids"),
            ("flat", "--flat"),
            ("flat-ids-metadata", "--flat --ids --metadata --status error"),
            ("flat-width", "--flat --width 60"),
            ("json", "--json --status blocked"),
        ],
    )
    def test_golden(self, view: Run, name: str, arguments: str) -> None:
        """Every view, as it was blessed."""
        status, out, err = view(*arguments.split())
        assert (status, err) == (0, "")
        golden(f"view/{name}", out)

    def test_help(self) -> None:
        """The help, with its examples."""
        done = command("--help", cwd=Path.cwd(), COLUMNS="80")
        golden("view/help", done.stdout.decode())

    def test_colours(self, trace: Path) -> None:
        """What was looked for has the console's colours, what it is part of is dim."""
        done = command("--status", "error", "trace.jsonl", cwd=trace.parent, FORCE_COLOR="1", TERM="xterm")
        rows = done.stdout.decode().splitlines()
        assert rows[0].startswith("\x1b[2m[rsn] classify")
        assert "\x1b[94m[mem]\x1b[0m" in rows[2]
        assert rows[2].endswith("\x1b[1;31m [OSError: disk full, manager.py:42]\x1b[0m")

    def test_theme(self, trace: Path) -> None:
        """A layer's style is that of the settings, in whatever spelling they name it, as on the console."""
        (trace.parent / "settings.yaml").write_text("tracing: {theme: {mem: red}}\n", "utf-8")
        done = command("--hrm", "mem", "trace.jsonl", cwd=trace.parent, FORCE_COLOR="1", TERM="xterm")
        assert done.stdout.count(b"\x1b[31m[mem]") == 2

    def test_seed(self, trace: Path) -> None:
        """The seed's spelling, with the seed's options."""
        for arguments in (["--last", "2"], ["--hrm", "altitude"], ["--status", "error"],
                          ["--trace-id", "alt_1768312800_a3f2"]):  # fmt: skip
            seed = subprocess.run(
                [sys.executable, "-m", "dopejar_tracing.viewer", *arguments],
                cwd=trace.parent, env=clean_environment(), capture_output=True, timeout=300,
            )  # fmt: skip
            assert (seed.returncode, seed.stderr) == (0, b"")
            assert seed.stdout == command(*arguments, cwd=trace.parent).stdout

    def test_local_time(self, trace: Path) -> None:
        """The table has this machine's time; --utc is another."""
        done = command("--flat", "--last", "1", cwd=trace.parent, TZ="CET-1CEST,M3.5.0,M10.5.0/3")
        head, row = done.stdout.decode().splitlines()
        assert head.startswith("time (CET) ")
        assert row.startswith("2026-01-13 15:00:03.000000")


class TestFound:
    """What is found."""

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (["--last", "2"], ["rsn_1768312801_e5f6", "alt_1768312803_m3n4"]),
            (["--hrm", "altitude"], ["alt_1768312800_a3f2", "alt_1768312803_m3n4"]),
            (["--hrm", "lrn", "--layer", "ALT,reasoning", "--until", "2026-01-13T14:00:02Z"],
             ["alt_1768312800_a3f2", "lrn_1768312801_h8i9", "rsn_1768312801_e5f6"]),
            (["--operation", "memory.*"], ["mem_1768312800_c8d2", "mem_1768312801_f6g7"]),
            (["--component", "gates.py"], ["foc_1768312800_b7c1", "foc_1768312801_d4e5"]),
            (["--since", "2026-01-13T14:00:01.3Z", "--until", "2026-01-13T14:00:01.32Z"],
             ["mem_1768312801_f6g7", "foc_1768312801_k1l2"]),
            (["--longer-than", "12.345ms"], ["foc_1768312801_k1l2", "rsn_1768312801_e5f6"]),
            (["--grep", "disk"], ["mem_1768312801_f6g7"]),
            (["--grep", "DISK", "-i", "--last", "1"], ["mem_1768312801_f6g7"]),
            (["--where", 'metadata.tokens_saved > 40 and status == "success"'], ["mem_1768312800_c8d2"]),
            (["--where", "metadata.tokens_saved > 40", "--where", "duration_us > 3119"],
             ["mem_1768312800_c8d2"]),
            (["--trace-id", "alt_1768312800_a3f2"],
             ["foc_1768312800_b7c1", "mem_1768312800_c8d2", "alt_1768312800_a3f2"]),
            (["--trace-id", "alt_1768312800_a3f2", "--hrm", "mem"], ["mem_1768312800_c8d2"]),
            (["--trace-id", "sys_1768312803_o5p6"], ["alt_1768312803_m3n4"]),
        ],
    )  # fmt: skip
    def test_options(self, view: Run, arguments: list[str], expected: list[str]) -> None:
        """Each option, alone and together."""
        status, out, err = view("--json", *arguments)
        assert (status, err) == (0, "")
        assert [json.loads(text)["trace_id"] for text in out.splitlines()] == expected

    def test_json(self, view: Run, trace: Path) -> None:
        """The lines are those of the file, byte for byte."""
        assert view("--json")[1] == trace.read_text("utf-8")

    def test_own_layer(self, view: Run, trace: Path) -> None:
        """A layer that the settings declare has both spellings."""
        Path("settings.yaml").write_text("tracing: {layers: {tools: tol}, output: trace.jsonl}\n", "utf-8")
        with trace.open("ab") as file:
            file.write(line(event("tol_1_aaaa", hrm_layer="tools")) + b"\n")
        assert [view("--json", "--hrm", name)[1].count("tol_1_aaaa") for name in ("tol", "tools")] == [1, 1]


class TestNotFound:
    """Nothing is found."""

    @pytest.mark.parametrize(
        ("arguments", "tips"),
        [
            (["--hrm", "altitud"],
             ["no layer 'altitud' (did you mean 'altitude'?)", "9 matches exist without --hrm"]),
            (["--hrm", "alt,sys", "--operation", "rute"],
             ["no layer 'sys'", "no operation 'rute' (did you mean 'route'?)",
              "2 matches exist without --operation"]),
            (["--status", "error", "--since", "2026-01-14"], ["1 error exists before --since"]),
            (["--status", "blocked", "--until", "2026-01-13T14:00Z"],
             ["1 blocked event exists after --until"]),
            (["--component", "gate.py", "--longer-than", "1h"],
             ["no component 'gate.py' (did you mean 'gates.py'?)"]),
            (["--trace-id", "alt_1_nope"],
             ["no event among them has, or is below, the ID 'alt_1_nope', and fits the rest"]),
        ],
    )  # fmt: skip
    def test_tips(self, view: Run, arguments: list[str], tips: list[str]) -> None:
        """Exit status 1, and what was probably meant, or what there is instead."""
        status, out, err = view(*arguments)
        assert (status, out) == (1, "")
        assert err.splitlines() == ["0 of 9 events", *tips]

    @pytest.mark.parametrize("data", [b"", b"\n\n", b"hello\nworld\n"])
    def test_no_events(self, view: Run, trace: Path, data: bytes) -> None:
        """A file without events says so."""
        trace.write_bytes(data)
        status, out, err = view()
        assert (status, out) == (1, "")
        assert err.endswith("0 of 0 events\n")


class TestWrong:
    """What cannot be done."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--status", "eror"],
             "--status: expected one of success, error, blocked; got 'eror' (did you mean 'error'?)\n"),
            (["--since", "soon"], "--since: expected a moment such as -10m"),
            (["--longer-than", "5"], "--longer-than: expected a duration such as 500µs, 5ms"),
            (["--grep", "a("],
             "--grep: expected a regular expression; missing ), unterminated subpattern\n  a(\n   ^\n"),
            (["--where", "status = 'x'"], "--where: expected ==, not =\n  status = 'x'\n         ^\n"),
            (["--last", "0"], "--last"),
            (["nope.jsonl"], "nope.jsonl: No such file or directory\n"),
            (["nope-*.jsonl"], "nope-*.jsonl: no file has such a name\n"),
            (["--nope"], "--nope"),
        ],
    )  # fmt: skip
    def test_usage(self, view: Run, arguments: list[str], said: str) -> None:
        """Exit status 2, and on stderr what was found, and what is allowed."""
        status, out, err = view(*arguments)
        assert (status, out) == (2, "")
        assert said in err

    def test_no_output(self, view: Run) -> None:
        """Without a FILE, and without one in the settings."""
        Path("settings.yaml").write_text("tracing: {output: null}\n", "utf-8")
        status, out, err = view()
        assert (status, out) == (2, "")
        assert "name a FILE" in err


class TestFiles:
    """What is read."""

    def rotated(self, trace: Path) -> None:
        """The events in three parts, the oldest compressed."""
        older = [trace.with_name(f"trace.jsonl.2026011{day}T140000.000000") for day in (3, 4)]
        older[0].with_name(older[0].name + ".gz").write_bytes(
            gzip.compress(b"".join(line(one) + b"\n" for one in EVENTS[:3]))
        )
        write(older[1], EVENTS[3:6])
        write(trace, EVENTS[6:])

    def test_rotated(self, view: Run, trace: Path) -> None:
        """What a file was rotated into comes before it, however it is named; without it, if so wished."""
        whole = view()[1]
        self.rotated(trace)
        for names in ([], ["trace.jsonl"], ["trace.jsonl*"], [str(trace)], ["trace.jsonl", "./trace.jsonl"]):
            assert view(*names)[1] == whole
        assert view("--json", "--no-rotated")[1].count("\n") == 3
        assert view("--json", "trace.jsonl.20260114T140000.000000")[1].count("\n") == 3

    def test_left_beside(self, view: Run, trace: Path) -> None:
        """A file that was compressed by a process that died before it could remove it is read once."""
        self.rotated(trace)
        plain = trace.with_name("trace.jsonl.20260114T140000.000000")
        plain.with_name(plain.name + ".gz").write_bytes(gzip.compress(plain.read_bytes()))
        assert view("--json")[1].count("\n") == len(EVENTS)

    def test_standard_input(self, trace: Path) -> None:
        """`-`, by a pipe."""
        whole = command(cwd=trace.parent).stdout
        data = trace.read_bytes()
        assert command("-", cwd=trace.parent, said=data).stdout == whole
        assert command("-", cwd=trace.parent, said=gzip.compress(data)).stdout == whole
        for arguments in (["--last", "3"], ["--trace-id", "rsn_1768312801_e5f6"], ["--status", "error"]):
            expected = command(*arguments, cwd=trace.parent).stdout
            assert command(*arguments, "-", cwd=trace.parent, said=data).stdout == expected

    def test_bad_lines(self, view: Run, trace: Path) -> None:
        """They are skipped, counted, and the count said on stderr with the first place."""
        data = trace.read_bytes()
        for rest, said in (
            (b"{}\n", "1 bad line skipped, the first at trace.jsonl:10"),
            (b"no\n" * 500_000, "500,000 bad lines skipped, the first at trace.jsonl:10"),
            (b"\n\r\n" + b"x" * (20 << 20) + b"\n" + data, "1 bad line skipped, the first at trace.jsonl:12"),
        ):
            trace.write_bytes(data + rest)
            status, out, err = view("--json", "--hrm", "alt", "--no-rotated")
            assert status == 0
            assert out.count("\n") == (4 if data in rest else 2)
            assert err == f"trace.jsonl: {said}\n"

    def test_closed_pipe(self, tmp_path: Path) -> None:
        """`| head` is no error."""
        write(tmp_path / "trace.jsonl", EVENTS * 5_000)
        for option in ("--json", "--flat", "--ids"):
            shell = f"{sys.executable} -m dopejar_tracing view {option} | head -1; echo ${{PIPESTATUS[0]}}"
            done = subprocess.run(
                ["bash", "-c", shell], cwd=tmp_path, env=clean_environment(), capture_output=True, timeout=300
            )
            assert done.stdout.endswith(b"\n0\n")
            assert done.stderr == b""


class TestHostile:
    """Text that would act on the terminal."""

    @pytest.mark.parametrize(
        "arguments", [[], ["--flat"], ["--metadata", "--ids"], ["--json"], ["--flat", "--metadata"]]
    )
    def test_escaped(self, tmp_path: Path, arguments: list[str]) -> None:
        """Nothing of it reaches the terminal."""
        evil = "\x1b[2J\x9b31m\u202e\x07\x00\r\n[red]x\u2028"
        field: dict[str, Any] = {
            "operation": evil,
            "component": evil,
            "input_summary": evil,
            "output_summary": evil,
        }
        events = [
            event(
                f"alt\x1b_1_{evil}",
                evil,
                hrm_layer=evil,
                status=evil,
                metadata={evil: evil, "y": [evil]},
                **field,
            )
        ]
        write(tmp_path / "trace.jsonl", events)
        code = f"from dopejar_tracing.cli import main\nmain(['view', '--no-pager', *{arguments}])"
        with Terminal(code, tmp_path, columns=500, env={**ON_TERMINAL, "NO_COLOR": "1"}) as terminal:
            assert terminal.ended() == 0
            shown = terminal.raw.decode().replace("\r\n", "\n")
            if arguments == ["--json"]:
                assert json.loads(shown)["operation"] == evil
        assert not any(
            character in shown
            for character in evil.replace("\n", "")
            .replace("[red]x", "")
            .replace("[2J", "")
            .replace("31m", "")
        )


class TestPager:
    """On a terminal."""

    CODE = "from dopejar_tracing.cli import main\nimport sys\nsys.exit(main(['view', *{arguments}]))"

    def terminal(self, cwd: Path, *arguments: str, **variables: str) -> Terminal:
        """The command on a terminal of 10 rows."""
        env = {"PAGER": "less", "LESS": "FRX", **ON_TERMINAL, **variables}
        return Terminal(self.CODE.format(arguments=list(arguments)), cwd, rows=10, columns=80, env=env)

    def test_long(self, trace: Path) -> None:
        """What does not fit goes through the pager, with colours; leaving it is no error."""
        with self.terminal(trace.parent) as terminal:
            terminal.until(lambda: ":" in terminal.shown.splitlines()[-1])
            assert b"\x1b[36m[alt]" in terminal.raw
            terminal.type("q")
            assert terminal.ended() == 0

    def test_short(self, trace: Path) -> None:
        """What fits stands there, and that is all."""
        with self.terminal(trace.parent, "--hrm", "lrn") as terminal:
            assert terminal.ended() == 0
            assert "pattern_match" in terminal.shown

    @pytest.mark.parametrize(
        ("arguments", "variables"),
        [(["--no-pager"], {}), ([], {"PAGER": "cat"}), ([], {"PAGER": ""}), ([], {"PAGER": "no-such-pager"}),
         ([], {"DOPEJAR_PAGER": "cat"}), ([], {"PAGER": "less 'unclosed"})],
    )  # fmt: skip
    def test_none(self, trace: Path, arguments: list[str], variables: dict[str, str]) -> None:
        """Without a pager it is written as it is."""
        with self.terminal(trace.parent, *arguments, **variables) as terminal:
            assert terminal.ended() == 0
            assert "[alt] transition" in terminal.text
            assert "still open" in terminal.shown

    def test_interrupted(self, tmp_path: Path) -> None:
        """Ctrl-C while the pager is open is the pager's; the command ends with it, as 130, without a word."""
        write(tmp_path / "trace.jsonl", [event(f"alt_1768312800_{at:08x}") for at in range(100_000)])
        with self.terminal(tmp_path) as terminal:
            terminal.until(lambda: ":" in terminal.shown.splitlines()[-1])
            terminal.type("\x03")
            while not terminal.reaped():  # less forgets what was typed before it heard of Ctrl-C
                terminal.type("q")
                terminal.watch(0.2)
            assert terminal.ended() in {0, 130}
            assert "Traceback" not in terminal.text


class TestFollow:
    """`--follow`."""

    @pytest.fixture
    def following(self, trace: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
        """Starts the command, into a file."""
        started: list[subprocess.Popen[bytes]] = []

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            with (trace.parent / "out").open("wb") as out:
                process = subprocess.Popen(
                    [sys.executable, "-c", HEARS_CTRL_C, "view", "--follow", *arguments],
                    cwd=trace.parent, env=clean_environment(), stdout=out, stderr=subprocess.PIPE,
                )  # fmt: skip
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()
            process.communicate()

    def append(self, path: Path, *events: TraceEvent) -> None:
        """More lines."""
        with path.open("ab") as file:
            file.write(b"".join(line(one) + b"\n" for one in events))

    def test_pipe(self, trace: Path, following: Callable[..., subprocess.Popen[bytes]]) -> None:
        """What is there, then each tree when it is whole, and what is not at the end; Ctrl-C ends it."""
        out = trace.parent / "out"
        process = following("--last", "3")
        wait_until(lambda: b"classify" in out.read_bytes(), 60)
        assert b"transition" not in out.read_bytes()
        self.append(trace, event("foc_9_aaaa", "alt_9_aaaa", 9_000_000, operation="child"))
        self.append(trace, event("mem_9_bbbb", "alt_9_bbbb", 9_000_000, operation="open"))
        self.append(trace, event("alt_9_aaaa", None, 8_000_000, operation="later"))
        wait_until(lambda: b"later" in out.read_bytes(), 60)
        assert out.read_text("utf-8").endswith("[alt] later\n  └─[foc] child\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
        rest = out.read_text("utf-8").partition("child\n")[2]
        assert rest == (
            "[sys] … (no line yet of sys_1768312803_o5p6)\n  └─[alt] plan: still open (1ms)\n"
            "[alt] … (no line yet of alt_9_bbbb)\n  └─[mem] open\n"
        )

    @pytest.mark.parametrize("option", ["--flat", "--json"])
    def test_rows(self, trace: Path, following: Callable[..., subprocess.Popen[bytes]], option: str) -> None:
        """Rows come as they come, through rotation and re-creation, only those that are looked for."""
        out = trace.parent / "out"
        following(option, "--status", "error")
        wait_until(lambda: b"altitude.plan" in out.read_bytes(), 60)
        trace.rename(trace.with_name("trace.jsonl.20260114T140000.000000"))
        self.append(trace, event("alt_9_aaaa", status="error", input_summary="after rotation"))
        wait_until(lambda: b"after rotation" in out.read_bytes(), 60)
        trace.unlink()
        self.append(trace, event("alt_9_aaab", input_summary="no error"))
        self.append(trace, event("alt_9_aaac", status="error", input_summary="made again"))
        wait_until(lambda: b"made again" in out.read_bytes(), 60)
        rows = out.read_bytes().splitlines()
        assert len(rows) == 3 + (option == "--flat")
        assert b"no error" not in out.read_bytes()

    def test_terminal(self, trace: Path) -> None:
        """Children of an open span stand under a placeholder, which is filled in when its line comes."""
        code = (
            "from dopejar_tracing.cli import main\nimport sys\nsys.exit(main(['view', '-f', '--last', '1']))"
        )
        with Terminal(code, trace.parent, env={"DOPEJAR_TRACE_OUTPUT": ""}) as terminal:
            terminal.until("no line yet of sys_1768312803_o5p6").until("still open")
            self.append(trace, event("foc_9_aaaa", "alt_1768312803_m3n5", 3_100_000, operation="gate_check"))
            terminal.until("no line yet of alt_1768312803_m3n5")
            self.append(
                trace, event("alt_1768312803_m3n5", "sys_1768312803_o5p6", 3_050_000, operation="act")
            )
            terminal.until(lambda: "act" in terminal.shown and "m3n5" not in terminal.shown)
            self.append(
                trace, event("sys_1768312803_o5p6", None, 2_000_000, operation="session", duration_ms=9000)
            )
            terminal.until("session")
            terminal.shows("view/followed")
            terminal.type("\x03")
            assert terminal.ended() == 130
            terminal.shows("view/followed-end", whole=True)

    def test_not_there_yet(self, tmp_path: Path, following: Callable[..., subprocess.Popen[bytes]]) -> None:
        """A file that does not exist yet is waited for."""
        following("later.jsonl")
        self.append(tmp_path / "later.jsonl", *EVENTS[:3])
        wait_until(lambda: b"transition" in (tmp_path / "out").read_bytes(), 60)

    def test_standard_input(self, tmp_path: Path) -> None:
        """From a pipe, trees come when they are whole, and it ends with the pipe."""
        process = subprocess.Popen(
            [sys.executable, "-m", "dopejar_tracing", "view", "--follow", "-"],
            cwd=tmp_path, env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for one in EVENTS[:3]:
            process.stdin.write(line(one) + b"\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"[alt] transition")
        rest, _ = process.communicate(line(EVENTS[-1]) + b"\n", timeout=300)
        assert rest.decode().splitlines()[-1] == "  └─[alt] plan: still open (1ms)"
        assert process.returncode == 0

    def test_reader_gone(self, trace: Path) -> None:
        """It ends when nobody reads it any more, although nothing comes."""
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m dopejar_tracing view -f | head -1"],
            cwd=trace.parent, env=clean_environment(), capture_output=True, timeout=300,
        )  # fmt: skip
        assert done.stdout.startswith(b"[alt] transition")
        assert done.stderr == b""


class TestCompletion:
    """`dopejar-trace completion`."""

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_source(self, shell: str) -> None:
        """What the shell reads names the command."""
        done = subprocess.run(
            [sys.executable, "-m", "dopejar_tracing", "completion", shell],
            env=clean_environment(), capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0
        assert "_DOPEJAR_TRACE_COMPLETE" in done.stdout

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            (["vi"], ["plain,view"]),
            (["view", "--hrm", "alt,f"], ["plain,alt,focus"]),
            (["view", "--status", ""], ["plain,success", "plain,error", "plain,blocked"]),
            (["view", "--operation", "gate"], ["plain,gate_check"]),
            (["view", "--lon"], ["plain,--longer-than"]),
            (["view", ""], ["file,"]),
        ],
    )
    def test_words(self, typed: list[str], expected: list[str]) -> None:
        """Commands, options, layers, the last of several values, files."""
        variables = {
            "_DOPEJAR_TRACE_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["dopejar-trace", *typed]),
            "COMP_CWORD": str(len(typed)),
        }
        done = subprocess.run(
            [sys.executable, "-m", "dopejar_tracing"],
            env=clean_environment(variables), capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.stdout.splitlines() == expected
