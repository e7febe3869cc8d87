"""Numbers from an excerpt: shape, symbols, scripts and keyword groups.

Everything is counted on UTF-8 bytes: one histogram gives every symbol and every script at once,
and `bytes.translate` folds case and punctuation in half a microsecond whatever the language, where
a case-insensitive regex alternation takes more than 100 µs and `str.translate` on Chinese 50.
"""

from __future__ import annotations

from math import log1p

import numpy as np

from zeta_router.learn.task_lexicon import hits_of_text, hits_of_words
from zeta_router.learn.task_words import GROUPS

_CODE_MARKS = (
    "```", "def ", "class ", "import ", "#include", "return ", "function ", "= ", "==", "=>",
    "->", "()", ");", "{\n", "</", "SELECT ", "public ", "const ", "std::", "print(", "# ",
    "//", "self.", "\n    ", "\n\t", "$ ", "`",
)  # fmt: skip
_ERROR_MARKS = (
    "Traceback", "Exception", "Error:", "error:", "line ", "undefined", "at java.", "errno",
    "panic:", "Segmentation",
)  # fmt: skip
_FILE_MARKS = (
    ".py", ".js", ".ts", ".java", ".cpp", ".go", ".rs", ".html", ".css", ".sql", ".sh", ".json",
    ".yaml", ".yml", ".csv", ".xml", ".ipynb",
)  # fmt: skip
_LATEX_MARKS = (
    "\\frac",
    "\\(",
    "\\[",
    "\\sqrt",
    "\\boxed",
    "\\sum",
    "\\int",
    "^{",
    "_{",
    "$",
    "\\le",
)
_OPTION_MARKS = ("A)", "(A)", "\nA.", "\nA ", "B)", "\nB.", "Options", "(b)", "b)")
_LIST_MARKS = ("\n- ", "\n* ", "\n1.", "1. ", "1) ", "\n2.", "2. ", "2) ")
_MARK_GROUPS = {
    "code_mark": _CODE_MARKS,
    "error_mark": _ERROR_MARKS,
    "file_mark": _FILE_MARKS,
    "latex_mark": _LATEX_MARKS,
    "option_mark": _OPTION_MARKS,
    "list_mark": _LIST_MARKS,
}

_SYMBOLS = {
    "brace": "{}", "bracket": "[]", "paren": "()", "semicolon": ";", "equals": "=", "angle": "<>",
    "quote": '"', "apostrophe": "'", "backtick": "`", "hash": "#", "dollar": "$",
    "backslash": "\\", "caret": "^", "underscore": "_", "pipe": "|", "plus": "+", "minus": "-",
    "star": "*", "slash": "/", "percent": "%", "colon": ":", "comma": ",", "period": ".",
    "question": "?", "exclamation": "!", "at": "@", "ampersand": "&", "newline": "\n",
}  # fmt: skip
_SYMBOL_BYTES = {name: tuple(chars.encode()) for name, chars in _SYMBOLS.items()}

_SCRIPTS = {
    "latin_accent": range(0xC3, 0xC6),
    "greek": range(0xCE, 0xD0),
    "cyrillic": range(0xD0, 0xD2),
    "semitic": range(0xD7, 0xDC),
    "indic_thai": range(0xE0, 0xE2),
    "symbol": range(0xE2, 0xE3),
    "kana": range(0xE3, 0xE4),
    "han": range(0xE4, 0xEA),
    "hangul": range(0xEA, 0xEE),
    "emoji": range(0xF0, 0xF5),
}
"""Script to the UTF-8 lead bytes of its characters (0xE3 holds CJK punctuation too)."""

_OPENINGS = {
    "open_wh": b"what who whom when where which whose was wer wann wo qui quand quien cuando donde "
    b"quem quando onde chi dove wie wat waar vem var kto gdzie siapa kapan apa nani lini wapi",
    "open_how": b"how",
    "open_why": b"why explain compare analyze analyse discuss evaluate",
    "open_aux": b"is are was were do does did can could would should will has have am may if",
    "open_write": b"write create implement develop design build generate make give code add fix",
    "open_solve": b"prove show find calculate compute solve determine evaluate simplify let "
    b"suppose consider given derive if assume",
    "open_chat": b"hi hello hey thanks i my you tell please set play call turn remind book order",
    "open_text": b"translate summarize summarise rewrite paraphrase classify correct list name "
    b"describe suggest imagine pretend recommend",
}
_OPENING_SETS = tuple(frozenset(words.split()) for words in _OPENINGS.values())

