"""`--trace` and `--no-trace` for a host that uses argparse (contract §5)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from dopejar_tracing.emit.pipeline import set_flag


def add_trace_flag(parser: argparse.ArgumentParser) -> None:
    """Give a parser `--trace` and `--no-trace`, which take effect when they are parsed.

        parser = argparse.ArgumentParser()
        add_trace_flag(parser)
        parser.parse_args()

    They win over environment and settings file. `--trace` shows the console too, wherever stderr goes.
    The namespace gets `trace`: True, False, or None if neither was given.
    """
    group = parser.add_argument_group("tracing")
    group.add_argument(
        "--trace", dest="trace", nargs=0, action=_Flag, const=True, help="trace every decision"
    )
    group.add_argument("--no-trace", dest="trace", nargs=0, action=_Flag, const=False, help="do not trace")


class _Flag(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, self.const)
        set_flag(self.const)
