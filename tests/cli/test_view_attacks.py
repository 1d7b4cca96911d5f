"""dopejar-trace view, under attack: each of these was a fault."""

from __future__ import annotations

import gzip
import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import clean_environment
from terminal import Terminal
from traces import event, line, write

ROOT = event("alt_1768312800_aaaa", input_summary="root")
CHILD = event("mem_1768312800_bbbb", "alt_1768312800_aaaa", at=1, input_summary="child")


def view(cwd: Path, *arguments: str, shell: str = "", **variables: str) -> tuple[int, list[str], str]:
    """Its exit status, the lines of stdout, and stderr."""
    command = [sys.executable, "-m", "dopejar_tracing", "view", "--utc", *arguments]
    if shell:
        command = ["sh", "-c", f'"$@" {shell}', "sh", *command]
    done = subprocess.run(
        command, cwd=cwd, env=clean_environment(variables), capture_output=True, timeout=300, check=False
    )
    return done.returncode, done.stdout.decode(errors="replace").splitlines(), done.stderr.decode()


def raw(one: Any, **changes: Any) -> str:
    """A line with something in it that we would not write."""
    return json.dumps({**json.loads(line(one)), **changes})


def test_last_finds_an_earlier_parent(tmp_path: Path) -> None:
    """With --last, the parent's line may stand before its child's."""
    write(tmp_path / "t", [ROOT, CHILD])
    assert view(tmp_path, "--last", "1", "t")[1] == ["[alt] plan: root", "  └─[mem] plan: child"]


def test_last_of_a_request(tmp_path: Path) -> None:
    """More than there are is all."""
    write(tmp_path / "t", [CHILD, ROOT])
    assert len(view(tmp_path, "--trace-id", ROOT.trace_id, "--last", "3", "--json", "t")[1]) == 2


def test_last_is_no_more(tmp_path: Path) -> None:
    """IDs that come again do not make it more; what only looks like a line of ours does not make it less."""
    foreign = [{"trace_id": f"x{at}", "timestamp": "2026-01-13T15:00:00Z"} for at in range(3)]
    lines = [line(event(at=at)).decode() for at in range(4)] + [json.dumps(each) for each in foreign]
    (tmp_path / "t").write_text("\n".join(lines) + "\n")
    assert view(tmp_path, "--last", "2", "--json", "t")[1] == lines[2:4]


def test_last_with_context(tmp_path: Path) -> None:
    """What hangs below may stand in any block."""
    write(
        tmp_path / "t", [*(event(f"mem_1768312800_{at:04d}", ROOT.trace_id, at) for at in range(2000)), ROOT]
    )
    assert len(view(tmp_path, "--last", "1", "--context", "t")[1]) == 2001


def test_nested_ids(tmp_path: Path) -> None:
    """A span that is above one that was asked for, and below another."""
    ids = [f"alt_1768312800_{name * 4}" for name in "abcd"]
    write(
        tmp_path / "t",
        [event(own, above, at) for at, (own, above) in enumerate(zip(ids, [None, *ids[:-1]], strict=True))],
    )
    assert len(view(tmp_path, "--trace-id", ids[0], "--trace-id", ids[3], "--json", "t")[1]) == 4


def test_foreign_line_with_the_id(tmp_path: Path) -> None:
    """Other JSON that carries a parent's ID is not that parent."""
    foreign = [json.dumps({"trace_id": ROOT.trace_id, "event": "x"})]
    text = [*foreign, line(ROOT).decode(), line(CHILD).decode()]
    (tmp_path / "t").write_text("\n".join(text) + "\n")
    status, out, err = view(tmp_path, "--hrm", "mem", "t")
    assert (status, out) == (0, ["[alt] plan: root", "  └─[mem] plan: child"])
    assert err.startswith("t: 1 bad line skipped")


def test_late_child_of_a_deep_tree(tmp_path: Path) -> None:
    """Its parents are shown once more, however many they are."""
    chain = [f"mem_1768312800_{at:04d}" for at in range(2000)]
    deep = [
        event(own, above, at) for at, (own, above) in enumerate(zip(chain, [None, *chain[:-1]], strict=True))
    ]
    others = [event(f"foc_1768312801_{at:05d}", at=at) for at in range(12_500)]
    write(tmp_path / "t", [*reversed(deep), *others, event("sys_1768312899_zzzz", chain[-1], 9)])
    assert view(tmp_path, "t")[0] == 0


@pytest.mark.parametrize("value", ['{"n": [99999999999999999999999]}', f'{{"n": {"[" * 300}{"]" * 300}}}'])
def test_grep_reads_all(tmp_path: Path, value: str) -> None:
    """What orjson cannot write is no reason to end."""
    (tmp_path / "t").write_text(raw(ROOT).replace('"metadata": {}', f'"metadata": {value}') + "\n")
    assert view(tmp_path, "--grep", "root", "t")[0] == 0


@pytest.mark.parametrize("pattern", ["a{99999999999999999999}", "(" * 3000 + ")" * 3000])
def test_odd_patterns(tmp_path: Path, pattern: str) -> None:
    """A pattern that Python does not take is wrong usage."""
    write(tmp_path / "t", [ROOT])
    for arguments in (["--grep", pattern], ["--where", f'matches(input, "{pattern}")']):
        status, _, err = view(tmp_path, *arguments, "t")
        assert (status, "Traceback" in err) == (2, False)
    assert view(tmp_path, "--grep", "[[r]oot", "t")[::2] == (0, "")


