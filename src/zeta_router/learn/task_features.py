"""Numbers from an excerpt: shape, symbols, scripts and keyword groups.

Everything is counted on UTF-8 bytes: one histogram gives every symbol and every script at once,
and `bytes.translate` folds case and punctuation in half a microsecond whatever the language (a
case-insensitive regex alternation takes more than 100 µs, `str.translate` on Chinese 50).
"""

from __future__ import annotations

from collections.abc import Callable
from math import log1p
from typing import Final

import numpy as np

from zeta_router.learn.task_lexicon import GROUPS, substring_hits, word_hits

_SYMBOLS: Final = {
    "brace": "{}", "bracket": "[]", "paren": "()", "semicolon": ";", "equals": "=", "angle": "<>",
    "quote": '"', "apostrophe": "'", "backtick": "`", "hash": "#", "dollar": "$",
    "backslash": "\\", "caret": "^", "underscore": "_", "pipe": "|", "plus": "+", "minus": "-",
    "star": "*", "slash": "/", "percent": "%", "colon": ":", "comma": ",", "period": ".",
    "question": "?", "exclamation": "!", "at": "@", "ampersand": "&", "newline": "\n", "tab": "\t",
    "digit": "0123456789", "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "space": " ",
}  # fmt: skip

_SCRIPTS: Final = {
    "latin_mark": range(0xC2, 0xC3),
    "latin_accent": range(0xC3, 0xC6),
    "greek": range(0xCE, 0xD0),
    "cyrillic": range(0xD0, 0xD2),
    "semitic": range(0xD7, 0xDC),
    "indic_thai": range(0xE0, 0xE2),
    "mark": range(0xE2, 0xE3),
    "kana": range(0xE3, 0xE4),
    "han": range(0xE4, 0xEA),
    "hangul": range(0xEA, 0xEE),
    "emoji": range(0xF0, 0xF5),
}
"""Script to the UTF-8 lead bytes of its characters (0xE3 holds CJK punctuation too)."""

_WIDE: Final = ("semitic", "indic_thai", "kana", "han", "hangul")
"""Scripts searched for substrings, because words are not found by splitting at spaces."""

_MARKS: Final = {
    "option_mark": (b"B)", b"\nB.", b"b)"),
    "list_mark": (b"\n- ", b"\n* ", b"\n2"),
}
"""Marks of a multiple choice and of a list; counted by how many kinds there are."""

_SUMS: Final = {
    "code_mark": ("brace", "semicolon", "backtick", "underscore", "angle"),
    "latex_mark": ("backslash", "caret", "dollar"),
}
"""Symbols that mean little alone, counted together."""

_COUNTS: Final = (
    "chars", "words", "numbers", "years", "long_numbers", *_SUMS, *_MARKS,
)  # fmt: skip
_RATIOS: Final = (
    "mean_word", "digit_ratio", "upper_ratio", "space_ratio", "wide_ratio", "non_ascii_ratio",
    "distinct_ratio", "number_ratio", "starts_upper", "ends_question", "ends_period", "ends_colon",
    "ends_other",
)  # fmt: skip

TEXT_FEATURE_NAMES: Final[tuple[str, ...]] = (
    *(f"kw_{name}" for name in GROUPS),
    *(f"head_{name}" for name in GROUPS),
    "letters",
    *("lines" if name == "newline" else f"symbol_{name}" for name in _SYMBOLS),
    *(f"script_{name}" for name in _SCRIPTS),
    *_COUNTS,
    *_RATIOS,
)
"""What `text_features` returns, by place. All but the ratios are log(1 + count)."""

_LETTERS: Final = 2 * len(GROUPS)
"""The code of a byte that belongs to no class; codes below are groups, codes above codes."""

_CLASSES: Final = {name: chars.encode() for name, chars in _SYMBOLS.items()} | {
    name: bytes(leads) for name, leads in _SCRIPTS.items()
}
_CODE: Final = {name: code for code, name in enumerate(_CLASSES, _LETTERS + 1)}
_N_CODES: Final = _LETTERS + 1 + len(_CLASSES)
_DIGIT, _UPPER, _SPACE = _CODE["digit"], _CODE["upper"], _CODE["space"]
_WIDE_CODES: Final = tuple(bytes([_CODE[name]]) for name in _WIDE)
_SUM_CODES: Final = tuple([_CODE[name] for name in names] for names in _SUMS.values())
_MARK_BYTES: Final = tuple(_MARKS.values())

