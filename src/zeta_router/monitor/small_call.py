"""The smallest real call to an engine: does it answer, and is there anything in the answer?"""

from __future__ import annotations

import msgspec

from zeta_router.core.query import Operation
from zeta_router.monitor.engines.protocol import Ask, Conversation
from zeta_router.monitor.engines.reading import decoded

PATIENCE = 4.0
"""Usual timeouts that it may take: an engine on a CPU reads a prompt in tenths of seconds."""

LOAD_PATIENCE = 300.0
"""The same where the model has to be loaded first; an engine may stop when the caller leaves."""

_PATHS = {
    Operation.CHAT: "/v1/chat/completions",
    Operation.EMBEDDING: "/v1/embeddings",
    Operation.RERANK: "/v1/rerank",
}


class _Usage(msgspec.Struct):
    completion_tokens: int | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    message: _Message | None = None


class _Vector(msgspec.Struct):
    embedding: list[float] | str | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    data: list[_Vector] = []
    results: list[msgspec.Raw] = []


_decode = msgspec.json.Decoder(_Answer).decode


def small_call(by: Operation, model: str, patience: float = PATIENCE) -> Conversation[bool]:
    """Whether the engine answers such a call for `model` with something that is fit for use."""
    ask = Ask(
        _PATHS[by],
        method="POST",
        body=msgspec.json.encode(_body(by, model)),
        patience=patience,
        always=True,
    )
    (reply,) = yield (ask,)
    answer = decoded(_decode, reply)
    if answer is None:
        return False
    if by is Operation.EMBEDDING:
        return any(vector.embedding for vector in answer.data)
    if by is Operation.RERANK:
        return bool(answer.results)
    return _says_something(answer)


def _body(by: Operation, model: str) -> dict[str, object]:
    if by is Operation.EMBEDDING:
        return {"model": model, "input": "ok"}
    if by is Operation.RERANK:
        return {"model": model, "query": "ok", "documents": ["ok"]}
    messages = [{"role": "user", "content": "Say ok."}]
    return {"model": model, "messages": messages, "max_tokens": 2, "temperature": 0}


def _says_something(answer: _Answer) -> bool:
    """Text, or at least a token by the engine's count: the first one may be of no text."""
    if answer.usage is not None and answer.usage.completion_tokens:
        return True
    said = [choice.message for choice in answer.choices if choice.message is not None]
    return any(one.content or one.reasoning_content or one.reasoning for one in said)
