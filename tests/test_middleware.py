"""The middlewares: a span for each request, and nothing else changes for anybody."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest
from helpers import Line, wait_until

from dopejar_tracing import asgi, bind_trace, configure, current_trace_id, shutdown, trace_event, wsgi

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

UPSTREAM = "alt_1705180800_a3f2b7c1"
FOREIGN = "00-12345678901234567890123456789012-1234567890123456-01"
OURS = {"traceparent": FOREIGN, "tracestate": f"dopejar={UPSTREAM}"}

Read = Callable[[], list[Line]]
Message = MutableMapping[str, Any]


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Read]:
    """Tracing into a file; the fixture reads what is in it. Parents may be elsewhere."""
    path = tmp_path / "trace.jsonl"
    configure(enabled=True, output=path, console="never")
    yield lambda: [json.loads(text) for text in path.read_text("utf-8").splitlines()] if path.exists() else []
    shutdown()


class Quiet(WSGIRequestHandler):
    """Says nothing on stderr."""

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@contextmanager
def serving(app: WSGIApplication) -> Iterator[Callable[..., tuple[int, bytes]]]:
    """A server in a thread; gives a function that asks it: path, headers → status, body."""
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()

        def ask(path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
            try:
                connection.request("GET", path, headers=headers or {})
                response = connection.getresponse()
                return response.status, response.read()
            finally:
                connection.close()

        try:
            yield ask
        finally:
            server.shutdown()
            thread.join()


def environ_of(**more: object) -> WSGIEnvironment:
    """A request, as PEP 3333 wants it."""
    environ: WSGIEnvironment = {"QUERY_STRING": "", "PATH_INFO": "/", **more}
    setup_testing_defaults(environ)
    return environ


def start_nothing(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
    """A start_response that nobody listens to."""
    return lambda data: None


def answering(status: str) -> WSGIApplication:
    """An application with nothing but a status."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [])
        return []

    return app


def close(body: Any) -> None:
    """What the server does in the end; the type of a body does not have it."""
    body.close()


def only(lines: list[Line], operation: str = "request") -> Line:
    """The one line of that operation."""
    (line,) = (line for line in lines if line["operation"] == operation)
    return line