TEXT_FEATURE_NAMES: tuple[str, ...] = (
    "chars", "words", "lines", "word_length", "digit_ratio", "upper_ratio", "space_ratio",
    "numbers", "non_ascii_ratio", "ends_question", "ends_period", "repeated_words",
    *(f"sym_{name}" for name in _SYMBOLS),
    *(f"script_{name}" for name in _SCRIPTS),
    *_MARK_GROUPS,
    *_OPENINGS,
    *(f"kw_{name}" for name in GROUPS),
    *(f"share_{name}" for name in GROUPS),
)  # fmt: skip

_QUESTION_ENDS = (b"?", "？".encode(), "؟".encode())
_PERIOD_ENDS = (b".", b"!", "。".encode(), "।".encode())


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


_FOLD = _fold_table()
_SPANISH_OPENERS = ("¿".encode(), "¡".encode())
_TYPOGRAPHIC = tuple(mark.encode() for mark in "“”‘’„«»…–—")


def text_features(text: str, length: int) -> tuple[float, ...]:
    """The features of an excerpt, in the order of `TEXT_FEATURE_NAMES`.

    Args:
        text: The excerpt; at most a few kilobytes.
        length: Characters of the whole text.
    """
    raw = text.encode("utf-8", "replace")
    codes = np.frombuffer(raw, np.uint8)
    histogram = np.bincount(codes, minlength=256).tolist()
    words = _words(raw, histogram)
    unique = set(words)
    hits = hits_of_words(unique, _folded(words))
    scripts = [sum(histogram[b] for b in lead) for lead in _SCRIPTS.values()]
    if sum(scripts[3:5]) + sum(scripts[6:9]) > 0:
        hits_of_text(text, hits)
    total = log1p(len(unique) + scripts[6] + scripts[7])
    return (
        *_shape(text, raw, codes, histogram, words, unique, length),
        *(log1p(sum(histogram[b] for b in group)) for group in _SYMBOL_BYTES.values()),
        *(count / (len(raw) + 1) for count in scripts),
        *(log1p(sum(mark in text for mark in marks)) for marks in _MARK_GROUPS.values()),
        *(float(bool(words) and words[0] in opening) for opening in _OPENING_SETS),
        *(log1p(count) for count in hits),
        *(log1p(count) / (1.0 + total) for count in hits),
    )


def _words(raw: bytes, histogram: list[int]) -> list[bytes]:
    folded = raw.translate(_FOLD)
    if histogram[0xC2]:
        for mark in _SPANISH_OPENERS:
            folded = folded.replace(mark, b" ")
    if histogram[0xE2] or histogram[0xC2]:
        for mark in _TYPOGRAPHIC:
            folded = folded.replace(mark, b" ")
    return folded.split()


def _folded(words: list[bytes]) -> bytes:
    return b" %b " % b" ".join(words)


def _shape(
    text: str,
    raw: bytes,
    codes: np.ndarray[tuple[int], np.dtype[np.uint8]],
    histogram: list[int],
    words: list[bytes],
    unique: set[bytes],
    length: int,
) -> tuple[float, ...]:
    size = len(raw) + 1
    digit = (codes >= 48) & (codes <= 57)
    numbers = int(np.count_nonzero(digit[1:] & ~digit[:-1])) + int(digit[:1].any())
    digits = sum(histogram[48:58])
    end = raw[-16:].rstrip()
    return (
        log1p(length),
        log1p(len(words)),
        log1p(histogram[10]),
        min(12.0, len(text) / (len(words) + 1)),
        digits / size,
        sum(histogram[65:91]) / size,
        histogram[32] / size,
        log1p(numbers),
        1.0 - sum(histogram[:128]) / size,
        float(end.endswith(_QUESTION_ENDS)),
        float(end.endswith(_PERIOD_ENDS)),
        1.0 - len(unique) / (len(words) + 1),
    )
