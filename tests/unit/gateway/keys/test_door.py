"""Requests through the real gateway, with keys and without."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.test_utils import make_mocked_request

from support.gateways import CHAT, MESSAGES, Gateway, gateway, on_loopback
from support.records import decided, ended, query
from support.scripted import ScriptedEngine, say_and_hang, spoken, stream, whole
from zeta_router.core.outcome import Status
from zeta_router.gateway.keys.access import Access, access_of
from zeta_router.gateway.keys.door import Door
from zeta_router.gateway.keys.key import Key, Scope, digest_of
from zeta_router.gateway.problems import RequestError
from zeta_router.router.commands import DecisionRecord

ALICE, ROOT, ONLY_ADMIN = "zk-alice", "zk-root", "zk-admin"
KEYS = (
    Key("alice", digest_of(ALICE)),
    Key("root", digest_of(ROOT), frozenset(Scope)),
    Key("admin", digest_of(ONLY_ADMIN), frozenset({Scope.ADMIN})),
)
BODY = {"model": "auto", "messages": MESSAGES}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def served(*keys: Key, engine: ScriptedEngine | None = None):  # type: ignore[no-untyped-def]
    """A gateway with these keys."""
    one = engine or ScriptedEngine(otherwise=whole())
    return gateway(("a", "coder", one), keys=keys or KEYS)


def tenants(made: Gateway) -> list[str]:
    return [r.query.tenant for r in made.records if isinstance(r, DecisionRecord)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Bearer zk-bob"}, 401),
        ({"authorization": f"Basic {ALICE}"}, 401),
        ({"authorization": ALICE}, 401),
        (bearer(ONLY_ADMIN), 403),
        (bearer(ALICE), 200),
        ({"authorization": f"bearer  {ALICE} "}, 200),
        ({"x-api-key": ALICE}, 200),
        (bearer(ROOT), 200),
    ],
)
def test_a_query_needs_a_key_for_queries(headers: dict[str, str], status: int) -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=whole())
        async with served(engine=engine) as made:
            got = await made.ask(BODY, headers=headers)
            assert got.status == status
            if status == 401:
                assert got.headers["www-authenticate"].startswith("Bearer")
                assert got.error["type"] == "authentication_error"
                assert "zk-" not in got.error["message"]
            assert len(engine.asked) == (status == 200)

    on_loopback(scenario)


def test_the_key_says_whose_query_it_is_and_nothing_else_does() -> None:
    async def scenario() -> None:
        async with served() as made:
            await made.ask(BODY, headers={**bearer(ALICE), "x-zeta-tenant": "root"})
            assert tenants(made) == ["alice"]

    on_loopback(scenario)


@pytest.mark.parametrize(
    ("method", "path", "open_", "reads", "writes"),
    [
        ("GET", "/ready", 200, 200, 200),
        ("GET", "/openapi.json", 200, 200, 200),
        ("GET", "/v1/models", 401, 200, 200),
        ("GET", "/zeta/fleet", 401, 200, 200),
        ("GET", "/zeta/state", 401, 200, 200),
        ("POST", "/zeta/endpoints/a/drain", 401, 403, 200),
        ("POST", "/zeta/endpoints/a/undrain", 401, 403, 200),
    ],
)
def test_who_may_look_and_who_may_change(
    method: str, path: str, open_: int, reads: int, writes: int
) -> None:
    async def scenario() -> None:
        async with served() as made:
            for headers, status in (({}, open_), (bearer(ALICE), reads), (bearer(ROOT), writes)):
                assert (await made.ask(None, path, method=method, headers=headers)).status == status

    on_loopback(scenario)


def test_without_keys_everybody_may_do_everything() -> None:
    async def scenario() -> None:
        async with gateway(("a", "coder", ScriptedEngine(otherwise=whole()))) as made:
            assert (await made.chat()).status == 200
            assert (await made.ask(None, "/zeta/endpoints/a/drain")).status == 200
            await made.ask(None, "/zeta/endpoints/a/undrain")

    on_loopback(scenario)


def test_so_many_at_one_time_and_a_stream_counts_to_its_end() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=stream(spoken("a")))
        one = Key("alice", digest_of(ALICE), concurrent=1)
        async with served(one, engine=engine) as made:
            engine.script = [say_and_hang()]
            headers = bearer(ALICE)
            first = asyncio.create_task(made.ask({**BODY, "stream": True}, headers=headers))
            await made.until(lambda: engine.asked)
            refused = await made.ask(BODY, headers=headers)
            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
            assert refused.error["code"] == "key_limit"
            first.cancel()
            await made.until(lambda: made.idle)
            assert await until_let_in(made, headers) == 200

    on_loopback(scenario)


async def until_let_in(made: Gateway, headers: dict[str, str]) -> int:
    """The status once the earlier request's handler has ended, which takes a few steps."""
    for _ in range(100):
        got = await made.ask({**BODY, "stream": True}, headers=headers)
        if got.status != 429:
            break
    return got.status


