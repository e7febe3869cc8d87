"""The smallest real call: what counts as an answer that is fit for use."""

from __future__ import annotations

import asyncio
import json

import pytest

from zeta_router.core.fleet import Endpoint
from zeta_router.core.query import Operation
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.contact import Contacts
from zeta_router.monitor.engines.protocol import Reply
from zeta_router.monitor.probes import Prober
from zeta_router.monitor.small_call import small_call
from zeta_router.router.events import Probed

CHAT, EMBEDDING, RERANK = Operation.CHAT, Operation.EMBEDDING, Operation.RERANK


def verdict(by: Operation, reply: Reply) -> bool:
    """What the conversation makes of a reply."""
    conversation = small_call(by, "m")
    next(conversation)
    try:
        conversation.send((reply,))
    except StopIteration as end:
        return end.value
    raise AssertionError("it asked twice")


def said(value: object, status: int = 200) -> Reply:
    return Reply(0.0, status, json.dumps(value).encode())


def chat(content: str | None, tokens: int | None = None) -> object:
    usage = {} if tokens is None else {"usage": {"completion_tokens": tokens}}
    return {"choices": [{"message": {"role": "assistant", "content": content}}], **usage}


@pytest.mark.parametrize(
    ("by", "body", "fit"),
    [
        (CHAT, chat("ok"), True),
        (CHAT, chat(None, 2), True),
        (CHAT, {"choices": [{"message": {"content": "", "reasoning": "Hm"}}]}, True),
        (CHAT, chat(""), False),
        (CHAT, chat("", 0), False),
        (CHAT, {"choices": []}, False),
        (CHAT, {"error": "out of memory"}, False),
        (EMBEDDING, {"data": [{"embedding": [0.1, 0.2]}]}, True),
        (EMBEDDING, {"data": [{"embedding": "AACAPw=="}]}, True),
        (EMBEDDING, {"data": [{"embedding": []}]}, False),
        (EMBEDDING, {"data": []}, False),
        (RERANK, {"results": [{"index": 0, "relevance_score": 0.5}]}, True),
        (RERANK, {"results": []}, False),
    ],
)
def test_an_answer_has_to_hold_something(by, body, fit):
    assert verdict(by, said(body)) is fit


@pytest.mark.parametrize("status", [0, 400, 404, 500, 503])
def test_any_other_status_is_no_answer(status):
    assert verdict(CHAT, said(chat("ok", 1), status)) is False


NOT_UTF8 = b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'
DEEP = b'{"choices": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
DEEP_ELSEWHERE = b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"choices": 3}',
        b"\xff\xfe",
        b'{"choices"',
        NOT_UTF8,
        DEEP,
        DEEP_ELSEWHERE,
    ],
)
def test_garbage_is_no_answer(body):
    assert verdict(CHAT, Reply(0.0, 200, body)) is False


def test_it_asks_for_two_tokens_and_is_never_answered_from_memory():
    (ask,) = next(small_call(CHAT, "qwen"))
    body = json.loads(ask.body)
    assert (ask.method, ask.path, ask.always) == ("POST", "/v1/chat/completions", True)
    assert (body["model"], body["max_tokens"]) == ("qwen", 2)


def test_the_prober_asks_when_it_is_told_to(with_engines):
    async def scenario(session, engine):
        prober = Prober(Contacts(EngineClient(session)), clock=lambda: 12.0)
        return await prober.probe(Endpoint("e", engine.url, "m", engine="vllm"), 3, CHAT)

    reply = said(chat("ok"))
    probed = with_engines(scenario, {"/v1/chat/completions": reply, "/health": Reply(0, 200)})
    assert probed == Probed(12.0, "e", 3, alive=True, deep=True)


def test_one_that_is_healthy_and_never_answers_is_not_fit(with_engines):
    async def hang(request):
        await asyncio.Event().wait()

    async def scenario(session, engine):
        contacts = Contacts(EngineClient(session, timeout_s=0.02))
        endpoint = Endpoint("e", engine.url, "m", engine="vllm")
        return await Prober(contacts, clock=lambda: 0.0).probe(endpoint, 1, CHAT)

    replies = {"/v1/chat/completions": hang, "/health": Reply(0, 200)}
    assert with_engines(scenario, replies).alive is False
