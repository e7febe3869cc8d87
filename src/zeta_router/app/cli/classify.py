"""`zeta classify`: what kind of task a text is. No network, no configuration."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

import click
import msgspec

from zeta_router.app.cli.saying import readable
from zeta_router.app.training.topic_weights import with_topics
from zeta_router.app.training.weights import shipped_classifier
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import GENERATIVE_TASKS, Operation
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.protocol import TaskClassifier


@click.command("classify", epilog="Example: zeta classify 'Write a function that sorts a list'")
@click.argument("text", required=False)
@click.option("--json", "_as_json", is_flag=True, help="As without: results are JSON anyway.")
@click.option("--jsonl", is_flag=True, help="Read rows with `text` from stdin, one object a line.")
def command(text: str | None, jsonl: bool, _as_json: bool) -> None:
    """Say what kind of task TEXT is: simple, code or reasoning, with the posterior.

    With --jsonl, rows come from stdin and leave with `task`, `posterior` and `topics` added.
    """
    if jsonl == (text is not None):
        raise click.UsageError("give either TEXT or --jsonl")
    if text is not None:
        click.echo(msgspec.json.encode(_classified({"text": readable(text)})).decode())
        return
    for row in _rows(sys.stdin.buffer):
        sys.stdout.buffer.write(msgspec.json.encode(_classified(row)) + b"\n")
    sys.stdout.buffer.flush()


def _rows(lines: BinaryIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise ConfigError(f"stdin line {number}", f"is not a JSON object: {error}") from None
        if not isinstance(row.get("text"), str):
            raise ConfigError(f"stdin line {number}", "has no string field 'text'")
        yield row


@cache
def _classifier() -> TaskClassifier:
    return with_topics(shipped_classifier())


def _classified(row: dict[str, Any]) -> dict[str, Any]:
    estimate = _classifier().estimate(extract(Ask(row["text"])), Operation.CHAT)
    posterior = {task.value: round(estimate.probability(task), 4) for task in GENERATIVE_TASKS}
    topics = {share.topic: round(share.probability, 4) for share in estimate.topics}
    return {**row, "task": estimate.task.value, "posterior": posterior, "topics": topics}