def test_a_days_tokens_are_counted_from_the_answers() -> None:
    async def scenario() -> None:
        alice = Key("alice", digest_of(ALICE), tokens_per_day=1)
        async with served(alice) as made:
            headers = bearer(ALICE)
            first = await made.ask(BODY, headers=headers)
            assert first.status == 200
            assert sum(first.json["usage"].values()) > 0
            second = await made.ask(BODY, headers=headers)
            assert second.status == 429
            assert int(second.headers["retry-after"]) > 3600

    on_loopback(scenario)


def test_a_query_that_fails_everywhere_is_not_charged_and_a_retry_is() -> None:
    async def scenario() -> None:
        fails = whole(b"{}", 500)
        first = ScriptedEngine(script=[fails, fails], otherwise=whole())
        second = ScriptedEngine(script=[fails], otherwise=whole())
        alice = Key("alice", digest_of(ALICE), tokens_per_day=1)
        async with gateway(("a", "coder", first), ("b", "coder", second), keys=(alice,)) as made:
            assert (await made.ask(BODY, headers=bearer(ALICE))).status >= 500
            assert (await made.ask(BODY, headers=bearer(ALICE))).status == 200
            ends = [outcome.status for outcome in made.outcomes]
            assert ends == [Status.UPSTREAM_ERROR] * 3 + [Status.OK]
            assert (await made.ask(BODY, headers=bearer(ALICE))).status == 429

    on_loopback(scenario)


def test_a_reload_takes_back_nothing_that_has_come_back() -> None:
    now_s = [0.0]
    alice = Key("alice", digest_of(ALICE), tokens_per_day=100)
    door = Door([alice], lambda: now_s[0])
    door.count(decided(of=query(tenant="alice")))
    door.count(ended(prompt_tokens=50, output_tokens=50))
    request = make_mocked_request("POST", CHAT, headers=bearer(ALICE))
    with pytest.raises(RequestError):
        door.let_in(request, Access.QUERY).__enter__()
    now_s[0] = 43_200.0
    door.replace([alice])
    with door.let_in(request, Access.QUERY):
        pass


def test_a_refused_body_is_not_read() -> None:
    async def scenario() -> None:
        async with served() as made:
            reader, writer = await made.connect()
            writer.write(
                f"POST {CHAT} HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000\r\n\r\n".encode()
            )
            await writer.drain()
            assert b" 401 " in await reader.readuntil(b"\r\n")
            writer.close()

    on_loopback(scenario)


def test_every_write_asks_for_more_than_looking() -> None:
    assert access_of("POST", "/zeta/endpoints/{id}/drain") is Access.WRITE
    assert access_of("GET", "/zeta/decisions/{id}") is Access.READ
    assert access_of("POST", "/v1/feedback") is Access.READ
    assert access_of("GET", "/metrics") is Access.READ
    assert access_of("GET", "/") is Access.OPEN
    assert access_of("GET", "/health") is Access.OPEN
