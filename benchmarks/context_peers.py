"""`python -m benchmarks.context_peers`: where the context goes, in this library and in its peers.

Each case runs in a process of its own for each library. A verdict is what was found there: what the lines
said encloses them, and what stood on stderr. Peers: the dependency group `peers`.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.metadata
import os
import platform
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

Decorate = Callable[[Callable[..., Any]], Callable[..., Any]]
Parents = dict[str, str | None]
"""Line → what encloses it."""


class Library(Protocol):
    """What a case needs of a library."""

    def span(self, name: str) -> AbstractContextManager[Any]:
        """Encloses what runs inside it."""

    def decorate(self, name: str) -> Decorate:
        """The same around a function."""

    @property
    def line(self) -> Callable[[str], object]:
        """Say something inside."""

    def submit(self, work: Callable[[], object]) -> None:
        """Run it in an executor's thread, by the library's own means."""

    def parents(self) -> Parents:
        """What has been said, spans that have ended included."""


# --- the libraries -------------------------------------------------------------------------------------


class Ours:
    """This library."""

    def __init__(self) -> None:
        from dopejar_tracing import bind_trace, configure, trace_event

        self.path = Path(f"/tmp/context_peers_{os.getpid()}.jsonl")
        configure(enabled=True, output=self.path, console="never")
        self.span = self.decorate = partial(bind_trace, "system")
        self.line = partial(trace_event, "system")

    def submit(self, work: Callable[[], object]) -> None:
        """TracedThreadPoolExecutor."""
        from dopejar_tracing import TracedThreadPoolExecutor

        with TracedThreadPoolExecutor(1) as executor:
            executor.submit(work).result()

    def parents(self) -> Parents:
        """From the file."""
        import orjson

        lines = [orjson.loads(text) for text in self.path.read_bytes().splitlines()]
        self.path.unlink()
        names = {line["trace_id"]: line["operation"] for line in lines}
        return {line["operation"]: names.get(line["parent_id"]) for line in lines}


class OpenTelemetry:
    """opentelemetry-sdk."""

    def __init__(self) -> None:
        provider = import_module("opentelemetry.sdk.trace").TracerProvider()
        provider.add_span_processor(self._processor())
        self.span = self.decorate = provider.get_tracer("peers").start_as_current_span
        self.line: Callable[[str], object] = self._line

    def _processor(self) -> Any:
        export = "opentelemetry.sdk.trace.export"
        self.exporter = import_module(f"{export}.in_memory_span_exporter").InMemorySpanExporter()
        return import_module(export).SimpleSpanProcessor(self.exporter)

    def _line(self, name: str) -> None:
        with self.span(name):  # without a length
            pass

    def submit(self, work: Callable[[], object]) -> None:
        """An executor; the SDK has none of its own."""
        with ThreadPoolExecutor(1) as executor:
            executor.submit(work).result()

    def parents(self) -> Parents:
        """From the exporter."""
        spans = self.exporter.get_finished_spans()
        names = {span.context.span_id: span.name for span in spans}
        return {span.name: names.get(span.parent.span_id) if span.parent else None for span in spans}


class Logfire(OpenTelemetry):
    """logfire, which sends nothing here."""

    def __init__(self) -> None:
        logfire = import_module("logfire")
        logfire.configure(
            send_to_logfire=False,
            console=False,
            inspect_arguments=False,
            additional_span_processors=[self._processor()],
        )
        self.span = logfire.span
        self.decorate = partial(logfire.instrument, allow_generator=True)
        self.line = logfire.info


class Eliot:
    """eliot."""

    def __init__(self) -> None:
        eliot = import_module("eliot")
        self.messages: list[dict[str, Any]] = []
        eliot.add_destinations(self.messages.append)
        self.line = partial(eliot.log_message)
        self.start = eliot.start_action

    def span(self, name: str) -> AbstractContextManager[Any]:
        """An action."""
        action: AbstractContextManager[Any] = self.start(action_type=name)
        return action

    def decorate(self, name: str) -> Decorate:
        """`log_call`."""
        around: Decorate = import_module("eliot").log_call(
            action_type=name, include_args=[], include_result=False
        )
        return around

    def submit(self, work: Callable[[], object]) -> None:
        """`preserve_context`."""
        with ThreadPoolExecutor(1) as executor:
            executor.submit(import_module("eliot").preserve_context(work)).result()

    def parents(self) -> Parents:
        """From the messages' task levels; what `preserve_context` puts between is left out."""
        starts = {
            place: message
            for message in self.messages
            if message.get("action_status") == "started"
            for place in [(message["task_uuid"], *message["task_level"][:-1])]
        }
        found: Parents = {}
        for message in self.messages:
            if "message_type" in message:
                place = (message["task_uuid"], *message["task_level"][:-1])
                around = starts.get(place)
                while around is not None and around["action_type"] == "eliot:remote_task":
                    place = place[:-1]
                    around = starts.get(place)
                found[message["message_type"]] = around["action_type"] if around else None
        return found


