"""`zeta train`: train again what the router decides with."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from zeta_router.app.cli.train_topics import command as topics
from zeta_router.app.training.classifier import run


@click.group("train", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Train again what the router decides with."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


command.add_command(topics)


@command.command("classifier")
@click.option(
    "--data",
    required=True,
    envvar="ZETA_DATA",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with labels/train.jsonl.gz.  [or: ZETA_DATA]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default="classifier.npz",
    show_default=True,
    help="File for the weights; replaced whole.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def classifier(data: Path, out: Path, as_json: bool) -> None:
    """Train the task classifier on labelled prompts, and report how good it is.

    Progress goes to stderr, the report (Markdown, or JSON) to stdout.
    """
    report = run(data, out, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report.as_json())).decode())
    else:
        click.echo(report.markdown())
