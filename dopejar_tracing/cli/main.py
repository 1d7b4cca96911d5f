"""`dopejar-trace`: the group that the commands belong to.

Exit status (contract §7): 0 done; 1 nothing matched, or a check failed; 2 wrong usage or an unreadable
file; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from dopejar_tracing.cli.completion import answer
from dopejar_tracing.errors import TracingError
from dopejar_tracing.show.text import visible

NAME = "dopejar-trace"
_COMMANDS = ("points", "settings", "view", "browse", "stats", "completion")


class Commands(click.Group):
    """The commands, of which only the one that is called is imported: the others' needs take time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them; None if there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"dopejar_tracing.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dopejar-tracing", prog_name=NAME)
def commands() -> None:
    """Read what dopejar_tracing recorded, and how it is set."""


def main(arguments: list[str] | None = None, *, command: click.Command = commands, name: str = NAME) -> int:
    """Run a command; returns its exit status.

    Args:
        arguments: instead of those of the process.
        command: instead of the group of all.
        name: what the person called.
    """
    _open_closed()
    try:
        asked = answer(command, name)
        if asked is not None:
            return asked
        # Not commands.main(): that ends a closed pipe with exit status 1.
        words = sys.argv[1:] if arguments is None else arguments
        with command.make_context(name, words) as context:
            status = command.invoke(context) or 0
        sys.stdout.flush()
        return status
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except TracingError as error:
        click.echo("\n".join(map(visible, str(error).splitlines())), err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        # `| head` is no error; what Python still wants to flush at exit has nowhere to go.
        _discard_rest()
    except OSError as error:
        _discard_rest()
        click.echo(visible(f"{error.filename or 'standard output'}: {error.strerror or error}"), err=True)
        return 2
    return 0


def _open_closed() -> None:
    """What was closed by `<&-` or `>&-` is empty, or takes all; else the next file opened would be it."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            file = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123
            if file.fileno() != number:
                os.dup2(file.fileno(), number)
            setattr(sys, name, file)


def _discard_rest() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
