"""The call that asks an engine for first-token log-probabilities."""

from __future__ import annotations

import msgspec

from zeta_router.learn.condition.logprobs import ROUND
from zeta_router.monitor.engines.protocol import Ask, Conversation, Reply
from zeta_router.monitor.engines.reading import decoded
from zeta_router.monitor.golden import PATH, PATIENCE

PROMPT = "x"
TOP = 20

_NO_ANSWER = frozenset({0, 408, 429})
"""Besides errors of its own: no reply at all, too late, too busy."""


class _Top(msgspec.Struct):
    token: str
    logprob: float


class _Token(msgspec.Struct):
    top_logprobs: list[_Top] = []


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    logprobs: _Logprobs | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []


_decode = msgspec.json.Decoder(_Answer).decode


def ask_logprobs(model: str) -> Conversation[tuple[dict[str, float], ...] | None]:
    """A round of samples, one after the other; empty where the engine does not give them.

    None when it gave no answer: that it failed or was full for once says nothing of what it gives.
    """
    body = {
        "model": model,
        "messages": [{"role": "user", "content": PROMPT}],
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": TOP,
    }
    ask = Ask(PATH, "POST", msgspec.json.encode(body), patience=PATIENCE, always=True)
    samples = []
    for _ in range(ROUND):
        (reply,) = yield (ask,)
        if reply.status in _NO_ANSWER or reply.status >= 500:
            return None
        sample = _sample(reply)
        if not sample:
            return ()
        samples.append(sample)
    return tuple(samples)


def _sample(reply: Reply) -> dict[str, float]:
    """Log-probability by token; empty when there is none."""
    answer = decoded(_decode, reply)
    if answer is None:
        return {}
    found = answer.choices[0].logprobs if answer.choices else None
    content = found.content if found is not None else None
    return {top.token: top.logprob for top in content[0].top_logprobs} if content else {}
