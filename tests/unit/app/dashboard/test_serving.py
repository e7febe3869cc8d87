"""The dashboard's routes behind a real server, and a stop while somebody looks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import aiohttp
from aiohttp import web

from support.gateways import gateway, on_loopback
from support.scripted import ScriptedEngine, whole
from support.watched import Watched
from zeta_router.app.dashboard.experiments import write_experiment
from zeta_router.app.dashboard.promotions import promotions_report
from zeta_router.app.dashboard.serving import Dashboard
from zeta_router.gateway.server import Server
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.promotions import Promotion, Verdict, write_promotions


@contextlib.asynccontextmanager
async def served(log_path: Path) -> AsyncIterator[tuple[aiohttp.ClientSession, str, web.AppRunner]]:
    """A whole server with the dashboard, over a router with five answered queries."""
    watched = Watched()
    watched.bench.advance(20.0)
    watched.serve(5)
    dashboard = Dashboard(watched.frames, log_path)
    async with gateway(("c", "coder", ScriptedEngine(otherwise=whole()))) as inner:
        server = Server(
            cast(Any, inner.server)._relay, inner.server._admin, body_bytes=1000, more=dashboard
        )
        runner = web.AppRunner(server.application(), handler_cancellation=True, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            async with dashboard.running(), aiohttp.ClientSession() as session:
                yield session, f"http://127.0.0.1:{runner.addresses[0][1]}", runner
        finally:
            await runner.cleanup()


def test_pages_stream_and_what_views_ask_for(tmp_path: Path) -> None:
    log_path = tmp_path / "zeta.db"
    write_experiment(log_path, "ab", {"a": "static"})

    async def scenario() -> None:
        async with served(log_path) as (session, url, _):
            async with session.get(f"{url}/") as page:
                assert page.status == 200
                assert page.content_type == "text/html"
            async with session.get(f"{url}/dashboard/js/main.js") as script:
                assert script.content_type == "text/javascript"
            async with session.get(f"{url}/dashboard/js/nothing.js") as missing:
                assert missing.status == 404
            for name in ("past", "learned", "promotions", "experiments"):
                async with session.get(f"{url}/zeta/{name}") as got:
                    assert got.status == 200, name
                    assert got.headers["cache-control"] == "no-store"
                    told = await got.json()
                    assert told, name
            assert told["experiments"][0]["a"] == "static"
            async with session.get(f"{url}/zeta/stream") as stream:
                line = b""
                while not line.startswith(b"data: "):
                    line = await stream.content.readline()
                assert b'"endpoints"' in line
            async with session.post(f"{url}/zeta/stream") as wrong:
                assert wrong.status == 405

    on_loopback(scenario, asyncio.new_event_loop)


def test_a_stop_does_not_wait_for_those_who_look(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            served(tmp_path / "zeta.db") as (session, url, runner),
            session.get(f"{url}/zeta/stream") as stream,
        ):
            await stream.content.readline()
            async with asyncio.timeout(5.0):
                await runner.cleanup()
                await stream.content.read()

    on_loopback(scenario, asyncio.new_event_loop)


def test_the_past_is_sampled_whether_somebody_looks_or_not(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with served(tmp_path / "zeta.db") as (session, url, _):
            async with session.get(f"{url}/zeta/past") as got:
                past = await got.json()
            assert [len(rows) for rows in past["history"]["endpoints"].values()] == [1, 1]

    on_loopback(scenario, asyncio.new_event_loop)


def test_promotions_come_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "zeta.db"
    DecisionLog(path, wall_offset_s=0.0).close()
    found = [
        Promotion(float(n), "length", Verdict.REFUSED, f"reason {n}", 0.0, 1.0, {"n": n})
        for n in range(3)
    ]
    write_promotions(path, found)
    told = promotions_report(path)
    assert told["trouble"] is None
    assert [each["reason"] for each in told["promotions"]] == ["reason 2", "reason 1", "reason 0"]
    assert told["promotions"][0]["verdict"] == "refused"


def test_a_log_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    told = promotions_report(tmp_path / "nothing.db")
    assert told["promotions"] == []
    assert "nothing.db" in told["trouble"]
