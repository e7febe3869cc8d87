"""Looks at answers, through the real gateway: found, told, and never in anybody's way."""

from __future__ import annotations

import asyncio
import json

import pytest

from support.gateways import CHAT, MESSAGES, Gateway, gateway, on_loopback
from support.scripted import COMPLETION, ScriptedEngine, spoken, stream, whole
from zeta_router.core.checks import Checks
from zeta_router.core.query import Query, Task, certain
from zeta_router.gateway.checking import looking
from zeta_router.gateway.checking.kept_text import Kept
from zeta_router.gateway.checking.looking import Looking
from zeta_router.router.commands import ChecksRecord
from zeta_router.router.events import Checked

SORRY = {
    **COMPLETION,
    "choices": [
        {"message": {"content": "I'm sorry, but I can't help with that."}, "finish_reason": "stop"}
    ],
}


def found(made: Gateway) -> list[ChecksRecord]:
    return [record for record in made.records if isinstance(record, ChecksRecord)]


def test_a_streamed_answer_is_looked_at_after_its_last_byte() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=stream(spoken("```python\n", "def f(:\n", "```")))
        async with gateway(("c", "coder", engine)) as made:
            got = await made.chat(stream=True)
            assert got.events[-1] == "[DONE]"
            await made.until(lambda: found(made))
            (record,) = found(made)
            assert record.query_id == got.headers["x-zeta-decision-id"]
            assert record.model == "coder"
            assert record.checks.code_parses is False
            kinds = [type(each).__name__ for each in made.records]
            assert kinds.index("OutcomeRecord") < kinds.index("ChecksRecord")

    on_loopback(scenario)


def test_an_answer_in_one_piece_lowers_its_model_when_it_refuses() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=whole(SORRY))
        async with gateway(("c", "coder", engine)) as made:
            cells = made.driver.router.knowledge.quality
            code = certain(Task.CODE).topics
            before = cells.mean(code, "coder")
            got = await made.chat()
            await made.until(lambda: found(made))
            assert got.status == 200
            assert found(made)[0].checks.refusal
            assert cells.mean(code, "coder") < before

    on_loopback(scenario)


def test_json_that_was_asked_for_is_checked() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=whole())
        async with gateway(("c", "coder", engine)) as made:
            await made.chat(response_format={"type": "json_object"})
            await made.until(lambda: found(made))
            assert found(made)[0].checks.json_valid is False

    on_loopback(scenario)


@pytest.mark.parametrize("status", [400, 500])
def test_what_is_no_answer_is_not_looked_at(status: int) -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=whole({"error": {"message": "no"}}, status))
        async with gateway(("c", "coder", engine)) as made:
            await made.ask({"messages": MESSAGES}, CHAT)
            await asyncio.sleep(0)
            assert found(made) == []

    on_loopback(scenario)


def test_embeddings_are_not_looked_at() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=whole({"data": [{"embedding": [0.1]}]}))
        async with gateway(("e", "embedder", engine)) as made:
            got = await made.ask({"input": "x"}, "/v1/embeddings")
            await asyncio.sleep(0)
            assert got.status == 200
            assert found(made) == []

    on_loopback(scenario)


class _Driver:
    """A clock that a look costs a millisecond of, and what was told."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.told: list[Checked] = []

    def clock(self) -> float:
        self.now_s += 0.0005
        return self.now_s

    def submit(self, event: Checked) -> None:
        self.told.append(event)


def test_looks_take_a_twentieth_of_the_time_at_most() -> None:
    async def scenario() -> None:
        driver = _Driver()
        looks = Looking(driver)  # type: ignore[arg-type]
        query = Query("q", 0.0)
        body = json.dumps({"messages": MESSAGES}).encode()
        for _ in range(2000):
            looks.later(query, body, lambda: Kept("fine", "", 4), "stop")
            await asyncio.sleep(0)
        spent_s = 0.0015 * len(driver.told)
        assert 10 <= len(driver.told) < 2000
        assert spent_s <= 1.1 * looking.SHARE * driver.now_s
        assert looks.unseen == 2000 - len(driver.told)
        assert driver.told[0].checks == Checks(text_bytes=4)

    on_loopback(scenario)


def test_a_bug_in_a_look_is_told_and_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Kept:
        raise RuntimeError("boom")

    async def scenario() -> None:
        driver = _Driver()
        looks = Looking(driver)  # type: ignore[arg-type]
        looks.later(Query("q", 0.0), b"{}", broken, None)
        await asyncio.sleep(0)
        assert driver.told == []

    on_loopback(scenario)
    assert "goes unseen" in caplog.text
