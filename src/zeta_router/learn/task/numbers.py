"""Numbers from an excerpt: shape, symbols, scripts and keyword groups.

Everything is counted on UTF-8 bytes: one histogram gives every symbol and every script at once,
and `bytes.translate` folds case and punctuation in half a microsecond whatever the language (a
case-insensitive regex alternation takes more than 100 µs, `str.translate` on Chinese 50).
"""

from __future__ import annotations

from math import log1p
from typing import Final

import numpy as np

from zeta_router.learn.task.lexicon import (
    GROUPS,
    indic_thai_hits,
    semitic_hits,
    syllabic_hits,
    word_hits,
)

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
    "indic_thai": range(0xE0, 0xE1),
    "extended": range(0xE1, 0xE2),
    "mark": range(0xE2, 0xE3),
    "kana": range(0xE3, 0xE4),
    "han": range(0xE4, 0xEA),
    "hangul": range(0xEA, 0xEE),
    "emoji": range(0xF0, 0xF5),
}
"""Script to the UTF-8 lead bytes of its characters; 0xE1 begins accented Vietnamese and smaller
scripts, 0xE3 kana and the punctuation of Chinese and Japanese."""

_COUNTS: Final = (
    "chars", "words", "numbers", "years", "long_numbers",
    "code_mark", "latex_mark", "option_mark", "list_mark",
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
"""The code of a byte that belongs to no class; lower ones are groups, higher ones classes."""

_CLASSES: Final = {name: chars.encode() for name, chars in _SYMBOLS.items()} | {
    name: bytes(leads) for name, leads in _SCRIPTS.items()
}
_CODE: Final = {name: code for code, name in enumerate(_CLASSES, _LETTERS + 1)}
_N_CODES: Final = _LETTERS + 1 + len(_CLASSES)
_DIGIT, _UPPER, _SPACE = _CODE["digit"], _CODE["upper"], _CODE["space"]
_BRACE, _SEMICOLON, _BACKTICK = _CODE["brace"], _CODE["semicolon"], _CODE["backtick"]
_UNDERSCORE, _ANGLE = _CODE["underscore"], _CODE["angle"]
_BACKSLASH, _CARET, _DOLLAR = _CODE["backslash"], _CODE["caret"], _CODE["dollar"]
_PAREN, _NEWLINE = _CODE["paren"], _CODE["newline"]
_KANA, _HAN, _HANGUL = _CODE["kana"], _CODE["han"], _CODE["hangul"]
_SEMITIC, _INDIC_THAI, _CYRILLIC = _CODE["semitic"], _CODE["indic_thai"], _CODE["cyrillic"]
_NOT_WIDE: Final = bytes({*range(256)} - {_KANA, _HAN, _HANGUL, _SEMITIC, _INDIC_THAI})
"""Without these, what is left of the codes are characters of the scripts searched for substrings,
because words are not found by splitting at spaces."""
_BYTE: Final = np.dtype(np.uint8)
_NO_NUMBERS: Final = (0.0, 0.0, 0.0)
_NO_MARKS: Final = (0.0, 0.0)
_OTHER_END: Final = (0.0, 0.0, 0.0, 1.0)
_ENDS: Final = (
    dict.fromkeys("?？؟", (1.0, 0.0, 0.0, 0.0))
    | dict.fromkeys(".!。।！", (0.0, 1.0, 0.0, 0.0))
    | dict.fromkeys(":：", (0.0, 0.0, 1.0, 0.0))
)
"""Last character to what it says: question, stop, colon, other."""

_TYPOGRAPHIC = (
    (_CODE["mark"], tuple(mark.encode() for mark in "“”‘’„…–—")),
    (_CODE["latin_mark"], tuple(mark.encode() for mark in "¿¡«»")),
)
"""Punctuation beyond ASCII, by the code of its first byte."""


def text_features(text: str, length: int) -> list[float]:
    """The features of an excerpt, in the order of `TEXT_FEATURE_NAMES`.

    Args:
        text: The excerpt; at most a few kilobytes.
        length: Characters of the whole text.
    """
    raw = text.encode("utf-8", "replace")
    codes = raw.translate(_CODE_OF)
    n_bytes = len(raw)
    ascii_only = n_bytes == len(text)
    wide = 0 if ascii_only else len(codes.translate(None, _NOT_WIDE))
    words = raw.translate(_FOLD_ASCII).split() if wide else _words(raw, codes, ascii_only)
    unique = set(words)
    if wide:
        found = _wide_hits(text, codes, words, unique)
    else:
        found = word_hits(words, unique, cyrillic=not ascii_only and _CYRILLIC in codes)
    counts = np.bincount(np.frombuffer(codes + found, _BYTE), minlength=_N_CODES)
    logs: list[float] = _LOGS[counts].tolist()
    n_words = len(words) + 1
    numbers = raw.translate(_DIGITS_ONLY).split() if logs[_DIGIT] else []
    count, share = counts.item, 1.0 / (n_bytes + 1)
    logs += (
        log1p(length),
        log1p(n_words - 1),
        *(_number_logs(numbers) if numbers else _NO_NUMBERS),
        logs[_BRACE] + logs[_SEMICOLON] + logs[_BACKTICK] + logs[_UNDERSCORE] + logs[_ANGLE],
        logs[_BACKSLASH] + logs[_CARET] + logs[_DOLLAR],
        *(_mark_logs(raw) if logs[_PAREN] or logs[_NEWLINE] else _NO_MARKS),
        min(12.0, (n_bytes + 1) / n_words),
        count(_DIGIT) * share,
        count(_UPPER) * share,
        count(_SPACE) * share,
        wide * share,
        (n_bytes - len(text)) * share,
        len(unique) / n_words,
        len(numbers) / (n_words + wide),
        1.0 if raw[:1].isupper() else 0.0,
        *_ENDS.get(text.rstrip()[-1:], _OTHER_END),
    )
    return logs


def _words(raw: bytes, codes: bytes, ascii_only: bool) -> list[bytes]:
    """The words in order, folded; typographic punctuation is punctuation too."""
    if not ascii_only:
        for code, marks in _TYPOGRAPHIC:
            if code in codes:
                for mark in marks:
                    raw = raw.replace(mark, b" ")
    return raw.translate(_FOLD).split()


def _wide_hits(text: str, codes: bytes, words: list[bytes], unique: set[bytes]) -> bytes:
    """The keywords of a text in scripts without words: its substrings, and ASCII words if any."""
    found = b""
    if _HAN in codes or _KANA in codes or _HANGUL in codes:
        found = syllabic_hits(text)
    if _SEMITIC in codes:
        found += semitic_hits(text)
    if _INDIC_THAI in codes:
        found += indic_thai_hits(text)
    if words and not b"".join(words).isdigit():
        found += word_hits(words, unique, cyrillic=False)
    return found


def _number_logs(numbers: list[bytes]) -> tuple[float, float, float]:
    """Logs of: all numbers, those that look like a year, those of five digits and more."""
    longest = max(map(len, numbers))
    if longest < 4:
        return (log1p(len(numbers)), 0.0, 0.0)
    years = sum([len(number) == 4 and number[0] in b"12" for number in numbers])
    longer = sum([len(number) > 4 for number in numbers]) if longest > 4 else 0
    return (log1p(len(numbers)), log1p(years), log1p(longer))


def _mark_logs(raw: bytes) -> tuple[float, float]:
    """Logs of how many signs of a multiple choice and of a list there are.

    Looking for two bytes takes a microsecond, for one a twentieth of that: hence the conditions.
    """
    options = (b"B)" in raw) + (b"b)" in raw) if b")" in raw else 0
    if b"\n" not in raw:
        return (_LOG_OF[options], 0.0)
    lists = (b"\n- " in raw) + (b"\n* " in raw) + (b"\n2" in raw)
    return (_LOG_OF[options + (b"\nB." in raw)], _LOG_OF[lists])


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
_FOLD_ASCII = _FOLD[:128] + b" " * 128
"""For scripts without spaces: what is left are the foreign words in between (``用Python写``)."""
_CODE_OF = _code_table()
_LOGS = np.log1p(np.arange(1 << 13))
"""log(1 + count) by count; an excerpt holds far fewer bytes and words than this is long."""
_LOG_OF: list[float] = _LOGS[:4].tolist()
_DIGITS_ONLY = bytes(byte if 48 <= byte <= 57 else 32 for byte in range(256))
