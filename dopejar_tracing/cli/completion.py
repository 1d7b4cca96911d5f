"""`dopejar-trace completion`: what makes a shell complete the commands."""

from __future__ import annotations

import os

import click
from click.shell_completion import get_completion_class, shell_complete

VARIABLE = "_DOPEJAR_TRACE_COMPLETE"
"""What the shell sets when it asks; click's convention."""
_SHELLS = ("bash", "zsh", "fish")
_HOW = """\b
Once, for every new shell:
  bash  dopejar-trace completion bash > ~/.local/share/bash-completion/completions/dopejar-trace
  zsh   dopejar-trace completion zsh > ~/.zfunc/_dopejar-trace    (with ~/.zfunc in $fpath)
  fish  dopejar-trace completion fish > ~/.config/fish/completions/dopejar-trace.fish
"""


@click.command(epilog=_HOW)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands, options, layers, operations and files."""
    complete = get_completion_class(shell)
    if complete is None:  # none of those above
        raise click.UsageError(shell)
    root = context.find_root()
    click.echo(complete(root.command, {}, "dopejar-trace", VARIABLE).source())


def answer(commands: click.Command, name: str) -> int | None:
    """Answer a shell that asks; the exit status, or None if none does."""
    question = os.environ.get(VARIABLE)
    return shell_complete(commands, {}, name, VARIABLE, question) if question else None
