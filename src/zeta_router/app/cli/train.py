"""`zeta train`: train again what the router decides with, and show what came of it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from zeta_router.app.cli.log_file import using_log
from zeta_router.app.cli.progress import working
from zeta_router.app.cli.saying import say_json
from zeta_router.app.cli.train_classifier import command as classifier
from zeta_router.app.cli.train_topics import command as topics
from zeta_router.telemetry.log.promotions import Promotion, Verdict, read_promotions

_NICE = 10


@click.group("train", invoke_without_command=True, epilog="Example: zeta train --log zeta.db")
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    default="zeta.db",
    show_default=True,
    help="Decision log to train on; its router may be running.",
)
@click.option(
    "--config",
    "-c",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Fleet of the log, where the log does not say it.",
)
@click.option(
    "--weights",
    type=click.Path(dir_okay=False),
    help="The classifier's, where the log's router did not read with those of this version.",
)
@click.option("--history", is_flag=True, help="Show what was promoted, refused, rolled back.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--background", is_flag=True, hidden=True, help="As the gateway runs it.")
@click.pass_context
def command(
    context: click.Context,
    log: Path,
    config: Path | None,
    weights: str | None,
    history: bool,
    as_json: bool,
    background: bool,
) -> None:
    """Train again what the router decides with.

    Without a subcommand: one period of retraining on a decision log, now. Challengers are judged
    on the newer part of the log; a running gateway takes over within a minute what is promoted.
    """
    if context.invoked_subcommand is not None:
        return
    with using_log(log):
        entries = (
            read_promotions(log)
            if history
            else _run(log, config, weights, background=background, as_json=as_json)
        )
    if as_json:
        say_json([_plain(entry) for entry in entries])
        return
    for entry in entries:
        click.echo(_line(entry))
    if not entries:
        click.echo("nothing was ever retrained on this log")


command.add_command(classifier)
command.add_command(topics)


def _run(
    log: Path, config: Path | None, weights: str | None, *, background: bool, as_json: bool
) -> list[Promotion]:
    from zeta_router.app.cli.sources import load
    from zeta_router.app.config import ClassifierSettings
    from zeta_router.app.learning.period import run_period
    from zeta_router.app.learning.task_trial import all_trials
    from zeta_router.app.lifeline import tie_to_supervisor
    from zeta_router.app.training.choosing import classifier_of

    if background:
        tie_to_supervisor()
        os.nice(_NICE)
    loaded = load(config) if config is not None else None
    settings = loaded.classifier if loaded is not None else ClassifierSettings()
    if weights is not None:
        settings = replace(settings, weights=weights)
    trials = all_trials(classifier_of(settings))
    fleet = loaded.fleet if loaded is not None else None
    with working("retraining", 1 + 2 * len(trials), as_json=as_json) as shown:

        def tell(line: str) -> None:
            shown.say(line)
            shown.begin(line.partition(":")[0])

        return run_period(log, time.time(), fleet=fleet, trials=trials, tell=tell)


def _line(entry: Promotion) -> str:
    when = datetime.fromtimestamp(entry.wall_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
    mark = {Verdict.PROMOTED: "+", Verdict.REFUSED: " ", Verdict.ROLLED_BACK: "-"}[entry.verdict]
    return f"{when} {mark} {entry.head:<9} {entry.verdict.value:<11} {entry.reason}"


def _plain(entry: Promotion) -> dict[str, Any]:
    """An entry without its states, which nobody reads."""
    return {
        "wall_s": entry.wall_s,
        "head": entry.head,
        "verdict": entry.verdict.value,
        "reason": entry.reason,
        "from_wall_s": entry.from_wall_s,
        "until_wall_s": entry.until_wall_s,
        "evidence": dict(entry.evidence),
    }
