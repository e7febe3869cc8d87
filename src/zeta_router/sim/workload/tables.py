"""Quality tables: what each model answered to each prompt, right or wrong, and how long.

A simulated route has a real quality because the played prompt has a recorded outcome for every
model. Prompts are split in two by a hash of their id, so that what the router is told beforehand
(from one half) and what it is judged on (the other) never share a prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

import msgspec

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload.files import bad_row, count, csv_rows, number, opened
from zeta_router.sim.workload.traces import header_of

SCORES_HEADER = ("prompt_id", "model", "score", "output_tokens")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one model made of one prompt.

    Attributes:
        score: Quality in [0, 1].
        output_tokens: Length of the answer; None when the table does not say.
    """

    score: float
    output_tokens: int | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt with an answer of every model of the fleet.

    Attributes:
        topic: The table's own name for its kind.
        answers: By the fleet's name of the model.
    """

    id: str
    topic: str
    text: str
    input_tokens: int
    answers: Mapping[str, Answer]

    @property
    def is_played(self) -> bool:
        """Whether it belongs to the half that is played; the other half is what is known."""
        return first_bit(self.id) == 1


@dataclass(frozen=True, slots=True)
class Tables:
    """All prompts of all tables, and what a reader of the results should know about them."""

    prompts: tuple[Prompt, ...]
    notes: tuple[str, ...] = ()

    @property
    def played(self) -> tuple[Prompt, ...]:
        """The half that is drawn from."""
        return tuple(prompt for prompt in self.prompts if prompt.is_played)

    @property
    def known(self) -> tuple[Prompt, ...]:
        """The half that priors come from."""
        return tuple(prompt for prompt in self.prompts if not prompt.is_played)


def first_bit(prompt_id: str) -> int:
    """The first bit of sha256 of the id."""
    return sha256(prompt_id.encode()).digest()[0] >> 7


def load_tables(scores: Iterable[Path], table_model: Mapping[str, str]) -> Tables:
    """Read tables; beside ``NAME.scores.csv.gz`` lie its prompts, ``NAME.prompts.jsonl.gz``.

    Args:
        scores: The scores files.
        table_model: The fleet's models, each with the model of the tables that stands for it.

    Raises:
        ConfigError: With file, line and reason, for a score outside [0, 1], a row that cannot be
            read, a prompt that is not in the prompts file or stands there twice, a mapped model
            that a table does not have; when nothing is mapped, or no prompt is left.
    """
    if not table_model:
        raise ConfigError("map", "no model of the fleet is mapped to one of the quality table")
    prompts: dict[str, Prompt] = {}
    notes: list[str] = []
    for path in scores:
        found, incomplete = _load_one(path, table_model)
        for prompt in found:
            if prompt.id in prompts:
                raise ConfigError(str(path), f"prompt {prompt.id!r} is in another table, too")
            prompts[prompt.id] = prompt
        if incomplete:
            notes.append(f"{path.name}: {incomplete} prompts lack an answer and are left out")
    tables = Tables(tuple(prompts.values()), tuple(notes))
    if not tables.played or not tables.known:
        raise ConfigError("quality", "the tables have no prompts to play or none to know from")
    return tables


def topics_of(scores: Iterable[Path]) -> tuple[str, ...]:
    """The topics of all prompts of these tables, in order.

    Raises:
        ConfigError: With file, line and reason, for a prompts file that cannot be read.
    """
    rows = (_read_prompts(prompts_path(path)).values() for path in scores)
    return tuple(sorted({row.task for each in rows for row in each}))


class _PromptRow(msgspec.Struct):
    prompt_id: str
    task: str
    input_tokens: int
    text: str = ""


def _load_one(path: Path, table_model: Mapping[str, str]) -> tuple[list[Prompt], int]:
    """A table's complete prompts, and how many lack an answer of a mapped model."""
    rows = _read_prompts(prompts_path(path))
    answers, others = _read_scores(path, rows, set(table_model.values()))
    for fleet_model, model in table_model.items():
        if model not in answers:
            near = get_close_matches(model, others, 3, 0.4) or sorted(others)[:6]
            raise ConfigError(
                str(path),
                f"has no model {model!r}, which {fleet_model!r} is mapped to",
                f"it has {', '.join(near)} …" if near else "it has no rows",
            )
    complete, incomplete = [], 0
    for prompt_id, row in rows.items():
        given = {
            fleet_model: answers[model][prompt_id]
            for fleet_model, model in table_model.items()
            if prompt_id in answers[model]
        }
        if len(given) == len(table_model):
            complete.append(Prompt(prompt_id, row.task, row.text, row.input_tokens, given))
        else:
            incomplete += 1
    return complete, incomplete


def prompts_path(scores: Path) -> Path:
    """The prompts file beside a scores file.

    Raises:
        ConfigError: If there is none, or the scores file's name does not say what it is.
    """
    stem, dot, _ = scores.name.partition(".scores.csv")
    if not dot:
        raise ConfigError(str(scores), "is not named NAME.scores.csv.gz or NAME.scores.csv")
    for ending in (".prompts.jsonl.gz", ".prompts.jsonl"):
        beside = scores.with_name(stem + ending)
        if beside.exists():
            return beside
    raise ConfigError(str(scores), f"has no {stem}.prompts.jsonl.gz beside it")


def _read_prompts(path: Path) -> dict[str, _PromptRow]:
    decoder = msgspec.json.Decoder(_PromptRow)
    rows: dict[str, _PromptRow] = {}
    with opened(path) as file:
        for line, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                row = decoder.decode(text)
            except msgspec.DecodeError as error:
                raise bad_row(path, line, str(error)) from None
            if row.input_tokens < 0:
                raise bad_row(path, line, f"input_tokens is {row.input_tokens}, below 0")
            if row.prompt_id in rows:
                raise bad_row(path, line, f"prompt {row.prompt_id!r} stands here twice")
            rows[row.prompt_id] = row
    return rows


def _read_scores(
    path: Path, prompts: Mapping[str, _PromptRow], wanted: set[str]
) -> tuple[dict[str, dict[str, Answer]], set[str]]:
    """Answers by model and prompt, and the models that were not wanted; every row is checked."""
    header = header_of(path)
    if header != SCORES_HEADER:
        hint = f"expected {','.join(SCORES_HEADER)}"
        raise bad_row(path, 1, f"unknown header {','.join(header)[:120]!r}", hint)
    answers: dict[str, dict[str, Answer]] = {}
    others: set[str] = set()
    with opened(path) as file:
        for line, (prompt_id, model, score, tokens) in csv_rows(path, file, header):
            try:
                answer = _answer(score, tokens)
            except ValueError as error:
                raise bad_row(path, line, str(error)) from None
            if prompt_id not in prompts:
                raise bad_row(path, line, f"prompt {prompt_id!r} is not in the prompts file")
            if model not in wanted:
                others.add(model)
                continue
            if prompt_id in answers.setdefault(model, {}):
                raise bad_row(path, line, f"{model} answers {prompt_id!r} a second time")
            answers[model][prompt_id] = answer
    return answers, others


def _answer(score: str, tokens: str) -> Answer:
    value = number(score, "score")
    if value > 1:
        raise ValueError(f"score is {score!r}, outside [0, 1]")
    return Answer(value, count(tokens, "output_tokens") if tokens else None)
