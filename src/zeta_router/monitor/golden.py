"""The golden prompts, and the call that asks one.

Four each of simple, code and reasoning. Each asks for an answer of a word or a number, so that a
checker can be exact and an answer costs a few tokens. That a model knows them is not expected:
`learn.condition.canaries` finds out which it knows.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from zeta_router.core.query import Task
from zeta_router.monitor.engines.protocol import Ask, Conversation
from zeta_router.monitor.engines.reading import decoded

MAX_TOKENS = 24
PATIENCE = 20.0
"""Usual timeouts that an answer may take."""

PATH = "/v1/chat/completions"


class Golden(NamedTuple):
    """A prompt, and what is found in every right answer (a regular expression, any case)."""

    task: Task
    prompt: str
    right: str


GOLDEN = (
    Golden(Task.SIMPLE, "What is the capital of France? Answer with one word.", r"\bparis\b"),
    Golden(Task.SIMPLE, "How many days does a week have? Answer with a number.", r"\b(7|seven)\b"),
    Golden(Task.SIMPLE, "Translate into Spanish, one word: dog", r"\bperro\b"),
    Golden(Task.SIMPLE, "What is the opposite of hot? Answer with one word.", r"\bcold\b"),
    Golden(
        Task.CODE, "What does Python print for print(7 // 2)? Number only.", r"(?<![\d.])3(?!\.?\d)"
    ),
    Golden(
        Task.CODE, "What does Python give for len([4, 5, 6])? Number only.", r"(?<![\d.])3(?!\.?\d)"
    ),
    Golden(Task.CODE, "What does 'abc'.upper() return in Python? Text only.", r"(?-i:\bABC\b)"),
    Golden(Task.CODE, "Which HTTP status means Not Found? Number only.", r"\b404\b"),
    Golden(
        Task.REASONING,
        "Tom is older than Ann. Ann is older than Sue. Who is the youngest? One name.",
        r"\bsue\b",
    ),
    Golden(
        Task.REASONING,
        "A train covers 60 km in 30 minutes. Its speed in km/h? Number only.",
        r"\b120\b",
    ),
    Golden(
        Task.REASONING,
        "All cats are animals. Tom is a cat. Is Tom an animal? Answer yes or no.",
        r"\byes\b",
    ),
    Golden(Task.REASONING, "What comes next: 2, 4, 8, 16? Number only.", r"\b32\b"),
)


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []


_decode = msgspec.json.Decoder(_Answer).decode


def is_right(golden: Golden, text: str) -> bool:
    """Whether an answer holds what every right one does."""
    return re.search(golden.right, text, re.IGNORECASE) is not None


def ask_golden(number: int, model: str) -> Conversation[bool | None]:
    """Whether `model` answers golden prompt `number` rightly; None when it gives no answer."""
    golden = GOLDEN[number]
    body = {
        "model": model,
        "messages": [{"role": "user", "content": golden.prompt}],
        "max_tokens": MAX_TOKENS,
        "temperature": 0,
        "seed": 1,
    }
    ask = Ask(PATH, "POST", msgspec.json.encode(body), patience=PATIENCE, always=True)
    (reply,) = yield (ask,)
    answer = decoded(_decode, reply)
    if answer is None:
        return None
    said = [one.message.content for one in answer.choices if one.message is not None]
    return is_right(golden, said[0] or "") if said else None