class TestWsgi:
    """dopejar_tracing.wsgi.TracingMiddleware."""

    def test_served(self, found: Read) -> None:
        """Under a real server: the parent from the headers, method and path in, the status out, no query."""

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            trace_event("memory", "begun")
            start_response("201 Created", [("Content-Type", "text/plain")])
            return [b"a", b"b"]

        with serving(validator(wsgi.TracingMiddleware(validator(app)))) as ask:
            assert ask("/gr%C3%BC%C3%9Fe?token=hunter2", OURS) == (201, b"ab")
            wait_until(lambda: len(found()) == 2)
        request = only(found())
        assert request["parent_id"] == UPSTREAM
        assert (request["hrm_layer"], request["component"]) == ("system", "wsgi.py")
        assert (request["input_summary"], request["output_summary"]) == ("GET /grüße", "201")
        assert request["status"] == "success"
        assert only(found(), "begun")["parent_id"] == request["trace_id"]
        assert "hunter2" not in Path("trace.jsonl").read_text()

    def test_named(self, found: Read) -> None:
        """Layer and operation are as given; a foreign parent is in the metadata."""
        app = wsgi.TracingMiddleware(lambda environ, start_response: [], "focus", "serve")
        close(app(environ_of(HTTP_TRACEPARENT=FOREIGN, SCRIPT_NAME="/app"), start_nothing))
        line = only(found(), "serve")
        assert (line["hrm_layer"], line["parent_id"]) == ("focus", None)
        assert line["input_summary"] == "GET /app/"
        assert line["metadata"]["traceparent"] == FOREIGN

    def test_body(self, found: Read) -> None:
        """The span is current in each step of the body and in its close, never between, and ends then."""
        steps: list[str | None] = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [])
            try:
                for piece in (b"a", b"b"):
                    steps.append(current_trace_id())
                    with bind_trace("memory", "held"):  # open while the server has the piece
                        yield piece
            finally:
                steps.append(current_trace_id())

        with bind_trace("focus", "server") as server:
            body = wsgi.TracingMiddleware(app)(environ_of(), start_nothing)
            for _ in body:
                assert current_trace_id() == server.trace_id
            assert not [line for line in found() if line["operation"] == "request"]
            close(body)
            assert current_trace_id() == server.trace_id
        request = only(found())
        assert request["parent_id"] == server.trace_id
        assert steps == [request["trace_id"]] * 3

    def test_two_at_once(self, found: Read) -> None:
        """A server may take up the bodies of two requests by turns, in any thread."""

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
            for _ in range(3):
                trace_event("memory", "step", input=environ["PATH_INFO"])
                yield b""

        bodies = [wsgi.TracingMiddleware(app)(environ_of(PATH_INFO=f"/{n}"), start_nothing) for n in range(2)]
        for pair in zip(*bodies, strict=True):
            assert pair == (b"", b"")
        for body in bodies:
            thread = threading.Thread(target=close, args=(body,))
            thread.start()
            thread.join()
        requests = {line["trace_id"]: line for line in found() if line["operation"] == "request"}
        for line in found():
            if line["operation"] == "step":
                assert requests[line["parent_id"]]["input_summary"] == f"GET {line['input_summary']}"
        assert len(found()) == 8

    @pytest.mark.parametrize("where", ["call", "body", "close"])
    def test_exception(self, found: Read, where: str) -> None:
        """An exception goes on, the same object, and the span ends in error with it."""
        error = ValueError("so it is")

        class Body:
            def __iter__(self) -> Iterator[bytes]:
                yield b"a"
                if where == "body":
                    raise error

            def close(self) -> None:
                if where == "close":
                    raise error

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])
            if where == "call":
                raise error
            return Body()

        with pytest.raises(ValueError, match="so it is") as caught:  # noqa: PT012 - as a server does it
            body = wsgi.TracingMiddleware(app)(environ_of(), start_nothing)
            try:
                list(body)
            finally:
                close(body)
        assert caught.value is error
        assert current_trace_id() is None
        line = only(found())
        assert (line["status"], line["output_summary"]) == ("error", "200")
        assert (line["metadata"]["error"], line["metadata"]["error_type"]) == ("so it is", "ValueError")

    def test_failed(self, found: Read) -> None:
        """A status from 500 up is an error, one below is none; exc_info is handed on."""
        given: list[Any] = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            try:
                raise KeyError
            except KeyError:
                start_response("503 Busy", [], sys.exc_info())
            return []

        def start(*args: Any) -> Callable[[bytes], object]:
            given.append(args)
            return given.append

        close(wsgi.TracingMiddleware(app)(environ_of(), start))
        assert given[0][2][0] is KeyError
        line = only(found())
        assert (line["status"], line["output_summary"]) == ("error", "503")
        assert line["metadata"]["error"] == "HTTP status 503"

        close(wsgi.TracingMiddleware(answering("404 No"))(environ_of(), start_nothing))
        assert [line["status"] for line in found()] == ["error", "success"]

    def test_write(self, found: Read) -> None:
        """The `write` that start_response gives is the server's own, and keywords are handed on too."""

        def app(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [("Content-Type", "text/plain")], exc_info=None)(b"written ")
            return [b"returned"]

        with serving(wsgi.TracingMiddleware(app)) as ask:
            assert ask("/") == (200, b"written returned")

    @pytest.mark.parametrize("status", ["", "nonsense", "٣", "200"])
    def test_odd_status(self, found: Read, status: str) -> None:
        """What is no status is the server's to complain about."""
        seen: list[object] = []

        def start(*args: Any) -> Any:
            seen.append(args[0])

        app = wsgi.TracingMiddleware(answering(status))
        close(app(environ_of(PATH_INFO="/☃", REQUEST_METHOD="ODD"), start))
        assert seen == [status]
        assert only(found())["input_summary"] == "ODD /?"

    def test_files(self, found: Read, tmp_path: Path) -> None:
        """A file wrapper's body is served, and its file closed."""
        (tmp_path / "file").write_bytes(b"x" * 100_000)
        opened: list[Any] = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])
            opened.append((tmp_path / "file").open("rb"))
            return FileWrapper(opened[0])

        with serving(wsgi.TracingMiddleware(app)) as ask:
            assert ask("/") == (200, b"x" * 100_000)
            wait_until(lambda: opened[0].closed and found())

    def test_disconnected(self, found: Read) -> None:
        """A body that the server breaks off is closed, and the span ends."""
        closed: list[bool] = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [])
            try:
                while True:
                    yield b"x"
            finally:
                closed.append(True)

        body = wsgi.TracingMiddleware(app)(environ_of(), start_nothing)
        assert next(iter(body)) == b"x"
        close(body)
        assert closed == [True]
        assert only(found())["status"] == "success"

    def test_never_closed(self, found: Read) -> None:
        """If somebody around forgets to close the body, the span ends when the body is thrown away."""
        app = wsgi.TracingMiddleware(lambda environ, start_response: [b"x"])
        assert list(app(environ_of(), start_nothing)) == [b"x"]
        assert only(found())["status"] == "success"

    def test_odd_application(self, found: Read) -> None:
        """An application that raises what ends loops has its span like any other."""

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            raise StopIteration

        with pytest.raises(StopIteration):
            wsgi.TracingMiddleware(app)(environ_of(), start_nothing)
        wait_until(found)

    def test_disabled(self) -> None:
        """While tracing is off, both sides get what the other gave."""
        configure(enabled=False)
        body: list[bytes] = []
        seen: list[object] = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            seen.append(start_response)
            return body

        assert wsgi.TracingMiddleware(app)(environ_of(), start_nothing) is body
        assert seen == [start_nothing]


