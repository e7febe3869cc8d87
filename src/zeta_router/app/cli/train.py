"""`zeta train`: train again what the router decides with."""

from __future__ import annotations

import click

from zeta_router.app.cli.train_classifier import command as classifier
from zeta_router.app.cli.train_topics import command as topics


@click.group("train", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Train again what the router decides with."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


command.add_command(classifier)
command.add_command(topics)
