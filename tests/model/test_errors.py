"""What a line says about an exception (contract §3)."""

from __future__ import annotations

import asyncio

import pytest

from dopejar_tracing.model.errors import MAX_MESSAGE, describe_error, raised_at


def raised(error: BaseException) -> BaseException:
    """The exception, after it was raised in a function of a file of its own."""
    code = compile(
        "def fail(error):\n    raise error\ndef call(error):\n    fail(error)\n", "/app/inner.py", "exec"
    )
    namespace: dict[str, object] = {"error": error}
    exec(code, namespace)
    try:
        eval("call(error)", namespace)
    except BaseException as caught:
        return caught
    raise AssertionError


class MuteError(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


class TestDescribeError:
    """The reserved keys of an exception."""

    def test_raised(self) -> None:
        """Message, type, and the innermost place, as a file's name and line."""
        assert describe_error(raised(OSError("disk full"))) == {
            "error": "disk full",
            "error_type": "OSError",
            "error_at": "inner.py:2",
        }

    def test_never_raised(self) -> None:
        """An exception that was only made has no place."""
        assert describe_error(ValueError("odd")) == {"error": "odd", "error_type": "ValueError"}

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError("late")])
    def test_interrupted(self, error: BaseException) -> None:
        """What stops the work from outside is told apart from a fault."""
        assert describe_error(error) == {
            "error": str(error),
            "error_type": type(error).__name__,
            "interrupted": True,
        }

    def test_long_message(self) -> None:
        """A message is cut like a summary."""
        message = describe_error(ValueError("x" * 5_000))["error"]
        assert message == "x" * (MAX_MESSAGE - 1) + "…"

    def test_mute(self) -> None:
        """An exception that fails to say what it is costs its message alone."""
        assert describe_error(raised(MuteError())) == {
            "error": "<MuteError: RuntimeError in __str__>",
            "error_type": "MuteError",
            "error_at": "inner.py:2",
        }


class TestRaisedAt:
    """The place of an exception."""

    def test_place(self) -> None:
        """The innermost frame counts; without a traceback there is none."""
        assert raised_at(raised(KeyError("x")).__traceback__) == "inner.py:2"
        assert raised_at(None) is None
