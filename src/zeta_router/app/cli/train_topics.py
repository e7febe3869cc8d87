"""`zeta train topics`: what the text tells about domain and difficulty."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from zeta_router.app.training.topics import run


@click.command("topics")
@click.option(
    "--data",
    required=True,
    envvar="ZETA_DATA",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with labels/.  [or: ZETA_DATA]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default="topics.npz",
    show_default=True,
    help="File for the weights; replaced whole.",
)
def command(data: Path, out: Path) -> None:
    """Train the reader of domain and difficulty, and print what five folds say of it, as JSON.

    Its weights belong to one feature list: train it again whenever that changes.
    """
    report = run(data, out, lambda line: click.echo(line, err=True))
    click.echo(msgspec.json.format(msgspec.json.encode(report.as_json())).decode())