class Structlog:
    """structlog: `bound_contextvars` around lines."""

    def __init__(self) -> None:
        import structlog

        self.lines: list[Any] = []

        def keep(_logger: Any, _method: str, event_dict: Any) -> Any:
            self.lines.append(dict(event_dict))
            raise structlog.DropEvent

        structlog.configure(processors=[structlog.contextvars.merge_contextvars, keep])
        self.bound = structlog.contextvars.bound_contextvars
        self.line = structlog.get_logger().info

    def span(self, name: str) -> AbstractContextManager[Any]:
        """Bindings."""
        return self.bound(span=name)

    def decorate(self, name: str) -> Decorate:
        """The same: it is a ContextDecorator."""
        return self.bound(span=name)

    def submit(self, work: Callable[[], object]) -> None:
        """An executor; structlog has none of its own."""
        with ThreadPoolExecutor(1) as executor:
            executor.submit(work).result()

    def parents(self) -> Parents:
        """From the lines."""
        return {line["event"]: line.get("span") for line in self.lines}


LIBRARIES: dict[str, tuple[Callable[[], Library], str]] = {
    "dopejar_tracing": (Ours, "dopejar-tracing"),
    "opentelemetry": (OpenTelemetry, "opentelemetry-sdk"),
    "logfire": (Logfire, "logfire"),
    "eliot": (Eliot, "eliot"),
    "structlog": (Structlog, "structlog"),
}

# --- the cases -----------------------------------------------------------------------------------------


def _decorated(library: Library) -> Callable[[], Iterator[int]]:
    @library.decorate("generator")
    def generator() -> Iterator[int]:
        for number in range(3):
            library.line("body")
            yield number

    return generator


def _adecorated(library: Library) -> Callable[[], Any]:
    @library.decorate("generator")
    async def generator() -> AsyncIterator[int]:
        for number in range(3):
            library.line("body")
            await asyncio.sleep(0)
            yield number

    return generator


def _broken_off(library: Library, generator: Callable[[], Any]) -> Parents:
    async def main() -> None:
        with library.span("consumer"):
            async for _ in generator():
                library.line("in the loop")
                break
            library.line("after the break")

    asyncio.run(main())
    return {"in the loop": "consumer", "after the break": "consumer"}


def broken_off(library: Library) -> Parents:
    """Decorated async generator, broken off."""
    return {"body": "generator", **_broken_off(library, _adecorated(library))}


def broken_off_with(library: Library) -> Parents:
    """Undecorated async generator holding a span by `with`, broken off."""

    async def generator() -> AsyncIterator[int]:
        with library.span("generator"):
            yield 1

    return _broken_off(library, generator)


def closed_by_another_task(library: Library) -> Parents:
    """Decorated async generator, `aclose` from another task."""
    generator = _adecorated(library)()

    async def close() -> None:
        with library.span("closer"):
            await generator.aclose()
            library.line("after the close")

    async def main() -> None:
        with library.span("consumer"):
            await anext(generator)
            await asyncio.create_task(close())
            library.line("consumer's line")

    asyncio.run(main())
    return {"body": "generator", "after the close": "closer", "consumer's line": "consumer"}


def collected_elsewhere(library: Library) -> Parents:
    """Undecorated generator holding a span, collected in another context."""

    def generator() -> Iterator[int]:
        with library.span("generator"):
            yield 1

    kept = [generator()]
    copy_context().run(next, kept[0])

    def collect() -> None:
        with library.span("other"):
            kept.clear()
            gc.collect()
            library.line("other's line")

    copy_context().run(collect)
    return {"other's line": "other"}


class _Never:
    def __await__(self) -> Generator[None]:
        yield


def collected_while_waiting(library: Library) -> Parents:
    """Task inside a decorated async generator, dropped while it waits."""

    @library.decorate("generator")
    async def generator() -> AsyncIterator[int]:
        await _Never()
        yield 1

    async def consume() -> None:
        with library.span("consumer"):
            async for _ in generator():
                pass

    waiting = consume()
    copy_context().run(waiting.send, None)
    with library.span("other"):
        waiting.close()
        library.line("other's line")
    return {"other's line": "other"}


def resumed_elsewhere(library: Library) -> Parents:
    """Decorated generator, resumed in other contexts."""
    generator = _decorated(library)()

    def resume() -> None:
        with library.span("consumer"):
            next(generator)
            library.line("consumer's line")

    for _ in range(3):
        copy_context().run(resume)
    return {"body": "generator", "consumer's line": "consumer"}