_QUESTION_ENDS = (b"?", "？".encode(), "؟".encode())
_PERIOD_ENDS = (b".", b"!", "。".encode(), "।".encode(), "！".encode())
_COLON_ENDS = (b":", "：".encode())
_TYPOGRAPHIC = (
    (b"\xe2\x80", tuple(mark.encode() for mark in "“”‘’„…–—")),
    (b"\xc2", tuple(mark.encode() for mark in "¿¡«»")),
)


def text_features(text: str, length: int) -> tuple[float, ...]:
    """The features of an excerpt, in the order of `TEXT_FEATURE_NAMES`.

    Args:
        text: The excerpt; at most a few kilobytes.
        length: Characters of the whole text.
    """
    raw = text.encode("utf-8", "replace")
    codes = raw.translate(_CODE_OF)
    ascii_only = len(raw) == len(text)
    wide = 0 if ascii_only else sum([codes.count(script) for script in _WIDE_CODES])
    words = (raw if ascii_only else _spaced(raw)).translate(_FOLD).split()
    unique = set(words)
    found = word_hits(words, unique, cyrillic=not ascii_only)
    if wide:
        found += substring_hits(text)
    numbers = raw.translate(_DIGITS_ONLY).split()
    counts = np.bincount(np.frombuffer(codes + bytes(found), np.uint8), minlength=_N_CODES)
    logs = np.log1p(counts).tolist()
    n_words = len(words) + 1
    return (
        *logs,
        log1p(length),
        log1p(n_words - 1),
        *_number_logs(numbers),
        *[sum([logs[column] for column in columns]) for columns in _SUM_CODES],
        *[log1p(sum([mark in raw for mark in marks])) for marks in _MARK_BYTES],
        min(12.0, (len(raw) + 1) / n_words),
        *_byte_ratios(raw, len(text), counts.item, wide),
        len(unique) / n_words,
        len(numbers) / (n_words + wide),
        *_ends(raw),
    )


def _spaced(raw: bytes) -> bytes:
    """With typographic punctuation turned into spaces; the rest of it is ASCII."""
    for lead, marks in _TYPOGRAPHIC:
        if lead in raw:
            for mark in marks:
                raw = raw.replace(mark, b" ")
    return raw


def _number_logs(numbers: list[bytes]) -> tuple[float, float, float]:
    """Logs of: all numbers, those that look like a year, those of five digits and more."""
    if not numbers:
        return (0.0, 0.0, 0.0)
    lengths = [len(number) for number in numbers]
    years = 0
    if 4 in lengths:
        years = sum([len(number) == 4 and number[0] in b"12" for number in numbers])
    return (log1p(len(numbers)), log1p(years), log1p(len([n for n in lengths if n > 4])))


def _byte_ratios(
    raw: bytes, chars: int, count: Callable[[int], int], wide: int
) -> tuple[float, float, float, float, float]:
    """Shares of digits, capitals, spaces, wide scripts, and of bytes beyond one a character."""
    size = len(raw) + 1
    return (
        count(_DIGIT) / size,
        count(_UPPER) / size,
        count(_SPACE) / size,
        wide / size,
        (len(raw) - chars) / size,
    )


def _ends(raw: bytes) -> tuple[float, float, float, float, float]:
    """Whether it starts with a capital; and ends with a question mark, a stop, a colon, neither."""
    end = raw[-24:].rstrip()
    question = end.endswith(_QUESTION_ENDS)
    period = end.endswith(_PERIOD_ENDS)
    colon = end.endswith(_COLON_ENDS)
    return (
        float(raw[:1].isupper()),
        float(question),
        float(period),
        float(colon),
        float(not (question or period or colon)),
    )


def _fold_table() -> bytes:
    """Byte to byte: ASCII letters lower, punctuation to spaces except ``+`` and ``#``."""
    table = bytearray(range(256))
    for byte in range(128):
        char = chr(byte)
        if char.isupper():
            table[byte] = ord(char.lower())
        elif not char.isalnum() and char not in "+#":
            table[byte] = 32
    return bytes(table)


def _code_table() -> bytes:
    """Byte to the code of its class."""
    table = bytearray([_LETTERS]) * 256
    for name, members in _CLASSES.items():
        for byte in members:
            table[byte] = _CODE[name]
    return bytes(table)


_FOLD = _fold_table()
_CODE_OF = _code_table()
_DIGITS_ONLY = bytes(byte if 48 <= byte <= 57 else 32 for byte in range(256))
