"""An engine that denies what others answer is at fault; where all deny, the client is."""

from __future__ import annotations

import asyncio

import pytest

from support.gateways import gateway, on_loopback
from support.scripted import ScriptedEngine, say_and_hang, whole
from zeta_router.control.ejection import BAD_IN_A_ROW
from zeta_router.core.outcome import Status
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import DecisionRecord

DENIALS = [401, 403, 404, 405]
BODY = b'{"error": {"message" : "model not found", "x":1.0}}\n'


@pytest.mark.parametrize("status", DENIALS)
def test_another_engine_answers(status: int) -> None:
    async def scenario() -> None:
        denies, good = ScriptedEngine(otherwise=whole(BODY, status)), ScriptedEngine()
        good.otherwise = whole()
        async with gateway(("a", "coder", denies), ("b", "coder", good)) as made:
            for _ in range(3):
                got = await made.chat()
                assert (got.status, got.headers["x-zeta-endpoint"]) == (200, "b")
            first = made.outcomes[0]
            assert (first.status, first.http_status) == (Status.UPSTREAM_DENIED, status)
            assert not first.started

    on_loopback(scenario)


def test_whoever_denies_what_others_answer_is_taken_out() -> None:
    async def scenario() -> None:
        denies, good = ScriptedEngine(otherwise=whole(BODY, 404)), ScriptedEngine()
        good.otherwise = whole()
        async with gateway(("a", "coder", denies), ("b", "coder", good)) as made:
            for _ in range(40):
                assert (await made.chat()).status == 200
            assert made.states() == {"a": "ejected", "b": "up"}
            assert len(denies.asked) == BAD_IN_A_ROW

    on_loopback(scenario)


USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "output_tokens": 1}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/completions", {"choices": [{"text": "a"}], "usage": USAGE}),
        ("/v1/responses", {"output": [{"content": [{"type": "output_text", "text": "a"}]}]}),
    ],
)
def test_not_to_know_a_rarer_kind_of_call_is_no_fault(path: str, said: object) -> None:
    async def scenario() -> None:
        denies, good = ScriptedEngine(otherwise=whole(BODY, 404)), ScriptedEngine()
        good.otherwise = whole(said)
        body = {"prompt": "a", "input": "a", "model": "coder"}
        async with gateway(("a", "coder", denies), ("b", "coder", good)) as made:
            for _ in range(20):
                assert (await made.ask(body, path)).status == 200
            assert made.states() == {"a": "up", "b": "up"}

    on_loopback(scenario)


@pytest.mark.parametrize("status", DENIALS)
@pytest.mark.parametrize("engines", [1, 2])
def test_where_all_deny_it_the_client_gets_their_words_and_nobody_is_blamed(
    status: int, engines: int
) -> None:
    async def scenario() -> None:
        specs = [
            (f"c{n}", "coder", ScriptedEngine(otherwise=whole(BODY, status)))
            for n in range(engines)
        ]
        async with gateway(*specs) as made:
            for _ in range(2 * BAD_IN_A_ROW):
                got = await made.chat()
                assert (got.status, got.body) == (status, BODY)
                assert got.headers["x-zeta-attempts"] == str(engines)
            assert {one.status for one in made.outcomes} == {Status.UPSTREAM_DENIED}
            assert set(made.states().values()) == {"up"}
            last = made.records[-1]
            assert isinstance(last, DecisionRecord)
            assert last.decision.reason is Reason.DENIED

    on_loopback(scenario)


def test_it_does_not_wait_for_the_opinion_of_one_that_is_down() -> None:
    async def scenario() -> None:
        denies = ScriptedEngine(otherwise=whole(BODY, 404))
        async with gateway(("a", "coder", denies), ("b", "coder", None)) as made:
            for _ in range(3):
                got = await made.chat()
                assert (got.status, got.body) == (404, BODY)
            assert made.driver.clock() < 1.0 or made.queued == 0

    on_loopback(scenario)


def test_where_the_others_are_too_busy_that_is_what_the_client_hears() -> None:
    async def scenario() -> None:
        denies = ScriptedEngine(otherwise=whole(BODY, 404))
        full = ScriptedEngine(otherwise=say_and_hang())
        async with gateway(("a", "coder", full), ("b", "coder", denies), slots=1) as made:
            running = asyncio.create_task(made.chat())
            await made.until(lambda: full.asked)
            asking = asyncio.create_task(made.chat())
            await made.until(lambda: made.queued == 1)
            made.move(6.0)
            got = await asking
            assert (got.status, got.error["code"]) == (429, "no_capacity")
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await made.until(lambda: made.idle)

    on_loopback(scenario)
