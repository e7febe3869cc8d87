"""Asking for first-token log-probabilities, as engines really answer."""

from __future__ import annotations

import json

import pytest

from zeta_router.core.fleet import Endpoint
from zeta_router.learn.condition.logprobs import ROUND
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.contact import Contacts
from zeta_router.monitor.engines.protocol import Reply
from zeta_router.monitor.logprob_call import ask_logprobs
from zeta_router.monitor.probes import Prober

TOP = [{"token": "x", "logprob": -1.82, "bytes": [120]}, {"token": "The", "logprob": -2.19}]


def reply(logprobs: object, status: int = 200) -> Reply:
    choice = {"index": 0, "message": {"content": "x"}, "logprobs": logprobs}
    return Reply(0.0, status, json.dumps({"choices": [choice]}).encode())


def given() -> Reply:
    return reply({"content": [{"token": "x", "logprob": -1.82, "top_logprobs": TOP}]})


def round_of(*replies: Reply) -> tuple[dict[str, float], ...]:
    conversation = ask_logprobs("m")
    next(conversation)
    try:
        for each in replies:
            conversation.send((each,))
    except StopIteration as end:
        return end.value
    raise AssertionError("it wants more replies")


def test_a_round_is_five_samples():
    assert round_of(*[given()] * ROUND) == ({"x": -1.82, "The": -2.19},) * ROUND


@pytest.mark.parametrize(
    "bad",
    [
        reply(None),
        reply({"content": None}),
        reply({"content": []}),
        reply({"content": [{"token": "x", "logprob": -1.0}]}),
        reply(None, 400),
        Reply(0.0, 200, b"{"),
        Reply(0.0, 200, b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
        reply(None, 404),
    ],
)
def test_an_engine_that_gives_none_is_asked_once(bad):
    assert round_of(bad) == ()


def test_half_a_round_is_none():
    assert round_of(given(), given(), reply(None)) == ()


@pytest.mark.parametrize(
    "bad", [Reply(0.0, problem="no answer"), reply(None, 429), reply(None, 500), reply(None, 503)]
)
def test_no_answer_says_nothing_of_what_it_gives(bad):
    assert round_of(bad) is None
    assert round_of(given(), given(), bad) is None


def test_the_prober_brings_them(with_engines):
    async def scenario(session, engine):
        prober = Prober(Contacts(EngineClient(session)), clock=lambda: 1.0)
        return await prober.canary(Endpoint("e", engine.url, "m", engine="vllm"), 3, None)

    answered = with_engines(scenario, {"/v1/chat/completions": given(), "/health": Reply(0, 200)})
    assert (answered.number, answered.right, len(answered.logprobs)) == (None, None, ROUND)
