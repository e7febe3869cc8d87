"""`zeta train classifier`: the task classifier, and a head for an embedder, from labels."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from zeta_router.app.training.cascade import EmbedderOptions
from zeta_router.app.training.classifier import run

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("classifier")
@click.option(
    "--data",
    required=True,
    envvar="ZETA_DATA",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with labels/train.jsonl.gz.  [or: ZETA_DATA]",
)
@click.option(
    "--out",
    type=_FILE,
    default="classifier.npz",
    show_default=True,
    help="File for the weights; replaced whole.",
)
@click.option(
    "--embedder",
    metavar="URL",
    help="Also train a head for the embedding model at this OpenAI-compatible address.",
)
@click.option("--embedder-model", help="Which of its models.  [default: the first it lists]")
@click.option(
    "--embedder-out",
    type=_FILE,
    default="embedder.npz",
    show_default=True,
    help="File for the head; replaced whole.",
)
@click.option(
    "--sample",
    type=click.IntRange(100),
    default=3000,
    show_default=True,
    help="Most prompts to embed for training the head.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    data: Path,
    out: Path,
    embedder: str | None,
    embedder_model: str | None,
    embedder_out: Path,
    sample: int,
    as_json: bool,
) -> None:
    """Train the task classifier on labelled prompts, and report how good it is.

    Progress goes to stderr, the report (Markdown, or JSON) to stdout. Name the files under
    `classifier:` in zeta.yaml to use them.
    """
    options = (
        EmbedderOptions(embedder, embedder_out, embedder_model, sample)
        if embedder is not None
        else None
    )
    report = run(data, out, lambda line: click.echo(line, err=True), options)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report.as_json())).decode())
    else:
        click.echo(report.markdown())
