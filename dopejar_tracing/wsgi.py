"""A span for each request of a WSGI application: `app = TracingMiddleware(app)`."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from dopejar_tracing.asgi import tell_status
from dopejar_tracing.emit.bind import bind_trace
from dopejar_tracing.emit.context import CURRENT
from dopejar_tracing.emit.pipeline import running
from dopejar_tracing.emit.services import extract
from dopejar_tracing.emit.span import NULL_SPAN, Span
from dopejar_tracing.model.foreign import ask
from dopejar_tracing.model.values import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sized
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class TracingMiddleware:
    """Opens a span around each request, under the parent that its headers name, until the body is closed.

    The input is method and path, never the query, which may hold secrets; the output the status code. From
    500 up, and if the application or its body raises, the status is `error`. The span is current while the
    application works, and not between the pieces of the body.

    Args:
        app: a WSGI application.
        layer: of the spans.
        operation: of the spans.
    """

    def __init__(self, app: WSGIApplication, layer: str = "system", operation: str = "request") -> None:
        self.app = app
        self.layer = layer
        self.operation = operation

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if running() is None:
            return self.app(environ, start_response)
        inside = _Inside()
        with inside:
            remote = extract(_headers(environ)).__enter__()
            inside.span = bind_trace(
                self.layer, self.operation, input=_request(environ), metadata=remote.foreign
            ).__enter__()
            body = self.app(environ, _watched(start_response, inside.span))
            return (_SizedBody if hasattr(body, "__len__") else _Body)(body, inside)


class _Inside:
    """The span of one request: current while this is entered, and nowhere else.

    A server may take up the body in another context than the one where it called, and serve others meanwhile.
    """

    __slots__ = ("_inside", "_outside", "span")

    def __init__(self) -> None:
        self.span: Span = NULL_SPAN
        self._inside = CURRENT.get()

    def __enter__(self) -> None:
        self._outside = CURRENT.get()
        CURRENT.set(self._inside)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None and not issubclass(kind, StopIteration):
            self.span.finish(error)
        self._inside = CURRENT.get()
        CURRENT.set(self._outside)

    def __del__(self) -> None:
        self.span.finish()  # somebody around forgot to close the body


class _Body:
    """The application's body, each step of it inside."""

    __slots__ = ("_body", "_inside", "_pieces")

    def __init__(self, body: Iterable[bytes], inside: _Inside) -> None:
        self._body = body
        self._inside = inside
        self._pieces: Iterator[bytes] | None = None

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        with self._inside:
            if self._pieces is None:
                self._pieces = iter(self._body)
            return next(self._pieces)

    def close(self) -> None:
        with self._inside:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
            self._inside.span.finish()


class _SizedBody(_Body):
    """One that knows its number of pieces: of a single one, a server tells the length."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(cast("Sized", self._body))


def _watched(start_response: StartResponse, span: Span) -> StartResponse:
    """`start_response`, handed all that the application gives, and `write` handed back."""

    def start(*args: Any, **kwargs: Any) -> Callable[[bytes], object]:
        ask(lambda: tell_status(span, int(args[0].split()[0])), lambda _error: None)  # the server will say so
        return start_response(*args, **kwargs)

    return start


def _headers(environ: WSGIEnvironment) -> list[tuple[str, object]]:
    found = [(name, environ.get(f"HTTP_{name.upper()}")) for name in ("traceparent", "tracestate")]
    return [(name, value) for name, value in found if value is not None]


def _request(environ: WSGIEnvironment) -> str:
    path = text_of(environ.get("SCRIPT_NAME", "")) + text_of(environ.get("PATH_INFO", ""))
    path = path.encode("latin-1", "replace").decode(
        "utf-8", "replace"
    )  # PEP 3333: the path's bytes, one by one
    return f"{text_of(environ.get('REQUEST_METHOD', ''))} {path}"
