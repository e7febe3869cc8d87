"""`zeta completion`: a script that a shell takes in."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from zeta_router.core.errors import ConfigError

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", epilog='Example: eval "$(zeta completion bash)"')
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands, options, policies, models and endpoint ids.

    bash and zsh: put `eval "$(zeta completion bash)"` into ~/.bashrc or ~/.zshrc. fish: write the
    output to ~/.config/fish/completions/zeta.fish. There is no --json: the output is for a shell.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise ConfigError("SHELL", f"{shell!r} is not known here", f"known: {', '.join(SHELLS)}")
    root = context.find_root().command
    script = kind(root, {}, "zeta", "_ZETA_COMPLETE")
    click.echo(script.source_template % script.source_vars())
