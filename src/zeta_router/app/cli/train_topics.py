"""`zeta train topics`: what the text tells about domain and difficulty."""

from __future__ import annotations

from pathlib import Path

import click

from zeta_router.app.cli.saying import say_aside, say_json
from zeta_router.app.cli.train_options import data_option, file_option
from zeta_router.app.training.topics import run


@click.command("topics")
@data_option("labels/")
@file_option("--out", "topics.npz", "weights")
def command(data: Path, out: Path) -> None:
    """Train the reader of domain and difficulty, and print what five folds say of it, as JSON.

    Its weights belong to one feature list: train it again whenever that changes.
    """
    say_json(run(data, out, say_aside).as_json())
