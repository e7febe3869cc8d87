"""The labelled prompts that training and its report read.

`labels/train.jsonl.gz` is trained on, `labels/dev.jsonl.gz` never is. A second development set of
another character comes from the `llmrouter` quality table: logic grids and graduate science
(reasoning), trivia and word lists (simple); it is never trained on either.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from zeta_router.app.training.generate import Prompt
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Task

LABELS: Final[Mapping[str, Task]] = {
    "simple": Task.SIMPLE,
    "creative": Task.SIMPLE,
    "other": Task.SIMPLE,
    "code": Task.CODE,
    "reasoning": Task.REASONING,
}
"""A label's task: creative writing and text work count as simple."""

UNSURE_LABELS: Final = frozenset({"other"})
"""Labels too mixed to learn from (closed questions beside long passages); they are still scored."""

SECOND_DEV: Final[Mapping[str, Task]] = {
    "agentverse-logicgrid": Task.REASONING,
    "gpqa": Task.REASONING,
    "trivia_qa": Task.SIMPLE,
    "commongen": Task.SIMPLE,
}

_ORIGINALS: Final = (
    "point --data at the folder with labels/; rows are text, label, source, lang, one JSON object "
    "a line; the public originals are BELLE, NQ-open, CLINC150, GSM8K, MATH, MBPP and others that "
    "docs/concepts/task-classifier.md names"
)


def labelled(path: Path, *, for_training: bool = False) -> list[Prompt]:
    """The prompts of a label file; without `UNSURE_LABELS` when it is to be trained on.

    Raises:
        ConfigError: The file is missing, or a row lacks what is needed.
    """
    return [
        Prompt(row["text"], LABELS[row["label"]], row["source"], row["lang"])
        for row in _rows(path, ("text", "label", "source", "lang"))
        if not (for_training and row["label"] in UNSURE_LABELS)
    ]


def second_dev(path: Path) -> list[Prompt]:
    """The prompts of the quality table whose task is plain from where they come from."""
    return [
        Prompt(row["text"], SECOND_DEV[row["task"]], row["task"], "en")
        for row in _rows(path, ("text", "task"))
        if row["task"] in SECOND_DEV
    ]


def json_rows(path: Path, hint: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a gzipped file of JSON lines, with its place for messages.

    Args:
        path: The file.
        hint: What to say where it is missing.

    Raises:
        ConfigError: It is missing or damaged, or a line of it is no object.
    """
    if not path.is_file():
        raise ConfigError(str(path), "no such file", hint)
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield f"{path}:{number}", _object(line, f"{path}:{number}")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise ConfigError(str(path), f"is not a gzip file of JSON lines: {error}") from error


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ConfigError(place, f"is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise ConfigError(place, "is not a JSON object")
    return row


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for place, row in json_rows(path, _ORIGINALS):
        missing = [name for name in needed if not isinstance(row.get(name), str)]
        if missing or ("label" in needed and row["label"] not in LABELS):
            known = f"labels are {', '.join(LABELS)}"
            raise ConfigError(place, f"lacks {missing or 'a known label'}", known)
        yield row
