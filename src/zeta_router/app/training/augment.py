"""The same ask, written as people write it: typos, politeness, no punctuation, wrappers.

A classifier that has only seen clean sources flips on "hi, " and a missing question mark, and
learns each source's wrapper instead of its content. Every change here keeps the task.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Change = Callable[[str, random.Random], str]

_OPENERS = (
    "hi, ", "Hi! ", "hello, ", "hey ", "please ", "Please ", "pls ", "Can you help me? ",
    "Quick one: ", "ok so ", "I need help. ", "Good morning. ", "hey there, ",
    "one more question: ", "Bitte: ", "Bonjour, ", "Hola, ", "Привет! ", "你好，", "こんにちは。",
    "안녕하세요. ",
)  # fmt: skip
_CLOSERS = (
    " please", " Thanks!", " thank you", " thx", "\n\nThanks in advance", " :)", " pls", "!!", "?",
)  # fmt: skip
_WRAPPERS = (
    "Question: {}", "Q: {}", "Q: {}\nA:", "Question: {}\nAnswer:", "User: {}", "Task: {}",
    "### Instruction:\n{}\n\n### Response:", "{}\n\nAnswer:", "Answer the following: {}",
    "\n{}\n", "> {}", "- {}", '"{}"', "[INST] {} [/INST]", "1. {}",
)  # fmt: skip
_PUNCTUATION = ".,?!;:。，？！、؟¿¡"
_NEIGHBOURS = "qwertyuiopasdfghjklzxcvbnm"


def augmented(text: str, draw: random.Random) -> str:
    """`text` after one to three changes drawn at random."""
    for change in draw.sample(_CHANGES, draw.choice((1, 1, 2, 3))):
        text = change(text, draw)
    return text


def with_typos(text: str, draw: random.Random, share: float = 0.05) -> str:
    """`share` of the letters dropped, doubled, swapped with the next or replaced."""
    out: list[str] = []
    chars = iter(range(len(text)))
    for index in chars:
        char = text[index]
        if not char.isalpha() or draw.random() >= share:
            out.append(char)
            continue
        kind = draw.randrange(4)
        if kind == 0:
            continue
        if kind == 1:
            out.append(char * 2)
        elif kind == 2 and index + 1 < len(text):
            out += (text[index + 1], char)
            next(chars, None)
        else:
            out.append(draw.choice(_NEIGHBOURS) if char.isascii() else char)
    return "".join(out)


def _typos(text: str, draw: random.Random) -> str:
    return with_typos(text, draw, draw.choice((0.02, 0.05, 0.08)))


def _lower(text: str, draw: random.Random) -> str:
    return text.lower()


def _open(text: str, draw: random.Random) -> str:
    return draw.choice(_OPENERS) + text


def _close(text: str, draw: random.Random) -> str:
    return text + draw.choice(_CLOSERS)


def _bare(text: str, draw: random.Random) -> str:
    """Without sentence punctuation at the end, or at all."""
    if draw.random() < 0.5:
        return text.rstrip(" .?!。？！؟।")
    return _unpunctuated(text)


def _wrap(text: str, draw: random.Random) -> str:
    return draw.choice(_WRAPPERS).replace("{}", text)


def _one_line(text: str, draw: random.Random) -> str:
    return " ".join(text.split())


_CHANGES: tuple[Change, ...] = (_typos, _lower, _open, _close, _bare, _wrap, _one_line)

PERTURBATIONS: dict[str, Change] = {
    "5 % typos": with_typos,
    "please": lambda text, _: f"please {text}",
    "hi,": lambda text, _: f"hi, {text}",
    "no final punctuation": lambda text, _: text.rstrip(" .?!。？！؟।"),
    "no punctuation": lambda text, _: _unpunctuated(text),
}
"""Changes that should not change a decision, for the report."""


def _unpunctuated(text: str) -> str:
    return "".join(" " if char in _PUNCTUATION else char for char in text)
