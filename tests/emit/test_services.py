"""Chains across services: what goes out in headers, and what comes in."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from helpers import Line, by_operation, clean_environment, read_lines, run_python
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dopejar_tracing import (
    bind_trace,
    carry,
    child_environment,
    configure,
    current_span,
    current_trace_id,
    get_logger,
    shutdown,
    trace_event,
)
from dopejar_tracing.emit.services import extract, inject
from dopejar_tracing.model.w3c import parent_id_of, trace_id_of

TRACE = "12345678901234567890123456789012"
FOREIGN = f"00-{TRACE}-1234567890123456-01"
UPSTREAM = "alt_1705180800_a3f2b7c1"
OURS = {"traceparent": FOREIGN, "tracestate": f"rojo=1,dopejar={UPSTREAM},congo=2"}

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
MEMBER = r"[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
TRACESTATE = re.compile(rf"{MEMBER}(,{MEMBER}){{0,31}}")

Read = Callable[[], dict[str, Line]]


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Read]:
    """Tracing into a file; the fixture reads what is in it, by operation. Parents may be elsewhere."""
    path = tmp_path / "trace.jsonl"
    configure(enabled=True, output=path, console="never")
    yield lambda: by_operation(json.loads(text) for text in path.read_text("utf-8").splitlines())
    shutdown()


def sent() -> dict[str, str]:
    """What would go out from here."""
    return inject({})


class TestInject:
    """inject()."""

    def test_open_span(self, found: Read) -> None:
        """Our ID goes out as it is, and hashed: the root's as trace-id, the span's own as parent-id."""
        with bind_trace("focus", "root") as root:
            chain = trace_id_of(str(root.trace_id))
            assert sent() == {
                "traceparent": f"00-{chain}-{parent_id_of(str(root.trace_id))}-01",
                "tracestate": f"dopejar={root.trace_id}",
            }
            with bind_trace("memory", "inner") as inner:
                assert sent() == {
                    "traceparent": f"00-{chain}-{parent_id_of(str(inner.trace_id))}-01",
                    "tracestate": f"dopejar={inner.trace_id}",
                }

    def test_one_chain_one_trace_id(self, found: Read) -> None:
        """The trace-id stays that of the root, also when the root has ended before its tasks."""

        async def main() -> tuple[str, str]:
            async def late() -> str:
                await left.wait()
                with bind_trace("memory", "late"):
                    return sent()["traceparent"]

            left = asyncio.Event()
            with bind_trace("focus", "root"), bind_trace("focus", "between"):
                before = sent()["traceparent"]

                async def task() -> str:
                    with bind_trace("memory", "task"):
                        return await late()

                running = asyncio.create_task(task())
                await asyncio.sleep(0)
            left.set()
            return before, await running

        before, after = asyncio.run(main())
        assert before.split("-")[1] == after.split("-")[1]

    def test_nothing_to_say(self, found: Read) -> None:
        """Outside any span nothing is written, and what the application has put there stays."""
        assert inject({"traceparent": "mine"}) == {"traceparent": "mine"}

    def test_disabled(self) -> None:
        """While tracing is off nothing is written."""
        configure(enabled=False)
        with extract(OURS), bind_trace("sys", "x"):
            assert sent() == {}

    def test_below_the_level(self, found: Read) -> None:
        """A span that is not recorded is not named: the nearest one that is, is."""
        with bind_trace("focus", "root") as root, bind_trace("focus", "quiet", level="debug"):
            assert sent()["tracestate"] == f"dopejar={root.trace_id}"

    def test_replaces(self, found: Read) -> None:
        """What stood under the names goes, in whatever case; all else stays."""
        stale = {"TraceParent": FOREIGN, "traceparent": FOREIGN, "TRACESTATE": "a=1", "Accept": "*/*"}
        with bind_trace("focus", "root"):
            headers = dict(stale)
            assert inject(headers) is headers
            assert headers == {"Accept": "*/*", **sent()}
            pairs = list(stale.items())
            assert inject(pairs) is pairs
            assert pairs == [("Accept", "*/*"), *sent().items()]
            raw = [(name.encode(), value.encode()) for name, value in stale.items()]
            assert inject(raw)[1:] == [(name.encode(), value.encode()) for name, value in sent().items()]

    def test_several_values(self, found: Read) -> None:
        """In a mapping that holds several values for one name, there is one afterwards."""
        message = Message()
        for _ in range(2):
            message["traceparent"] = message["Tracestate"] = "stale"
        with bind_trace("focus", "root"):
            inject(message)  # type: ignore[type-var]  # it is no MutableMapping, but acts like one
            assert dict(message.items()) == sent()
            assert len(message.items()) == 2

    @pytest.mark.parametrize("headers", [None, 3, "text", (), object(), [1], [("a", "b", "c")], type])
    def test_anything(self, found: Read, headers: Any, capsys: pytest.CaptureFixture[str]) -> None:
        """What nothing can be written to is left as it is."""
        with bind_trace("focus", "root"):
            assert inject(headers) is headers

    def test_process_started_by_another(self, tmp_path: Path) -> None:
        """A process that has a parent names it, with or without a span of its own."""
        code = """
