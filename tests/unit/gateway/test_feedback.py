"""Judgements over HTTP, with the real telemetry: what counts, what not, and after a restart."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from support.gateways import Gateway, gateway, on_loopback
from support.scripted import ScriptedEngine, whole
from zeta_router.app.records import Telemetry
from zeta_router.core.query import Task, certain
from zeta_router.gateway.admin import Records
from zeta_router.gateway.driver import Record
from zeta_router.telemetry.log.decision_log import DecisionLog

FEEDBACK = "/v1/feedback"
CODE = certain(Task.CODE).topics


class _Late:
    """Telemetry that is made once there is a router to ask."""

    telemetry: Telemetry

    def __getattr__(self, name: str) -> Any:
        return getattr(self.telemetry, name)

    def on_record(self, record: Record) -> None:
        self.telemetry.on_record(record)


@contextlib.asynccontextmanager
async def logged(folder: Path) -> AsyncIterator[Gateway]:
    """A gateway whose log is in `folder`; entering it again is a restart."""
    late = _Late()
    log = DecisionLog(folder / "z.db", wall_offset_s=0.0, wall_clock=lambda: 1.0)
    engine = ScriptedEngine(otherwise=whole())
    try:
        async with gateway(
            ("c", "coder", engine), records=cast(Records, late), on_record=late.on_record
        ) as made:
            late.telemetry = Telemetry(log, made.driver.router, made.driver.clock)
            yield made
    finally:
        log.close()


def believed(made: Gateway) -> float:
    return made.driver.router.knowledge.quality.mean(CODE, "coder")


async def answered(made: Gateway, **headers: str) -> str:
    """Ask; the decision's id."""
    body = {"messages": [{"role": "user", "content": "def f"}]}
    got = await made.ask(body, headers=headers)
    return got.headers["x-zeta-decision-id"]


def stored(folder: Path) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(folder / "z.db")) as file:
        return file.execute("SELECT query_id, score, voter FROM feedback ORDER BY seq").fetchall()


def test_a_judgement_moves_the_model_that_answered(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with logged(tmp_path) as made:
            key = await answered(made)
            before = believed(made)
            assert (await made.ask({"decision_id": key, "thumbs": "down"}, FEEDBACK)).status == 200
            assert believed(made) < before

    on_loopback(scenario)


@pytest.mark.parametrize(
    ("said", "status", "param"),
    [
        ({"score": 1.5}, 400, "score"),
        ({"score": -0.1}, 400, "score"),
        ({"score": 1e308}, 400, "score"),
        ({"score": "0.5"}, 400, None),
        ({"score": True}, 400, None),
        ({"score": None}, 400, "score"),
        ({}, 400, "score"),
        ({"thumbs": "sideways"}, 400, "thumbs"),
        ({"thumbs": 1}, 400, None),
        ({"score": 1, "decision_id": "zd-none-1"}, 404, "decision_id"),
        ({"score": 1, "decision_id": ""}, 404, "decision_id"),
        ({"score": 1, "decision_id": "\x00' OR 1=1 --"}, 404, "decision_id"),
        ({"score": 1, "decision_id": "x" * 100_000}, 404, "decision_id"),
        ({"score": 1, "decision_id": None}, 400, None),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    tmp_path: Path, said: dict[str, Any], status: int, param: str | None
) -> None:
    async def scenario() -> None:
        async with logged(tmp_path) as made:
            key = await answered(made)
            await made.until(lambda: len(made.records) == 3)  # decision, outcome, findings
            knowledge = made.driver.router.knowledge
            before = knowledge.quality.state(), knowledge.rewards.state()
            got = await made.ask({"decision_id": key, **said}, FEEDBACK)
            assert (got.status, got.error["param"]) == (status, param)
            assert (knowledge.quality.state(), knowledge.rewards.state()) == before
            assert (await made.ask({"decision_id": key, "score": 1}, FEEDBACK)).status == 200

    on_loopback(scenario)
    assert len(stored(tmp_path)) == 1


def test_a_second_vote_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with logged(tmp_path) as made:
            key = await answered(made)
            await made.ask({"decision_id": key, "score": 1}, FEEDBACK)
            before = made.driver.router.knowledge.quality.state()
            again = await made.ask({"decision_id": key, "score": 0}, FEEDBACK)
            assert again.status == 409
            assert made.driver.router.knowledge.quality.state() == before

    on_loopback(scenario)
    assert [score for _, score, _ in stored(tmp_path)] == [1.0]


def test_a_judgement_after_a_restart_teaches_what_the_log_knows(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with logged(tmp_path) as made:
            keys = [await answered(made) for _ in range(2)]
            await made.ask({"decision_id": keys[0], "score": 1}, FEEDBACK)
        async with logged(tmp_path) as made:
            before = believed(made)
            assert (await made.ask({"decision_id": keys[0], "score": 0}, FEEDBACK)).status == 409
            assert believed(made) == before
            assert (await made.ask({"decision_id": keys[1], "score": 0}, FEEDBACK)).status == 200
            assert believed(made) < before
            assert (await made.ask({"decision_id": keys[1], "score": 0}, FEEDBACK)).status == 409

    on_loopback(scenario)


def test_an_expired_decision_is_unknown(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with logged(tmp_path) as made:
            key = await answered(made)
        with contextlib.closing(sqlite3.connect(tmp_path / "z.db")) as file:
            file.execute("DELETE FROM decisions")
            file.commit()
        async with logged(tmp_path) as made:
            before = believed(made)
            assert (await made.ask({"decision_id": key, "score": 0}, FEEDBACK)).status == 404
            assert believed(made) == before

    on_loopback(scenario)
    assert stored(tmp_path) == []


def test_who_votes_is_kept_as_a_hash(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with logged(tmp_path) as made:
            secret = {"authorization": "Bearer very-secret"}
            keys = [await answered(made, **secret) for _ in range(2)]
            await made.ask({"decision_id": keys[0], "score": 1}, FEEDBACK, headers=secret)
            await made.ask({"decision_id": keys[1], "score": 1}, FEEDBACK)

    on_loopback(scenario)
    (_, _, named), (_, _, unnamed) = stored(tmp_path)
    assert named.startswith("key-")
    assert unnamed.startswith("ip-")
    assert b"very-secret" not in (tmp_path / "z.db").read_bytes()


def test_a_client_can_take_a_model_only_so_far(tmp_path: Path) -> None:
    """One of ten askers calls everything worthless; the others say nothing."""

    async def scenario() -> None:
        async with logged(tmp_path) as made:
            for number in range(100):
                who = {"x-zeta-tenant": f"t{number % 10}"}
                key = await answered(made, **who)
                if number % 10 == 0 and number > 0:
                    said = {"decision_id": key, "score": 0}
                    assert (await made.ask(said, FEEDBACK, headers=who)).status == 200
            assert believed(made) >= 0.75 * (1.0 - 0.2)

    on_loopback(scenario)
