"""Whether the code in an answer can be read by those it is for, as far as can be told quickly.

Python is parsed and JSON decoded. Of other languages with brackets only these are counted; of the
rest nothing is said. Code that shows a session or a part of a file does not parse either, so a
failure is a sign, never a proof.
"""

from __future__ import annotations

import ast
import re
import warnings
from textwrap import dedent

import msgspec

from zeta_router.gateway.reading.body import UNREADABLE

PARSED_BYTES = 2048
"""Longest Python that is parsed (about 0.7 ms); of longer code only the brackets are counted."""

MOST_BLOCKS = 4

_FENCE = re.compile(
    r"^[ \t]*```[ \t]*([\w+#.-]*)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL
)
_PYTHON = frozenset({"python", "py", "python3"})
_BRACKETED = frozenset(
    {
        "javascript", "js", "jsx", "typescript", "ts", "tsx", "java", "c", "cpp", "c++", "csharp",
        "cs", "c#", "go", "rust", "rs", "kotlin", "swift", "scala", "php", "dart", "css",
    }
)  # fmt: skip
_ASIDE = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.DOTALL
)
_NO_BRACKET = re.compile(r"[^()\[\]{}]+")
_OPENS = {")": "(", "]": "[", "}": "{"}


def code_parses(text: str) -> bool | None:
    """Whether every fenced block that can be judged is sound; None where none can."""
    verdicts = [
        _sound(match[1].lower(), match[2])
        for match, _ in zip(_FENCE.finditer(text), range(MOST_BLOCKS), strict=False)
    ]
    known = [verdict for verdict in verdicts if verdict is not None]
    return all(known) if known else None


def _sound(language: str, code: str) -> bool | None:
    if not code.strip():
        return None
    if language == "json":
        return _is_json(code)
    if language in _PYTHON:
        if ">>>" in code or len(code) > PARSED_BYTES:
            return None
        return _is_python(dedent(code))
    return _balanced(code) if language in _BRACKETED else None


def _is_json(code: str) -> bool:
    try:
        msgspec.json.decode(code.encode("utf-8", "replace"))
    except UNREADABLE:
        return False
    return True


def _is_python(code: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _balanced(code: str) -> bool:
    """Whether brackets close in order, strings and comments set aside."""
    waiting: list[str] = []
    for bracket in _NO_BRACKET.sub("", _ASIDE.sub("", code)):
        if bracket not in _OPENS:
            waiting.append(bracket)
        elif not waiting or waiting.pop() != _OPENS[bracket]:
            return False
    return not waiting