def scope_of(kind: str = "http", path: str = "/", headers: dict[str, str] | None = None) -> Message:
    """A connection, as the ASGI specification wants it."""
    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": kind, "path": path, "query_string": b"token=hunter2", "headers": pairs}
    return {**scope, "method": "GET"} if kind == "http" else scope


async def nothing() -> Message:
    """A receive for applications that do not."""
    return {}


async def drop(message: Message) -> None:
    """A send that nobody listens to."""


def drive(app: Any, scope: Message, *received: Message) -> list[Message]:
    """Serve one connection; what the application sent."""
    sent: list[Message] = []
    incoming = list(received)

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(asgi.TracingMiddleware(app)(scope, receive, send))
    return sent


class TestAsgi:
    """dopejar_tracing.asgi.TracingMiddleware."""

    def test_request(self, found: Read) -> None:
        """The parent from the headers, method and path in, the status out, no query; messages untouched."""
        start = {"type": "http.response.start", "status": 201, "headers": [(b"a", b"b")]}
        body = {"type": "http.response.body", "body": b"x"}
        request = {"type": "http.request", "body": b"", "more_body": False}

        async def app(scope: Message, receive: Any, send: Any) -> None:
            assert await receive() is request
            trace_event("memory", "begun")
            await send(start)
            await send(body)

        sent = drive(app, scope_of(path="/grüße", headers=OURS), request)
        assert sent[0] is start
        assert sent[1] is body
        line = only(found())
        assert line["parent_id"] == UPSTREAM
        assert (line["hrm_layer"], line["component"], line["status"]) == ("system", "asgi.py", "success")
        assert (line["input_summary"], line["output_summary"]) == ("GET /grüße", "201")
        assert only(found(), "begun")["parent_id"] == line["trace_id"]
        assert "hunter2" not in Path("trace.jsonl").read_text()

    def test_streaming(self, found: Read) -> None:
        """Each piece goes out when it is sent; what is done after the last one belongs to the span."""
        pieces: list[bytes] = []

        async def app(scope: Message, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200})
            for place in range(3):
                await send({"type": "http.response.body", "body": b"x", "more_body": place < 2})
                pieces.append(b"x")
                assert len(watched) == place + 2
            trace_event("memory", "background")

        watched: list[Message] = []

        async def main() -> None:
            async def send(message: Message) -> None:
                watched.append(message)

            await asgi.TracingMiddleware(app)(scope_of(), nothing, send)
            assert current_trace_id() is None

        asyncio.run(main())
        assert only(found(), "background")["parent_id"] == only(found())["trace_id"]

    @pytest.mark.parametrize(("status", "outcome"), [(404, "success"), (500, "error"), (503, "error")])
    def test_failed(self, found: Read, status: int, outcome: str) -> None:
        """A status from 500 up is an error, one below is none."""

        async def app(scope: Message, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": status})

        drive(app, scope_of())
        line = only(found())
        assert (line["status"], line["output_summary"]) == (outcome, str(status))

    def test_exception(self, found: Read) -> None:
        """An exception goes on, the same object, and the span ends in error with it."""
        error = ValueError("so it is")

        async def app(scope: Message, receive: Any, send: Any) -> None:
            raise error

        with pytest.raises(ValueError, match="so it is") as caught:
            drive(app, scope_of())
        assert caught.value is error
        assert only(found())["metadata"]["error"] == "so it is"

    def test_disconnected(self, found: Read) -> None:
        """What the server raises in `send` reaches the application; what is cancelled is interrupted."""

        async def app(scope: Message, receive: Any, send: Any) -> None:
            with pytest.raises(OSError, match="gone"):
                await send({"type": "http.response.start", "status": 200})
            await asyncio.sleep(60)

        async def main() -> None:
            async def send(message: Message) -> None:
                msg = "gone"
                raise OSError(msg)

            async with asyncio.timeout(0):
                await asgi.TracingMiddleware(app)(scope_of(), nothing, send)

        with pytest.raises(TimeoutError):
            asyncio.run(main())
        line = only(found())
        assert (line["status"], line["output_summary"]) == ("error", "200")
        assert line["metadata"]["interrupted"]

    @pytest.mark.parametrize(
        ("messages", "output"),
        [
            ([{"type": "websocket.accept"}, {"type": "websocket.close"}], "101"),
            ([{"type": "websocket.close", "code": 1000}], "403"),
            ([{"type": "websocket.http.response.start", "status": 401}], "401"),
            ([], ""),
        ],
    )
    def test_websocket(self, found: Read, messages: list[Message], output: str) -> None:
        """One span for a WebSocket from handshake to end; the output is the answer to the handshake."""

        async def app(scope: Message, receive: Any, send: Any) -> None:
            for message in messages:
                await send(message)

        assert drive(app, scope_of("websocket", "/chat", OURS)) == messages
        line = only(found())
        assert (line["parent_id"], line["status"]) == (UPSTREAM, "success")
        assert (line["input_summary"], line["output_summary"]) == ("WEBSOCKET /chat", output)

    @pytest.mark.parametrize(
        "message", [{}, *({"type": "http.response.start", **more} for more in ({}, {"status": "x"}))]
    )
    def test_odd_messages(self, found: Read, message: Message) -> None:
        """What is no message is the server's to complain about."""

        async def app(scope: Message, receive: Any, send: Any) -> None:
            await send(message)

        assert drive(app, {"type": "http"}) == [message]
        assert only(found())["input_summary"] == "WEBSOCKET "

    @pytest.mark.parametrize(("kind", "enabled"), [("lifespan", True), ("other", True), ("http", False)])
    def test_untouched(self, tmp_path: Path, kind: str, enabled: bool) -> None:
        """Lifespan, unknown kinds, and all while tracing is off: the application gets what was given."""
        configure(enabled=enabled, output="trace.jsonl", console="never")
        given: list[Any] = [scope_of(kind), object(), object()]
        seen: list[Any] = []

        async def app(*args: Any) -> None:
            seen.extend(args)

        asyncio.run(asgi.TracingMiddleware(app)(*given))
        shutdown()
        assert all(one is other for one, other in zip(seen, given, strict=True))
        assert not (tmp_path / "trace.jsonl").exists() or not (tmp_path / "trace.jsonl").read_text()

    def test_two_at_once(self, found: Read) -> None:
        """Requests that are served at the same time keep apart."""

        async def app(scope: Message, receive: Any, send: Any) -> None:
            await asyncio.sleep(0)
            trace_event("memory", "step", input=scope["path"])

        async def main() -> None:
            served = asgi.TracingMiddleware(app, "focus", "serve")
            await asyncio.gather(*(served(scope_of(path=f"/{n}"), nothing, drop) for n in range(5)))

        asyncio.run(main())
        requests = {line["trace_id"]: line for line in found() if line["operation"] == "serve"}
        steps = [line for line in found() if line["operation"] == "step"]
        assert len(requests) == len(steps) == 5
        for line in steps:
            assert requests[line["parent_id"]]["input_summary"] == f"GET {line['input_summary']}"