import dopejar_tracing as t
from dopejar_tracing.emit.services import inject
outside = inject({})
with t.bind_trace("sys", "x"):
    inside = inject({})
print(outside["tracestate"], outside["traceparent"][:35] == inside["traceparent"][:35])
"""
        configure(enabled=True, output=None, console="never")
        with bind_trace("focus", "root") as root:
            done = run_python(
                code, tmp_path, env={k: v for k, v in child_environment().items() if "DOPEJAR" in k}
            )
        assert done.stdout.split() == [f"dopejar={root.trace_id}", "True"]


class TestExtract:
    """extract()."""

    def test_parent(self, found: Read) -> None:
        """Roots, events and lines inside hang under the span upstream; what they enclose, under them."""
        with extract(OURS) as remote:
            assert remote.parent_id == current_trace_id() == UPSTREAM
            assert remote.foreign == {}
            trace_event("memory", "event")
            get_logger().info("line")
            with bind_trace("focus", "root") as root:
                trace_event("memory", "inner")
        trace_event("memory", "after")
        lines = found()
        assert {lines[name]["parent_id"] for name in ("event", "log", "root")} == {UPSTREAM}
        assert lines["log"]["hrm_layer"] == "system"
        assert lines["inner"]["parent_id"] == root.trace_id
        assert lines["after"]["parent_id"] is None

    def test_async(self, found: Read) -> None:
        """`async with` does the same, and the parent goes into tasks, also those that outlive the block."""

        async def main() -> None:
            async with extract(OURS):
                await asyncio.to_thread(trace_event, "memory", "thread")
                task = asyncio.create_task(asyncio.to_thread(trace_event, "memory", "task"))
            await task

        asyncio.run(main())
        assert {found()[name]["parent_id"] for name in ("thread", "task")} == {UPSTREAM}

    def test_innermost(self, found: Read) -> None:
        """Of a span and a remote parent, whichever was opened last is the parent."""
        with bind_trace("focus", "serve") as serve:
            with extract(OURS):
                trace_event("memory", "inside")
            trace_event("memory", "outside")
        assert found()["inside"]["parent_id"] == UPSTREAM
        assert found()["outside"]["parent_id"] == serve.trace_id

    @pytest.mark.parametrize("headers", [OURS, {"traceparent": FOREIGN}])
    def test_read_twice(self, found: Read, headers: dict[str, str]) -> None:
        """A handler that reads what a middleware around has read stays under the middleware's span."""
        with extract(headers), bind_trace("focus", "outer") as outer, extract(dict(headers)):
            assert current_trace_id() == outer.trace_id
            with bind_trace("focus", "inner"):
                assert sent()["traceparent"].split("-")[1] == TRACE
            with extract({**OURS, "tracestate": f"dopejar={UPSTREAM}9"}):
                assert current_trace_id() == f"{UPSTREAM}9"
            assert current_trace_id() == outer.trace_id
        assert current_trace_id() is None
        assert found()["inner"]["parent_id"] == outer.trace_id

    @pytest.mark.parametrize(
        "headers",
        [
            OURS,
            {"TraceParent": OURS["traceparent"], "TRACESTATE": OURS["tracestate"]},
            list(OURS.items()),
            iter(OURS.items()),
            [(name.encode(), value.encode()) for name, value in OURS.items()],
            {name.title().encode(): bytearray(value.encode()) for name, value in OURS.items()},
            [*OURS.items(), ("TraceState", "third=3")],
            [("x", None), (None, "x"), (3, object()), *OURS.items()],
            {**OURS, "traceparent": f"cc-{TRACE}-1234567890123456-01-more"},
            {**OURS, "traceparent": f"00-{'9' * 32}-{'8' * 16}-00"},
        ],
    )
    def test_kinds(self, found: Read, headers: Any) -> None:
        """Mappings and pairs, text and bytes, any case: the ID is found, whoever wrote the traceparent."""
        with extract(headers):
            assert current_trace_id() == UPSTREAM

    @pytest.mark.parametrize(
        "headers",
        [
            {"tracestate": OURS["tracestate"]},
            {**OURS, "traceparent": "nonsense"},
            {**OURS, "traceparent": FOREIGN.replace("00-", "ff-")},
            [("traceparent", FOREIGN), ("TraceParent", FOREIGN), ("tracestate", OURS["tracestate"])],
            [OURS],
            {},
        ],
    )
    def test_no_traceparent(self, found: Read, headers: Any) -> None:
        """Without one valid traceparent nothing is taken, and the block changes nothing."""
        with bind_trace("focus", "outer") as outer, extract(headers) as remote:
            assert current_trace_id() == outer.trace_id
            assert (remote.parent_id, remote.traceparent, remote.tracestate) == (None, None, ())

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "x",
            "alt_1_\x1b[2J",
            "alt_1705180800_a3f2b7c1 x",
            " alt_1705180800_a3f2",
            "alt_01_a3f2",
            "ALT_1_a3f2",
        ],
    )
    def test_odd_id(self, found: Read, value: str) -> None:
        """What is no ID of ours is ignored; the trace-id goes on all the same."""
        with extract({"traceparent": FOREIGN, "tracestate": f"dopejar={value}"}):
            assert current_trace_id() is None
            with bind_trace("focus", "root") as root:
                assert root.parent_id is None
                assert sent()["traceparent"].split("-")[1] == TRACE
                assert sent()["tracestate"] == f"dopejar={root.trace_id}"

    def test_foreign(self, found: Read) -> None:
        """A chain that none of ours has begun is continued: a root here, the same trace-id for the next."""
        with extract({"traceparent": FOREIGN[:-1] + "3", "tracestate": "rojo=1"}) as remote:
            assert remote.foreign == {"traceparent": FOREIGN[:-1] + "3"}
            trace_event("memory", "event")
            with bind_trace("focus", "root", metadata=remote.foreign) as root:
                own = root.trace_id or ""
                # Level 2: the flag that says that the trace-id is random goes on with it.
                assert sent()["traceparent"] == f"00-{TRACE}-{parent_id_of(own)}-03"
                assert sent()["tracestate"] == f"dopejar={own},rojo=1"
        assert found()["root"]["parent_id"] is None
        assert found()["event"]["parent_id"] is None
        assert found()["root"]["metadata"]["traceparent"] == FOREIGN[:-1] + "3"  # and no secret

    def test_foreign_inside_a_span(self, found: Read) -> None:
        """With a span around, that span stays the parent, and is what goes out under the foreign trace-id."""
        with bind_trace("focus", "outer") as outer, extract({"traceparent": FOREIGN}):
            get_logger().info("line")
            assert sent()["tracestate"] == f"dopejar={outer.trace_id}"
            assert sent()["traceparent"].split("-")[1] == TRACE
        assert found()["log"]["parent_id"] == outer.trace_id
        assert found()["log"]["hrm_layer"] == "focus"

    def test_foreign_in_a_child_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A process that was started under a span keeps that one as the parent of its roots."""
        monkeypatch.setenv("DOPEJAR_TRACE_PARENT", UPSTREAM)
        configure(enabled=True, output=None, console="never")
        with extract({"traceparent": FOREIGN}), bind_trace("focus", "root") as root:
            assert root.parent_id == UPSTREAM

    @pytest.mark.parametrize(
        "headers", [OURS, {"traceparent": FOREIGN, "tracestate": "a=1"}, {"traceparent": FOREIGN}]
    )
    def test_passed_on(self, found: Read, headers: dict[str, str]) -> None:
        """While no span is open here, what came in goes out unchanged."""
        with extract(headers):
            assert sent() == headers
        assert sent() == {}

    def test_ours_among_others(self, found: Read) -> None:
        """Our member moves to the front, once; the others follow in their order, 31 at most."""
        others = ",".join(f"k{place}=1" for place in range(31))
        state = f"{others},dopejar={UPSTREAM}"
        with extract({"traceparent": FOREIGN, "tracestate": state}), bind_trace("focus", "root") as root:
            assert sent()["tracestate"] == f"dopejar={root.trace_id},{others}"
        with (
            extract({"traceparent": FOREIGN, "tracestate": f"{others},last=1"}),
            bind_trace("focus", "x") as root,
        ):
            assert sent()["tracestate"] == f"dopejar={root.trace_id},{others}"

    def test_disabled(self) -> None:
        """While tracing is off it is a block like any other."""
        configure(enabled=False)
        with extract(OURS) as remote:
            assert (remote.parent_id, current_trace_id()) == (None, None)

    def test_current_span(self, found: Read) -> None:
        """The span upstream is not ours to speak for: the current span is the null span."""
        with extract(OURS):
            assert not current_span()
            current_span().set_output("x", y=1)
            current_span().block()
        trace_event("memory", "event")
        assert list(found()) == ["event"]

    def test_exceptions(self, found: Read) -> None:
        """What is raised inside goes on, and the parent is gone."""
        with pytest.raises(KeyError), extract(OURS):
            raise KeyError
        assert current_trace_id() is None

    @pytest.mark.parametrize(
        "headers", [None, 3, "text", b"x", object(), [1], [("a", "b", "c")], type, Iterator]
    )
    def test_anything(self, found: Read, headers: Any) -> None:
        """What is no headers at all has no parent in it."""
        with extract(headers):
            assert current_trace_id() is None

    def test_hostile(self, found: Read) -> None:
        """Headers that raise, never end, or claim to be what they are not, do no harm."""

        class Raises(dict[str, str]):
            def items(self) -> Any:
                raise SystemExit

            def keys(self) -> Any:
                raise ValueError

        class Text(str):
            __slots__ = ()

            def lower(self) -> str:
                raise ValueError

        def endless() -> Iterator[tuple[str, str]]:
            while True:
                yield "x", "y"

        with extract(Raises()), extract(endless()), bind_trace("focus", "root"):
            assert inject(Raises()) == {}
        with extract({Text("traceparent"): FOREIGN, "tracestate": Text(f"dopejar={UPSTREAM}")}):
            assert current_trace_id() == UPSTREAM

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["traceparent", "tracestate", "TraceState", "x"]),
                st.text() | st.binary() | st.just(FOREIGN) | st.from_regex(MEMBER, fullmatch=True),
            ),
            max_size=8,
        )
    )
    @example([("traceparent", FOREIGN), ("tracestate", ",".join(f"k{n}={'x' * 140}" for n in range(32)))])
    def test_round_trip(self, found: Read, headers: Any) -> None:
        """Whatever comes in, nothing raises, what goes out is valid, and the next service finds the span."""
        with extract(headers):
            passed = sent()
            with bind_trace("focus", "root") as root:
                out = sent()
        assert not passed or TRACEPARENT.fullmatch(passed["traceparent"])
        assert "tracestate" not in passed or TRACESTATE.fullmatch(passed["tracestate"])
        assert TRACEPARENT.fullmatch(out["traceparent"])
        assert TRACESTATE.fullmatch(out["tracestate"])
        assert len(out["tracestate"]) <= 512
        with extract(out) as remote:
            assert remote.parent_id == root.trace_id


class TestWhere:
    """Where the remote parent goes, and where not."""

    def test_thread(self, found: Read) -> None:
        """A carried function keeps it, also when it runs after the block: the span upstream has not ended."""
        with extract(OURS):
            carried = carry(trace_event)
        thread = threading.Thread(target=carried, args=("memory", "event"))
        thread.start()
        thread.join()
        assert found()["event"]["parent_id"] == UPSTREAM

    def test_fork(self, found: Read) -> None:
        """A forked child keeps it; and a span around it is still its parent's to write."""
        with bind_trace("focus", "outer"), extract(OURS):
            child = os.fork()
            if child == 0:
                with bind_trace("memory", "child"):
                    pass
                shutdown()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        assert found()["child"]["parent_id"] == UPSTREAM
        text = Path("trace.jsonl").read_text()
        assert text.count('"operation":"outer"') == 1

    def test_shutdown(self, found: Read) -> None:
        """It is never recorded, nor taken for a span that was left open."""
        with extract(OURS):
            shutdown()
            configure(enabled=True, output="trace.jsonl", console="never")
            trace_event("memory", "event")
        assert list(found()) == ["event"]

    def test_generator(self, found: Read) -> None:
        """A traced generator keeps it to itself, and one that is left elsewhere does not leave it behind."""

        @bind_trace("focus", "generator")
        def traced() -> Iterator[None]:
            with extract(OURS):
                yield
                trace_event("memory", "inside")

        for _ in traced():
            assert current_trace_id() is None
        assert found()["inside"]["parent_id"] == UPSTREAM

        def plain() -> Generator[None, None, None]:
            with extract(OURS):
                yield

        generator = plain()
        next(generator)
        thread = threading.Thread(target=generator.close)
        thread.start()
        thread.join()
        assert current_trace_id() is None

    def test_entered_again(self, found: Read) -> None:
        """One object may be entered twice, and by several threads at once."""
        remote = extract(OURS)
        barrier = threading.Barrier(4)

        def work() -> None:
            for _ in range(50):
                barrier.wait()
                with remote:
                    assert current_trace_id() == UPSTREAM
                    with remote:
                        assert current_trace_id() == UPSTREAM
                    assert current_trace_id() == UPSTREAM
                    with bind_trace("focus", "x") as span, remote:
                        assert current_trace_id() == span.trace_id
                assert current_trace_id() is None

            done.append(True)

        done: list[bool] = []
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == [True] * 4
        assert remote.entered == []

    def test_chain_of_tasks(self, found: Read) -> None:
        """A consumer that starts its next task inside each message does not keep all messages."""

        async def consume(left: int) -> None:
            with extract(OURS), bind_trace("focus", "message"):
                pass
            with extract(OURS):
                if left:
                    following.append(asyncio.create_task(consume(left - 1)))

        following: list[asyncio.Task[None]] = []

        def alive() -> int:
            gc.collect()
            return sum(type(thing).__name__ == "RemoteSpan" for thing in gc.get_objects())

        async def main() -> int:
            before = alive()
            await consume(50)
            while following:
                await following.pop()
            return alive() - before

        assert asyncio.run(main()) < 10


