"""Everything beside the data plane, with the real telemetry behind it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from support.gateways import CHAT, MESSAGES, Gateway, gateway, on_loopback
from support.scripted import ScriptedEngine, say_and_reset, whole
from zeta_router import __version__
from zeta_router.app.records import Telemetry
from zeta_router.gateway.admin import Records
from zeta_router.gateway.driver import Record
from zeta_router.telemetry.log.decision_log import DecisionLog


class _Late:
    """Telemetry that is made once there is a router to ask."""

    def __init__(self) -> None:
        self.telemetry: Telemetry | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.telemetry, name)

    def on_record(self, record: Record) -> None:
        assert self.telemetry is not None
        self.telemetry.on_record(record)


@contextlib.asynccontextmanager
async def watched(folder: Path, *specs: Any) -> AsyncIterator[Gateway]:
    """A gateway with log, metrics and explanations."""
    late = _Late()
    log = DecisionLog(folder / "z.db", wall_offset_s=0.0)
    try:
        async with gateway(*specs, records=cast(Records, late), on_record=late.on_record) as made:
            late.telemetry = Telemetry(log, made.driver.router, made.driver.clock)
            yield made
    finally:
        log.close()


def engine() -> ScriptedEngine:
    return ScriptedEngine(otherwise=whole())


class TestModels:
    def test_the_virtual_ones_and_those_of_the_fleet(self) -> None:
        async def scenario() -> None:
            specs = [
                ("c", "coder", engine()),
                ("e", "embedder", engine()),
                ("s", "small", engine()),
            ]
            async with gateway(*specs) as made:
                virtual = ["auto", "auto:simple", "auto:code", "auto:reasoning"]
                assert await names(made) == [*virtual, "small", "coder", "embedder"]

        on_loopback(scenario)

    def test_only_those_that_are_up(self) -> None:
        async def scenario() -> None:
            async with gateway(("e", "embedder", engine()), ("s", "small", None)) as made:
                asked = {"messages": MESSAGES, "model": "small"}
                asking = asyncio.create_task(made.ask(asked))
                await made.until(lambda: made.states()["s"] == "down" and made.queued)
                assert await names(made) == ["auto", "embedder"]
                made.move(6.0)
                assert (await asking).status == 503

        on_loopback(scenario)

    def test_in_openai_s_shape(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                got = await made.ask(path="/v1/models", method="GET")
                assert got.json["object"] == "list"
                for row in got.json["data"]:
                    assert set(row) == {"id", "object", "created", "owned_by"}
                one = await made.ask(path="/v1/models/coder", method="GET")
                assert one.json in got.json["data"]
                virtual = await made.ask(path="/v1/models/auto:code", method="GET")
                assert virtual.json["id"] == "auto:code"

        on_loopback(scenario)

    @pytest.mark.parametrize("name", ["gpt-9", "small", "a/b/c", "%22"])
    def test_one_that_is_not_served(self, name: str) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                got = await made.ask(path=f"/v1/models/{name}", method="GET")
                assert (got.status, got.error["code"]) == (404, "model_not_found")

        on_loopback(scenario)

    def test_a_drained_model_is_not_listed(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine()), ("e", "embedder", engine())) as made:
                await made.ask(path="/zeta/endpoints/c/drain")
                assert await names(made) == ["auto", "embedder"]

        on_loopback(scenario)


async def names(made: Gateway) -> list[str]:
    got = await made.ask(path="/v1/models", method="GET")
    return [row["id"] for row in got.json["data"]]


class TestHealth:
    def test_health_says_who_answers(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with watched(tmp_path, ("c", "coder", engine())) as made:
                got = await made.ask(path="/health", method="GET")
                assert got.json == {
                    "status": "ok",
                    "version": __version__,
                    "log_trouble": None,
                    "memory_trouble": None,
                }
                assert got.headers["x-zeta"] == "1"
                bare = await made.ask(path="/health", method="HEAD")
                assert (bare.status, bare.body) == (200, b"")

        on_loopback(scenario)

    def test_ready_while_any_endpoint_is_up(self) -> None:
        async def scenario() -> None:
            bad = ScriptedEngine(otherwise=say_and_reset(), alive=False)
            async with gateway(("c", "coder", bad)) as made:
                got = await made.ask(path="/ready", method="GET")
                assert (got.status, got.json) == (200, {"ready": True, "endpoints": {"c": "up"}})
                _, writer = await made.begin()
                await made.until(lambda: made.queued)
                got = await made.ask(path="/ready", method="GET")
                assert (got.status, got.json["ready"]) == (503, False)
                assert (await made.ask(path="/ready", method="HEAD")).status == 503
                writer.close()
                await made.until(lambda: made.idle)

        on_loopback(scenario)

    def test_metrics(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with watched(tmp_path, ("c", "coder", engine())) as made:
                await made.chat()
                got = await made.ask(path="/metrics", method="GET")
                assert got.headers["content-type"].startswith("text/plain")
                assert b"zeta_requests_total{" in got.body

        on_loopback(scenario)

    def test_metrics_are_made_between_other_work(self) -> None:
        async def scenario() -> None:
            turns = 0
            turns_at_piece: list[int] = []
            loop = asyncio.get_running_loop()

            def turn() -> None:
                nonlocal turns
                turns += 1
                if len(turns_at_piece) < 10:
                    loop.call_soon(turn)

            def pieces() -> Iterator[str]:
                for number in range(10):
                    turns_at_piece.append(turns)
                    yield f"x_{number} 1\n"

            records = cast(Records, SimpleNamespace(metrics=lambda: (pieces(), "text/plain")))
            async with gateway(("c", "coder", engine()), records=records) as made:
                loop.call_soon(turn)
                got = await made.ask(path="/metrics", method="GET")
            assert got.body.count(b"\n") == 10
            assert all(after > before for before, after in pairwise(turns_at_piece))

        on_loopback(scenario)

    def test_the_fleet(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                got = await made.ask(path="/zeta/fleet", method="GET")
                assert got.json["policy"] == "static"
                (row,) = got.json["endpoints"]
                assert (row["id"], row["state"], row["slots"]) == ("c", "up", 2)

        on_loopback(scenario)

    def test_the_state(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                await made.chat()
                got = await made.ask(path="/zeta/state", method="GET")
                assert got.json["open"] == 0
                assert got.json["queue"]["depth"] == {"interactive": 0, "normal": 0, "batch": 0}
                assert got.json["queue"]["next"] == []
                assert [row["id"] for row in got.json["endpoints"]] == ["c"]

        on_loopback(scenario)


class TestDecisions:
    def test_a_query_is_explained_by_its_id(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with watched(tmp_path, ("c", "coder", engine())) as made:
                key = (await made.chat()).headers["x-zeta-decision-id"]
                got = await made.ask(path=f"/zeta/decisions/{key}", method="GET")
                assert got.status == 200
                assert got.json["attempts"]
                listed = await made.ask(path="/zeta/decisions", method="GET")
                assert [row["decision_id"] for row in listed.json["decisions"]] == [key]

        on_loopback(scenario)

    def test_an_unknown_one(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with watched(tmp_path, ("c", "coder", engine())) as made:
                got = await made.ask(path="/zeta/decisions/none", method="GET")
                assert (got.status, got.error["code"]) == (404, "unknown")

        on_loopback(scenario)

    @pytest.mark.parametrize(
        "limit", ["0", "-1", "1001", "", "x", "1.5", "%C2%B2", "%D9%A3", "9" * 5000, "1%0A"]
    )
    def test_a_limit_that_makes_no_sense(self, limit: str) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                got = await made.ask(path=f"/zeta/decisions?limit={limit}", method="GET")
                assert (got.status, got.error["param"]) == (400, "limit")

        on_loopback(scenario)

    def test_a_session_of_strange_bytes_can_be_explained(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with watched(tmp_path, ("c", "coder", engine())) as made:
                got = await made.ask({"messages": MESSAGES}, headers={"x-session-id": "a\udcff"})
                key = got.headers["x-zeta-decision-id"]
                told = await made.ask(path=f"/zeta/decisions/{key}", method="GET")
                assert told.status == 200

        on_loopback(scenario)


class TestDryRun:
    @pytest.mark.parametrize(
        ("body", "endpoint"),
        [
            ({"messages": MESSAGES}, "c"),
            ({"prompt": "def add(a, b):"}, "c"),
            ({"input": "a cat"}, "e"),
            ({"messages": MESSAGES, "model": "coder"}, "c"),
            ({"input": "a cat", "model": "coder"}, "c"),
            ({"input": "a cat", "instructions": "Draw it."}, "c"),
        ],
    )
    def test_decides_and_sends_nothing(
        self, tmp_path: Path, body: dict[str, Any], endpoint: str
    ) -> None:
        async def scenario() -> None:
            engines = {"c": engine(), "e": engine()}
            specs = [("c", "coder", engines["c"]), ("e", "embedder", engines["e"])]
            async with watched(tmp_path, *specs) as made:
                got = await made.ask(body, "/v1/route")
                assert got.status == 200
                assert f'"{endpoint}"' in json.dumps(got.json["decisions"][0])
                assert not any(one.asked for one in engines.values())
                assert made.records == []

        on_loopback(scenario)

    @pytest.mark.parametrize(
        ("raw", "param"),
        [
            (b"", None),
            (b"[]", None),
            (b"{}", "messages"),
            (b'{"\xff":1}', None),
            (b'{"a":' + b"[" * 100_000, None),
            (b'{"messages":[]}', "messages"),
            (b'{"messages":[{"role":"user","content":7}]}', "messages[0].content"),
            (b'{"input":7}', "input"),
        ],
    )
    def test_what_cannot_be_read(self, raw: bytes, param: str | None) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                got = await made.ask(path="/v1/route", raw=raw)
                assert (got.status, got.error["param"]) == (400, param)

        on_loopback(scenario)

    def test_an_unknown_model_is_a_decision_too(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with watched(tmp_path, ("c", "coder", engine())) as made:
                got = await made.ask({"messages": MESSAGES, "model": "gpt-9"}, "/v1/route")
                assert got.status == 200
                assert "unknown_model" in got.body.decode()

        on_loopback(scenario)


class TestFeedback:
    @pytest.mark.parametrize(
        ("said", "score"),
        [
            ({"score": 0}, 0.0),
            ({"score": 0.5}, 0.5),
            ({"score": 1.0}, 1.0),
            ({"thumbs": "up"}, 1.0),
            ({"thumbs": "down"}, 0.0),
            ({"thumbs": True}, 1.0),
            ({"thumbs": False}, 0.0),
        ],
    )
    def test_is_stored_once(self, tmp_path: Path, said: dict[str, Any], score: float) -> None:
        async def scenario() -> None:
            async with watched(tmp_path, ("c", "coder", engine())) as made:
                key = (await made.chat()).headers["x-zeta-decision-id"]
                got = await made.ask({"decision_id": key, **said}, "/v1/feedback")
                assert got.json == {"status": "stored", "decision_id": key, "score": score}
                again = await made.ask({"decision_id": key, "score": 0.1}, "/v1/feedback")
                assert (again.status, again.error["param"]) == (409, "decision_id")
                told = await made.ask(path=f"/zeta/decisions/{key}", method="GET")
                assert told.json["feedback"]["score"] == score

        on_loopback(scenario)

    def test_of_an_unknown_decision(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with watched(tmp_path, ("c", "coder", engine())) as made:
                got = await made.ask({"decision_id": "x", "score": 1}, "/v1/feedback")
                assert (got.status, got.error["param"]) == (404, "decision_id")

        on_loopback(scenario)

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{}",
            b"[]",
            b'{"decision_id":"\xff","score":1}',
            b'{"decision_id":7,"score":1}',
            b'{"decision_id":"a"}',
            b'{"decision_id":"a","score":1.1}',
            b'{"decision_id":"a","score":-0.1}',
            b'{"decision_id":"a","score":"good"}',
            b'{"decision_id":"a","score":NaN}',
            b'{"decision_id":"a","thumbs":"sideways"}',
            b'{"decision_id":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        ],
    )
    def test_that_makes_no_sense(self, raw: bytes) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                assert (await made.ask(path="/v1/feedback", raw=raw)).status == 400
                assert (await made.ask(path="/v1/feedback", raw=raw)).error["message"]

        on_loopback(scenario)


class TestDraining:
    def test_takes_an_endpoint_out_and_back(self) -> None:
        async def scenario() -> None:
            engines = [engine(), engine()]
            async with gateway(("a", "coder", engines[0]), ("b", "coder", engines[1])) as made:
                got = await made.ask(path="/zeta/endpoints/a/drain")
                assert got.json == {"id": "a", "draining": True}
                places = {(await made.chat()).headers["x-zeta-endpoint"] for _ in range(4)}
                assert places == {"b"}
                got = await made.ask(path="/zeta/endpoints/a/undrain")
                assert got.json == {"id": "a", "draining": False}
                places = {(await made.chat()).headers["x-zeta-endpoint"] for _ in range(4)}
                assert places == {"a", "b"}

        on_loopback(scenario)

    @pytest.mark.parametrize("verb", ["drain", "undrain"])
    def test_an_unknown_endpoint_is_told_who_there_is(self, verb: str) -> None:
        async def scenario() -> None:
            async with gateway(("a", "coder", engine()), ("b", "coder", engine())) as made:
                got = await made.ask(path=f"/zeta/endpoints/z/{verb}")
                assert got.status == 404
                assert "a, b" in got.error["message"]

        on_loopback(scenario)


def test_no_page_shows_the_text_of_a_query(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with watched(tmp_path, ("c", "coder", engine())) as made:
            secret = [{"role": "user", "content": "my password is xyzzy42"}]
            key = (await made.ask({"messages": secret}, CHAT)).headers["x-zeta-decision-id"]
            for path in (f"/zeta/decisions/{key}", "/zeta/decisions", "/zeta/fleet", "/metrics"):
                assert b"xyzzy42" not in (await made.ask(path=path, method="GET")).body
            assert not any("xyzzy42" in repr(record) for record in made.records)

    on_loopback(scenario)
