"""Prompts of given lengths, no two of which begin alike: a prefix cache must find nothing."""

from __future__ import annotations

from random import Random

ASK = "Continue this list of words with many more words, one after the other, and never stop:"
"""Put before the words, after a mark of the prompt's own: asks for a long answer."""

_TEXT = """
time year people way day man thing woman life child world school state family student group
country problem hand part place case week company system program question work government number
night point home water room mother area money story fact month lot right study book eye job word
business issue side kind head house service friend father power hour game line end member law
car city community name president team minute idea kid body information back parent face others
level office door health person art war history party result change morning reason research girl
guy moment air teacher force education
"""
_WORDS = _TEXT.split()

_ASK_TOKENS = 24


def prompt(serial: int, tokens: int) -> str:
    """A prompt of about this many tokens, at least about 30.

    Common English words are one token each in most vocabularies; what it really came to, the
    engine tells.
    """
    draw = Random(f"calibrate:{serial}")
    words = " ".join(draw.choices(_WORDS, k=max(4, tokens - _ASK_TOKENS)))
    return f"{draw.choice(_WORDS)} {serial} {draw.choice(_WORDS)}. {ASK} {words}"
