"""Programs as data: what runs them for real, and what says which tree they must leave.

Each action is told apart by its place in the program, which its line has as input: `0`, `0.1`, `0.1.b2`.
"""

from __future__ import annotations

import asyncio
import copy
import pickle
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from helpers import read_lines

from dopejar_tracing import (
    TracedThreadPoolExecutor,
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
from dopejar_tracing.points import altitude, focus

# --- the program ---------------------------------------------------------------------------------------


class Action(msgspec.Struct, frozen=True):
    """Something that a program does."""


Body = tuple[Action, ...]


class Moment(Action, frozen=True):
    """`event`, `line` of get_logger, or `point` without a span."""

    how: str = "event"


class Raise(Action, frozen=True):
    """The body ends here."""


class Catch(Action, frozen=True):
    """What is raised in the body ends here; no span."""

    body: Body


class Spanned(Action, frozen=True):
    """A span around a body.

    Attributes:
        how: `with`, `async with`, `point`, `function` or `coroutine` (decorated), or `traced` (by a point).
        ending: what is said of it at its end: `ok`, `block` or `fail`.
        body: what is done in it.
    """

    how: str
    ending: str
    body: Body


class Generated(Action, frozen=True):
    """A decorated generator, and its consumer.

    Attributes:
        kind: `sync` or `async`.
        held: whether the body holds a span open over its steps.
        chunks: what the body does before each of its yields.
        apart: whether the consumer makes each step within a span of its own.
        between: what the consumer does after each step.
        steps: how many it makes.
        ending: `close`, `collect`, `elsewhere` (another context, thread or task), `throw`, `full`.
    """

    kind: str
    held: bool
    chunks: tuple[Body, ...]
    apart: bool
    between: Body
    steps: int
    ending: str


class Tasks(Action, frozen=True):
    """Bodies at once: by `gather`, `TaskGroup` or `create_task`."""

    how: str
    bodies: tuple[Body, ...]


class Threaded(Action, frozen=True):
    """A body in a thread: `bare`, `carry`, `executor`, `to_thread`, `run_in_executor`."""

    how: str
    body: Body


class Stopped(Action, frozen=True):
    """A span with a body that then waits for ever: by `cancel`, `timeout`, or cancelled in a `generator`."""

    how: str
    body: Body


class Crossed(Action, frozen=True):
    """Two spans, of which the outer one ends first, and the inner one twice; the body runs in between."""

    body: Body


class Elsewhere(Action, frozen=True):
    """A span that is ended by another `thread` or `context` while it is current here."""

    how: str
    body: Body


class Left(Action, frozen=True):
    """A span that a task opens and never ends."""

    body: Body


class Child(Action, frozen=True):
    """A body in a child process."""

    body: Body


HOWS = ("with", "async with", "point", "function", "coroutine", "traced")
EVENT = Moment()
EVERYTHING: Body = (
    *(Spanned(how, ending, (EVENT, Moment("line"))) for how in HOWS for ending in ("ok", "block", "fail")),
    *(
        Generated(kind, held, ((EVENT,), (EVENT,)), apart, (EVENT,), 1, ending)
        for kind in ("sync", "async")
        for held in (False, True)
        for apart in (False, True)
        for ending in ("close", "collect", "elsewhere", "throw", "full")
    ),
    *(Tasks(how, ((EVENT,), (Spanned("with", "ok", (EVENT,)),))) for how in ("gather", "TaskGroup", "task")),
    *(Threaded(how, (EVENT,)) for how in ("bare", "carry", "executor", "to_thread", "run_in_executor")),
    *(Stopped(how, (EVENT,)) for how in ("cancel", "timeout", "generator")),
    *(Elsewhere(how, (EVENT,)) for how in ("thread", "context")),
    Crossed((EVENT,)),
    Left((EVENT,)),
    Catch((Spanned("coroutine", "ok", (Raise(),)),)),
)
"""Each thing that a program can do, once."""


# --- what must come of it ------------------------------------------------------------------------------


class Expected(msgspec.Struct, frozen=True):
    """What the line of an action must say; `parent` is the input of another line."""

    parent: str | None
    status: str = "success"
    interrupted: bool = False


class Model:
    """Which lines a program leaves."""

    def __init__(self, root: str | None = None) -> None:
        self.root = root
        self.lines: dict[str, Expected] = {}

    def body(self, actions: Body, path: str, parent: str | None) -> bool:
        """Adds the lines of a body; whether it raises."""
        return any(self.act(action, f"{path}{number}", parent) for number, action in enumerate(actions))

    def span(self, path: str, parent: str | None, *, raised: bool = False, stopped: bool = False) -> None:
        """Adds the line of a span."""
        self.lines[path] = Expected(parent, "error" if raised or stopped else "success", stopped)

    def act(self, action: Action, path: str, parent: str | None) -> bool:
        """Adds the lines of an action; whether it raises."""
        match action:
            case Moment():
                self.lines[path] = Expected(parent)
            case Raise():
                return True
            case Catch(body):
                self.body(body, f"{path}.", parent)
            case Spanned(_, ending, body):
                raised = self.body(body, f"{path}.", path)
                said = {"ok": "success", "block": "blocked", "fail": "error"}[ending]
                self.lines[path] = Expected(parent, "error" if raised else said)
                return raised
            case Generated():
                return self.generated(action, path, parent)
            case Tasks(_, bodies):
                for number, body in enumerate(bodies):
                    self.body(body, f"{path}.t{number}.", parent)
            case Threaded(how, body):
                self.body(body, f"{path}.", self.root if how == "bare" else parent)
            case Stopped(_, body):
                self.body(body, f"{path}.", path)
                self.span(path, parent, stopped=True)
            case Crossed(body):
                self.span(f"{path}.outer", parent)
                self.span(f"{path}.inner", f"{path}.outer")
                self.body(body, f"{path}.", f"{path}.inner")
            case Elsewhere(_, body):
                self.span(path, parent)
                self.body(body, f"{path}.", parent)
            case Left(body):
                self.body(body, f"{path}.", path)
                self.span(path, parent, stopped=True)
            case Child(body):
                inside = Model(parent)
                inside.body(body, f"{path}.", parent)
                self.lines |= inside.lines
        return False

    def generated(self, action: Generated, path: str, parent: str | None) -> bool:
        """A generator's lines: the first step decides where it hangs."""
        own = f"{path}.held" if action.held else path
        steps = len(action.chunks) + 1 if action.ending == "full" else action.steps
        begun = raised = over = False
        for step in range(steps):
            outer = f"{path}.s{step}" if action.apart else parent
            if not begun:
                begun = True
                self.span(path, outer)
                if action.held:
                    self.span(own, path)
            if step < len(action.chunks) and not over:
                raised = self.body(action.chunks[step], f"{path}.c{step}.", own)
            else:
                over = True
            if action.apart:
                self.span(f"{path}.s{step}", parent, raised=raised)
            if raised:
                break
            self.body(action.between, f"{path}.b{step}.", parent)
        thrown = begun and not over and not raised and action.ending == "throw"
        if raised or thrown:
            self.span(path, self.lines[path].parent, raised=True)
            if action.held:
                self.span(own, path, raised=True)
        return raised


def expected(program: Body, root: str | None = None) -> dict[str, Expected]:
    """What a program must leave: input of the line → what it says."""
    model = Model(root)
    model.body(program, "", root)
    return model.lines


# --- running it ----------------------------------------------------------------------------------------


class BoomError(Exception):
    """What `Raise` raises."""


kept: list[Any] = []
"""Spans that are never ended, which somebody still has."""


def drive(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run what never waits."""
    with suppress(StopIteration):
        coroutine.send(None)
        raise AssertionError("it waited")


def point(path: str) -> Any:
    """A typed point whose line says `path`."""
    return altitude.transition(from_level="L3", to_level="L2", reason="test", input=path)


@bind_trace("memory", "function", input="{path}")
def function(path: str, body: Body, ending: str = "ok") -> None:
    """A decorated function."""
    drive(run(body, f"{path}.", waits=False))
    say(ending)


@bind_trace("memory", "coroutine", input="{path}")
async def coroutine(path: str, body: Body, ending: str = "ok", waits: bool = True) -> None:
    """A decorated coroutine function."""
    await run(body, f"{path}.", waits=waits)
    say(ending)


@altitude.plan.traced(altitude="L2", intent="test", plan_summary="test", input="{path}")
async def traced(path: str, body: Body, ending: str = "ok", waits: bool = True) -> None:
    """A coroutine function, decorated by a typed point."""
    await run(body, f"{path}.", waits=waits)
    say(ending)


def held(path: str, action: Generated) -> AbstractContextManager[object]:
    """A span that a generator holds open, or none."""
    return bind_trace("memory", "held", input=f"{path}.held") if action.held else nullcontext()


@bind_trace("memory", "numbers", input="{path}")
def numbers(path: str, action: Generated) -> Iterator[int]:
    """A decorated generator."""
    with held(path, action):
        for number, chunk in enumerate(action.chunks):
            drive(run(chunk, f"{path}.c{number}.", waits=False))
            yield number


@bind_trace("memory", "anumbers", input="{path}")
async def anumbers(path: str, action: Generated) -> AsyncIterator[int]:
    """A decorated async generator."""
    with held(path, action):
        for number, chunk in enumerate(action.chunks):
            await run(chunk, f"{path}.c{number}.")
            yield number


@bind_trace("memory", "waiting", input="{path}")
async def waiting(path: str, body: Body, reached: asyncio.Event) -> AsyncIterator[int]:
    """A decorated async generator that never gets to its first value."""
    await caught(body, f"{path}.")
    reached.set()
    await asyncio.Event().wait()
    yield 1


def say(ending: str) -> None:
    """Say how the open span ended, unless it is said by ending well."""
    if ending == "block":
        current_span().block("test")
    elif ending == "fail":
        current_span().fail("test")


async def run(actions: Body, path: str, *, waits: bool = True) -> None:
    """Run a body. After each action the same span must be current as before.

    Args:
        actions: the body.
        path: what the places of its actions begin with.
        waits: whether it runs in an event loop; else nothing in it waits.
    """
    for number, action in enumerate(actions):
        if waits:
            await asyncio.sleep(0)
        before = current_trace_id()
        try:
            await act(action, f"{path}{number}", waits)
        finally:
            assert current_trace_id() == before, f"{path}{number} left another span current"


async def caught(actions: Body, path: str, *, waits: bool = True) -> None:
    """Run a body; what it raises ends here."""
    with suppress(BoomError):
        await run(actions, path, waits=waits)


async def act(action: Action, path: str, waits: bool) -> None:
    """Run an action."""
    match action:
        case Moment("event"):
            trace_event("focus", "event", input=path)
        case Moment("line"):
            get_logger().info(path)
        case Moment():
            focus.gate_check.event(gate_type="test", decision="allowed", reason="test", input=path)
        case Raise():
            raise BoomError(path)
        case Catch(body):
            await caught(body, f"{path}.", waits=waits)
        case Spanned(how, ending, body):
            await spanned(how, ending, body, path, waits)
        case Generated(kind):
            await (consume if kind == "sync" else aconsume)(action, path, waits)
        case Tasks(how, bodies):
            await at_once(how, [caught(body, f"{path}.t{number}.") for number, body in enumerate(bodies)])
        case Threaded(how, body):
            await threaded(how, partial(in_own_loop, body, path))
        case Stopped(how, body):
            await stopped(how, body, path)
        case Crossed(body):
            outer, inner = (bind_trace("focus", name, input=f"{path}.{name}") for name in ("outer", "inner"))
            outer.__enter__()
            inner_span = inner.__enter__()
            outer.__exit__(None, None, None)
            await caught(body, f"{path}.", waits=waits)
            inner.__exit__(None, None, None)
            inner.__exit__(None, None, None)
            inner_span.finish()
        case Elsewhere(how, body):
            bound = bind_trace("focus", "elsewhere", input=path)
            bound.__enter__()
            end = partial(bound.__exit__, None, None, None)
            joined(end) if how == "thread" else copy_context().run(end)
            await caught(body, f"{path}.", waits=waits)
        case Left(body):
            await asyncio.create_task(left(body, path))
        case Child(body):
            await asyncio.to_thread(in_child, body, path)


async def spanned(how: str, ending: str, body: Body, path: str, waits: bool) -> None:
    """A span around a body, opened in one of many ways."""
    match how:
        case "function" if not waits:
            function(path, body, ending)
        case "traced":
            await traced(path, body, ending, waits)
        case "function" | "coroutine":
            await coroutine(path, body, ending, waits=waits)
        case "async with":
            async with bind_trace("focus", "async_with", input=path):
                await run(body, f"{path}.", waits=waits)
                say(ending)
        case _:
            with point(path) if how == "point" else bind_trace("focus", "with", input=path):
                await run(body, f"{path}.", waits=waits)
                say(ending)


def apart(action: Generated, path: str, step: int) -> AbstractContextManager[object]:
    """The span in which a consumer makes one step, or none."""
    return bind_trace("focus", "step", input=f"{path}.s{step}") if action.apart else nullcontext()


async def consume(action: Generated, path: str, waits: bool) -> None:
    """The consumer of a generator."""
    generator: Any = numbers(path, action)
    for step in range(len(action.chunks) + 1 if action.ending == "full" else action.steps):
        with apart(action, path, step):
            next(generator, None)
        await caught(action.between, f"{path}.b{step}.", waits=waits)
    match action.ending:
        case "close":
            generator.close()
        case "elsewhere":
            joined(generator.close)
        case "throw":
            with suppress(BoomError):
                generator.throw(BoomError())


async def aconsume(action: Generated, path: str, waits: bool) -> None:
    """The consumer of an async generator."""
    generator: Any = anumbers(path, action)
    for step in range(len(action.chunks) + 1 if action.ending == "full" else action.steps):
        with apart(action, path, step):
            await anext(generator, None)
        await caught(action.between, f"{path}.b{step}.")
    match action.ending:
        case "close":
            await generator.aclose()
        case "elsewhere":
            await asyncio.create_task(generator.aclose())
        case "throw":
            with suppress(BoomError, StopAsyncIteration):
                await generator.athrow(BoomError())
        case "collect":
            del generator
            for _ in range(3):  # the loop closes it in a task, which must begin before the loop ends
                await asyncio.sleep(0)


async def at_once(how: str, bodies: list[Coroutine[Any, Any, None]]) -> None:
    """Tasks that run at once."""
    if how == "gather":
        await asyncio.gather(*bodies)
    elif how == "TaskGroup":
        async with asyncio.TaskGroup() as group:
            for body in bodies:
                group.create_task(body)
    else:
        for task in [asyncio.create_task(body) for body in bodies]:
            await task


async def threaded(how: str, work: Callable[[], None]) -> None:
    """A thread, or one of an executor's."""
    match how:
        case "to_thread":
            await asyncio.to_thread(work)
        case "executor":
            with TracedThreadPoolExecutor(1) as executor:
                executor.submit(work).result()
        case "run_in_executor":
            with TracedThreadPoolExecutor(1) as executor:
                await asyncio.get_running_loop().run_in_executor(executor, work)
        case "carry":
            joined(carry(work))
        case _:
            joined(work)


def joined(work: Callable[[], None]) -> None:
    """Run it in a thread of its own, and wait for it."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def in_own_loop(body: Body, path: str) -> None:
    """Run a body in an event loop of its own."""
    execute(caught(body, f"{path}."))


async def stopped(how: str, body: Body, path: str) -> None:
    """A body that waits for ever, and is stopped."""
    reached = asyncio.Event()

    async def wait() -> None:
        if how == "generator":
            async for _ in waiting(path, body, reached):
                pass
        with bind_trace("focus", "wait", input=path):
            await caught(body, f"{path}.")
            reached.set()
            await asyncio.Event().wait()

    if how == "timeout":
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as timeout:
                task = asyncio.ensure_future(reached.wait())
                task.add_done_callback(lambda _: timeout.reschedule(0))
                await wait()
        return
    task = asyncio.ensure_future(wait())  # type: ignore[arg-type]
    await reached.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def left(body: Body, path: str) -> None:
    """A span that is never ended."""
    bound = bind_trace("focus", "left", input=path)
    kept.append((bound, bound.__enter__()))
    with suppress(BoomError):
        for number, action in enumerate(body):
            await act(action, f"{path}.{number}", True)


def in_child(body: Body, path: str) -> None:
    """Run a body in a child process."""
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from emit import programs; programs.child()"],
        input=pickle.dumps((body, f"{path}.")),
        env={**child_environment(), "PYTHONPATH": f"{tests}:{tests.parent}"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def execute(main: Coroutine[Any, Any, None], *, eager: bool = False) -> None:
    """Run it in an event loop, which must have nothing to complain of."""
    complaints: list[dict[str, Any]] = []
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        loop.slow_callback_duration = 1_000  # the machine may be busy
        loop.set_exception_handler(lambda _, context: complaints.append(copy.copy(context)))
        if eager:
            loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        runner.run(main)
    assert complaints == []


def found(path: Path) -> dict[str, Expected]:
    """What the lines of a file say, by their input."""
    lines = read_lines(path)
    names = {line["trace_id"]: line["input_summary"] for line in lines}
    by_name = {
        line["input_summary"]: Expected(
            names.get(line["parent_id"]), line["status"], line["metadata"].get("interrupted", False)
        )
        for line in lines
    }
    assert len(by_name) == len(lines)
    return by_name


def check(program: Body, path: Path, *, eager: bool = False) -> None:
    """Run a program; the tree in the file must be the one expected."""
    path.unlink(missing_ok=True)
    configure(enabled=True, output=path, console="never")
    try:
        execute(caught(program, ""), eager=eager)
    finally:
        shutdown()
        kept.clear()
    assert found(path) == expected(program)


def child() -> None:
    """The child process: runs the body that it is sent."""
    execute(caught(*pickle.loads(sys.stdin.buffer.read())))
