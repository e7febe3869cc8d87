"""Fixed files: headers, tags, and answers that carry nothing twice."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from support.gateways import on_loopback
from zeta_router.gateway.browser.pages import Page, page_routes

PAGE = Page.of("<!doctype html>£".encode(), "text/html; charset=utf-8")


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    app = web.Application()
    for method, path, handler in page_routes({"/": PAGE, "/dashboard/a.js": PAGE}):
        app.router.add_route(method, path, handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as session:
            yield session, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def test_a_page_comes_whole_with_headers_that_bind_it() -> None:
    async def scenario() -> None:
        async with served() as (session, url), session.get(f"{url}/") as got:
            assert await got.read() == PAGE.body
            assert got.headers["content-type"] == "text/html; charset=utf-8"
            assert got.headers["etag"] == PAGE.tag
            assert got.headers["cache-control"] == "no-cache"
            assert got.headers["x-content-type-options"] == "nosniff"
            assert got.headers["x-frame-options"] == "DENY"
            assert got.headers["referrer-policy"] == "no-referrer"

    on_loopback(scenario)


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    async def scenario() -> None:
        async with served() as (session, url), session.get(f"{url}/dashboard/a.js") as got:
            policy = got.headers["content-security-policy"]
            parts = dict(part.split(" ", 1) for part in policy.split("; "))
            assert parts["default-src"] == "'none'"
            assert parts["script-src"] == parts["style-src"] == parts["connect-src"] == "'self'"
            assert parts["frame-ancestors"] == parts["base-uri"] == "'none'"
            assert "unsafe" not in policy
            assert "http" not in policy

    on_loopback(scenario)


@pytest.mark.parametrize("asked", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_a_copy_that_is_still_good_is_not_sent_again(asked: str) -> None:
    async def scenario() -> None:
        headers = {"if-none-match": asked.format(tag=PAGE.tag)}
        async with served() as (session, url), session.get(f"{url}/", headers=headers) as got:
            assert got.status == 304
            assert await got.read() == b""
            assert got.headers["etag"] == PAGE.tag
            assert "content-security-policy" in got.headers

    on_loopback(scenario)


def test_an_old_copy_is_replaced() -> None:
    async def scenario() -> None:
        headers = {"if-none-match": '"of-an-older-version"'}
        async with served() as (session, url), session.get(f"{url}/", headers=headers) as got:
            assert got.status == 200
            assert await got.read() == PAGE.body

    on_loopback(scenario)


def test_head_tells_the_size_and_sends_nothing() -> None:
    async def scenario() -> None:
        async with served() as (session, url), session.head(f"{url}/") as got:
            assert got.headers["content-length"] == str(len(PAGE.body))
            assert await got.read() == b""

    on_loopback(scenario)


def test_the_tag_follows_the_bytes() -> None:
    assert Page.of(b"a", "text/css").tag == Page.of(b"a", "text/css").tag
    assert Page.of(b"a", "text/css").tag != Page.of(b"b", "text/css").tag