SERVER = """
import http.client, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
import dopejar_tracing as t
from dopejar_tracing.emit.services import extract

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.serve()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass

    {serve}

with HTTPServer(("127.0.0.1", 0), Handler) as server:
    print(server.server_port, flush=True)
    server.handle_request()
"""

OURS_LAST = """
    def serve(self):
        with extract(self.headers), t.bind_trace("memory", "last"):
            t.get_logger().info("inside")
"""

FOREIGN_BETWEEN = """
    def serve(self):
        version, trace, parent, flags = self.headers["traceparent"].split("-")
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
        connection.request("GET", "/", headers={
            "TraceParent": "-".join((version, trace, "f" * 16, "00")),
            "TraceState": "rojo=f00, " + self.headers["tracestate"],
        })
        connection.getresponse().read()
        connection.close()
"""

FIRST = """
import http.client, sys
import dopejar_tracing as t
from dopejar_tracing.emit.services import inject

with t.bind_trace("altitude", "first"), t.bind_trace("focus", "call"):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
    connection.request("GET", "/", headers=inject({}))
    connection.getresponse().read()
    connection.close()
"""


class TestProcesses:
    """Three processes."""

    def test_foreign_service_between(self, tmp_path: Path) -> None:
        """A chain through a service that knows nothing of us, and puts itself into both headers, is one."""
        env = clean_environment({"DOPEJAR_TRACE": "1", "DOPEJAR_TRACE_OUTPUT": "trace.jsonl"})
        port = ""
        with ExitStack() as stack:
            for serve in (OURS_LAST, FOREIGN_BETWEEN):
                command = [sys.executable, "-c", SERVER.format(serve=serve.strip()), port]
                server = subprocess.Popen(command, cwd=tmp_path, env=env, text=True, stdout=subprocess.PIPE)
                stack.enter_context(server)
                stack.callback(server.kill)
                assert server.stdout is not None
                port = server.stdout.readline().strip()
            first = subprocess.run([sys.executable, "-c", FIRST, port], cwd=tmp_path, env=env, timeout=300)
            assert first.returncode == 0
        lines = by_operation(read_lines(tmp_path / "trace.jsonl"))
        chain = ["first", "call", "last", "log"]
        assert sorted(lines) == sorted(chain)
        parents = [None, *(lines[name]["trace_id"] for name in chain[:-1])]
        assert [lines[name]["parent_id"] for name in chain] == parents
