"""`dopejar-trace`: the group that the commands belong to.

Exit status (contract §7): 0 done; 1 nothing matched, or a check failed; 2 wrong usage or an unreadable
file; 130 interrupted.
"""

from __future__ import annotations

import os
import sys

import click

from dopejar_tracing.cli.points import points
from dopejar_tracing.cli.settings import settings
from dopejar_tracing.errors import TracingError
from dopejar_tracing.show.text import visible


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dopejar-tracing", prog_name="dopejar-trace")
def commands() -> None:
    """Read what dopejar_tracing recorded, and how it is set."""


commands.add_command(points)
commands.add_command(settings)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns its exit status.

    Args:
        arguments: instead of those of the process.
    """
    try:
        # Not commands.main(): that ends a closed pipe with exit status 1.
        words = sys.argv[1:] if arguments is None else arguments
        with commands.make_context("dopejar-trace", words) as context:
            return commands.invoke(context) or 0
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
