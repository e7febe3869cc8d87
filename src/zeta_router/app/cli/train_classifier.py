"""`zeta train classifier`: the task classifier, and a head for an embedder, from labels."""

from __future__ import annotations

from pathlib import Path

import click

from zeta_router.app.cli.progress import working
from zeta_router.app.cli.saying import say_json
from zeta_router.app.cli.train_options import TRAINED, data_option, file_option
from zeta_router.app.training.cascade import EmbedderOptions
from zeta_router.app.training.classifier import run


@click.command("classifier", epilog="Example: zeta train classifier --data DIR --json")
@data_option("labels/train.jsonl.gz")
@file_option("--out", "classifier.npz", "weights")
@click.option(
    "--embedder",
    metavar="URL",
    help="Also train a head for the embedding model at this OpenAI-compatible address.",
)
@click.option("--embedder-model", help="Which of its models.  [default: the first it lists]")
@file_option("--embedder-out", "embedder.npz", "head", always=False)
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
    options = None
    if embedder is not None:
        TRAINED.convert(embedder_out, None, None)
        options = EmbedderOptions(embedder, embedder_out, embedder_model, sample)
    with working("training", as_json=as_json) as shown:
        report = run(data, out, shown.say, options)
    if as_json:
        say_json(report.as_json())
    else:
        click.echo(report.markdown())