@pytest.mark.parametrize(
    ("shell", "status", "said"),
    [
        (">&-", 0, ""), ("<&-", 0, ""), ("2>&-", 0, ""), ("--follow >/dev/full", 2, "No space left"),
        (">/dev/full", 2, "standard output: No space left on device\n"),
        ("--help >/dev/full", 2, "standard output: No space left on device\n"),
    ],
)  # fmt: skip
def test_streams(tmp_path: Path, shell: str, status: int, said: str) -> None:
    """Closed or full streams."""
    write(tmp_path / "t", [ROOT])
    code, _, err = view(tmp_path, "t", shell=shell)
    assert (code, "Traceback" in err) == (status, False)
    assert said in err


def test_other_timestamps(tmp_path: Path) -> None:
    """A space for the T, and other zones, are in their place."""
    times = ["2026-01-13 14:00:00.000000+00:00", "2026-01-13T16:00:01+02:00", "2026-01-13T15:00:00"]
    events = [raw(event(f"alt_1768312800_000{at}"), timestamp=text) for at, text in enumerate(times)]
    (tmp_path / "t").write_text("\n".join(events[::-1]) + "\n")
    out = view(tmp_path, "--ids", "--since", "2026-01-13T13:00:00Z", "t")[1]
    assert [row[-1] for row in out] == ["0", "1", "2"]


def test_bad_text_on_a_terminal(tmp_path: Path) -> None:
    """A key that is not ours may hold anything."""
    (tmp_path / "t").write_bytes(raw(ROOT, extra="@@").encode().replace(b"@@", b"\xff") + b"\n")
    code = """
import sys
from dopejar_tracing.cli import main
sys.exit(main(["view", "--json", "--no-pager", "t"]))
"""
    with Terminal(code, tmp_path) as terminal:
        assert terminal.ended() == 0


def test_torn_gzip(tmp_path: Path) -> None:
    """What stands before the damage is read to its last line."""
    packed = gzip.compress(b"".join(line(event(at=at)) + b"\n" for at in range(3000)), mtime=0)
    (tmp_path / "t.gz").write_bytes(packed[: len(packed) // 2])
    assert len(view(tmp_path, "--json", "t.gz")[1]) > 1000


def test_many_fat_lines(tmp_path: Path) -> None:
    """What waits is limited in bytes, too."""
    fat = (event(f"mem_1768312800_{at:04d}", at=at, metadata={"x": "y" * 64_000}) for at in range(3000))
    write(tmp_path / "t", fat)
    code = (
        "import re, sys; from dopejar_tracing.cli import main; main(['view', 't'])\n"
        "most = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())\n"
        "sys.exit(int(most[1]) > 120_000)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0


def test_long_circle(tmp_path: Path) -> None:
    """Takes seconds, as other trees do; it took minutes."""
    ids = [f"mem_1768312801_{at:05d}" for at in range(20_000)]
    write(tmp_path / "t", [event(own, ids[at - 1], at) for at, own in enumerate(ids)])
    assert view(tmp_path, "t")[0] == view(tmp_path, "--trace-id", ids[9], "t")[0] == 0


def test_rotated_while_it_is_read(tmp_path: Path) -> None:
    """The file that was there is the one that is read."""
    path = tmp_path / "t"
    write(
        tmp_path / "t.20260113T140000.000000",
        [event(f"mem_1768312800_{at:05d}", at=at) for at in range(9000)],
    )
    write(path, [ROOT])
    command = [sys.executable, "-m", "dopejar_tracing", "view", "--json", "t"]
    with subprocess.Popen(command, cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(100)
        path.rename(tmp_path / "t.20260114T140000.000000")
        assert b'"root"' in process.stdout.read()


def test_shown_before_the_end(tmp_path: Path) -> None:
    """What is found stands there while the rest is still to come."""
    command = [sys.executable, "-m", "dopejar_tracing", "view", "--json", "-"]
    env = clean_environment({"PYTHONUNBUFFERED": ""})
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line(ROOT) + b"\n")
        process.stdin.flush()
        came = select.select([process.stdout], [], [], 60)[0]
        process.stdin.close()
        assert came


def test_follow_one_request(tmp_path: Path) -> None:
    """With --follow, --trace-id shows that request alone; as rows it cannot, as children come first."""
    write(tmp_path / "t", [CHILD, ROOT, event("sys_1768312800_zzzz")])
    status, out, _ = view(tmp_path, "--follow", "--trace-id", ROOT.trace_id, "-", shell="<t")
    assert (status, out) == (0, ["[alt] plan: root", "  └─[mem] plan: child"])
    status, out, _ = view(tmp_path, "--follow", "--trace-id", CHILD.trace_id, "-", shell="<t")
    assert (status, len(out)) == (0, 2)
    assert view(tmp_path, "--follow", "--flat", "--trace-id", "x", "t")[0] == 2


def test_a_file_called_dash(tmp_path: Path) -> None:
    """./- is a file, - is standard input."""
    write(tmp_path / "-", [ROOT])
    assert view(tmp_path, "./-", shell="</dev/null")[1] == ["[alt] plan: root"]
