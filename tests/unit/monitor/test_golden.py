"""The golden prompts: exact checkers, and a call that says nothing where it has no answer."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from zeta_router.core.fleet import Endpoint
from zeta_router.core.query import GENERATIVE_TASKS
from zeta_router.learn.condition.canaries import COUNT
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.contact import Contacts
from zeta_router.monitor.engines.protocol import Reply
from zeta_router.monitor.golden import GOLDEN, ask_golden, is_right
from zeta_router.monitor.probes import Prober
from zeta_router.router.events import CanaryAnswered

RIGHT = (
    "Paris", "seven", "El perro", "Cold.", "3", "3", "'ABC'", "404", "Sue", "120 km/h", "Yes.",
    "The next number is 32.",
)  # fmt: skip
WRONG = (
    "Lyon", "17", "perros", "Coldplay", "3.5", "13", "abc", "1404", "Tom", "60", "No", "320",
)  # fmt: skip


def verdict(number: int, reply: Reply) -> bool | None:
    conversation = ask_golden(number, "m")
    next(conversation)
    try:
        conversation.send((reply,))
    except StopIteration as end:
        return end.value
    raise AssertionError("it asked twice")


def said(content: str | None) -> Reply:
    body = {"choices": [{"message": {"role": "assistant", "content": content}}]}
    return Reply(0.0, 200, json.dumps(body).encode())


def test_there_are_four_of_each_kind():
    assert len(GOLDEN) == COUNT == len(RIGHT) == len(WRONG)
    assert Counter(one.task for one in GOLDEN) == dict.fromkeys(GENERATIVE_TASKS, 4)


@pytest.mark.parametrize("number", range(COUNT))
def test_the_checkers_are_exact(number):
    assert is_right(GOLDEN[number], RIGHT[number])
    assert not is_right(GOLDEN[number], WRONG[number])
    assert not is_right(GOLDEN[number], "")


def test_an_empty_answer_is_a_wrong_one():
    assert verdict(0, said("")) is False
    assert verdict(0, said(None)) is False


@pytest.mark.parametrize(
    "reply",
    [
        Reply(0.0, 500),
        Reply(0.0, 429),
        Reply(0.0, problem="no answer"),
        Reply(0.0, 200, b"<!"),
        Reply(0.0, 200, b'{"choices": [{"message": {"content": "\xff"}}]}'),
    ],
)
def test_no_answer_says_nothing_about_quality(reply):
    assert verdict(0, reply) is None


def test_it_asks_for_few_tokens_at_temperature_zero():
    (ask,) = next(ask_golden(3, "qwen"))
    body = json.loads(ask.body)
    assert (body["model"], body["temperature"]) == ("qwen", 0)
    assert body["max_tokens"] <= 32


def test_the_prober_asks_it(with_engines):
    async def scenario(session, engine):
        prober = Prober(Contacts(EngineClient(session)), clock=lambda: 12.0)
        return await prober.canary(Endpoint("e", engine.url, "m", engine="vllm"), 3, 0)

    replies = {"/v1/chat/completions": said("Paris."), "/health": Reply(0, 200)}
    assert with_engines(scenario, replies) == CanaryAnswered(12.0, "e", 3, 0, right=True)