def interleaved(library: Library) -> Parents:
    """Two decorated generators, taken by turns."""
    generators = []
    for name in ("left", "right"):

        @library.decorate(name)
        def generator(name: str = name) -> Iterator[int]:
            for number in range(2):
                library.line(f"{name}'s line")
                yield number

        generators.append(generator())
    with library.span("consumer"):
        for _ in zip(*generators, strict=True):
            library.line("consumer's line")
    return {"left's line": "left", "right's line": "right", "consumer's line": "consumer"}


def ended_in_another_context(library: Library) -> Parents:
    """Span ended in another context."""
    with library.span("outer"):
        span = library.span("span")
        span.__enter__()
        copy_context().run(span.__exit__, None, None, None)
        library.line("outer's line")
    return {"outer's line": "outer"}


def ended_in_another_thread(library: Library) -> Parents:
    """Span ended in another thread."""
    with library.span("outer"):
        span = library.span("span")
        span.__enter__()
        thread = threading.Thread(target=span.__exit__, args=(None, None, None))
        thread.start()
        thread.join()
        library.line("outer's line")
    return {"outer's line": "outer"}


def out_of_order(library: Library) -> Parents:
    """Spans ended out of order."""
    outer, inner = library.span("outer"), library.span("inner")
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    library.line("inner's line")
    inner.__exit__(None, None, None)
    library.line("root line")
    return {"inner's line": "inner", "root line": None}


def executor(library: Library) -> Parents:
    """Work in a thread pool, by the library's own means."""
    with library.span("outer"):
        library.submit(partial(library.line, "work"))
    return {"work": "outer"}


def tasks(library: Library) -> Parents:
    """Tasks at once."""

    async def work(name: str) -> None:
        with library.span(name):
            await asyncio.sleep(0)
            library.line(f"{name}'s line")

    async def main() -> None:
        with library.span("outer"):
            await asyncio.gather(work("left"), work("right"))
            library.line("outer's line")

    asyncio.run(main())
    return {"left's line": "left", "right's line": "right", "outer's line": "outer"}


CASES: list[Callable[[Library], Parents]] = [
    tasks,
    executor,
    broken_off,
    closed_by_another_task,
    collected_while_waiting,
    resumed_elsewhere,
    interleaved,
    collected_elsewhere,
    broken_off_with,
    ended_in_another_context,
    ended_in_another_thread,
    out_of_order,
]


# --- verdicts ------------------------------------------------------------------------------------------


def judge(expected: Parents, found: Parents) -> str:
    """What the lines say, beside what they should."""
    wrong = {line for line, parent in expected.items() if found.get(line, "no such line") != parent}
    if not wrong:
        return "right"
    if wrong <= {"body", "left's line", "right's line"}:
        return "body outside its span"
    if any(found.get(line) in ("generator", "left", "right") for line in wrong):
        return "leaks into the consumer"
    if any(found.get(line) in ("span", "outer", "inner") for line in wrong):
        return "wrong parent: an ended span"
    if all(found.get(line) is None for line in wrong):
        return "parent lost"
    return "wrong parent"


def run_one(library: str, case: str) -> None:
    """Run one case and print its verdict; in a process of its own."""
    made = LIBRARIES[library][0]()
    expected = {function.__name__: function for function in CASES}[case](made)
    gc.collect()
    print(judge(expected, made.parents()))


def verdict(library: str, case: str) -> str:
    """The verdict of one case."""
    package = LIBRARIES[library][1]
    if not _installed(package):
        return "not installed"
    command = [sys.executable, "-m", "benchmarks.context_peers", library, case]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lines = done.stderr.strip().splitlines()
    if done.returncode:
        return f"raises {lines[-1].partition(':')[0].rpartition('.')[2]}"
    return done.stdout.strip() + (", error logged" if lines else "")


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def main() -> None:
    """Run all, print the table, and name what is missing."""
    missing = [package for _, package in LIBRARIES.values() if not _installed(package)]
    present = [name for name, (_, package) in LIBRARIES.items() if package not in missing]
    heads = [f"{name} {importlib.metadata.version(LIBRARIES[name][1])}" for name in present]
    print(f"CPython {platform.python_version()}\n\n| | {' | '.join(heads)} |\n|---{'|---' * len(present)}|")
    bad = []
    for case in CASES:
        verdicts = [verdict(name, case.__name__) for name in present]
        print(f"| {(case.__doc__ or '').rstrip('.')} | {' | '.join(verdicts)} |", flush=True)
        if verdicts[0] != "right" and case is not broken_off_with:
            bad.append(case.__name__)
    if missing:
        print(f"\nnot installed: {', '.join(missing)} (pip install --group peers)")
    if bad:
        sys.exit(f"not right: {', '.join(bad)}")


if __name__ == "__main__":
    run_one(*sys.argv[1:]) if len(sys.argv) > 1 else main()
