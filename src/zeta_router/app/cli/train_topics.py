"""`zeta train topics`: what the text tells about domain and difficulty."""

from __future__ import annotations

from pathlib import Path

import click

from zeta_router.app.cli.progress import working
from zeta_router.app.cli.saying import say_json
from zeta_router.app.cli.train_options import data_option, file_option
from zeta_router.app.training.topics import run


@click.command("topics", epilog="Example: zeta train topics --data DIR")
@data_option("labels/")
@file_option("--out", "topics.npz", "weights")
@click.option("--json", "_as_json", is_flag=True, help="As without: the report is JSON anyway.")
def command(data: Path, out: Path, _as_json: bool) -> None:
    """Train the reader of domain and difficulty, and print what five folds say of it, as JSON.

    Its weights belong to one feature list: train it again whenever that changes.
    """
    with working("training") as shown:
        report = run(data, out, shown.say)
    say_json(report.as_json())
