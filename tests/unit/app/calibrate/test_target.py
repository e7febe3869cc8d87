from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from zeta_router.app.calibrate.target import Target, find_target
from zeta_router.app.calibrate.wire import new_session
from zeta_router.core.errors import ConfigError

Documents = dict[str, Any]


def models(*names: str, **more: Any) -> Documents:
    return {"/v1/models": {"object": "list", "data": [{"id": name, **more} for name in names]}}


def find(documents: Documents, **flags: Any) -> Target:
    """Ask a server that has these documents, by path; a number is a status."""

    async def answer(request: web.Request) -> web.Response:
        document = documents.get(request.path, 404)
        if isinstance(document, int):
            return web.Response(status=document)
        return web.json_response(document)

    async def main() -> Target:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        async with TestServer(app) as server, new_session() as session:
            return await find_target(session, str(server.make_url("/v1")), **flags)

    return asyncio.run(main())


def test_a_plain_server_with_one_model() -> None:
    target = find(models("tiny"), api_key="k")
    assert (target.engine, target.model, target.slots) == ("openai", "tiny", None)
    assert target.api_key == "k"
    assert not target.url.endswith("/v1")


def test_llama_cpp_tells_slots_and_context() -> None:
    documents = models("tiny", owned_by="llamacpp", meta={"n_ctx": 2048})
    documents["/props"] = {"total_slots": 4}
    target = find(documents)
    assert (target.engine, target.slots, target.context_tokens) == ("llamacpp", 4, 2048)
    assert find(documents, slots=2).slots == 2


def test_models_that_write_nothing_are_passed_over() -> None:
    assert find(models("nomic-embed-text", "bge-reranker-v2-m3", "qwen3-4b")).model == "qwen3-4b"


def test_a_named_model_is_taken_even_where_several_are() -> None:
    assert find(models("a", "b"), model="b").model == "b"


@pytest.mark.parametrize(
    ("documents", "flags", "said"),
    [
        ({}, {}, "not an OpenAI-compatible server"),
        ({"/v1/models": "hello"}, {}, "lists no model"),
        ({"/v1/models": 503}, {}, "loading"),
        ({"/v1/models": 401}, {}, "--key-env"),
        ({"/v1/models": 403}, {"api_key": "k"}, "refuses the key"),
        (models("nomic-embed-text"), {}, "no model that writes text"),
        (models("a", "b"), {}, "choose with --model: a, b"),
        (models("a", "b"), {"model": "c"}, "it has: a, b"),
        ({**models("a"), "/zeta/fleet": {"endpoints": []}}, {}, "gateway of ours"),
    ],
)
def test_what_cannot_be_measured_says_why(
    documents: Documents, flags: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        find(documents, **flags)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "", "http://"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    async def main() -> None:
        async with new_session() as session:
            await find_target(session, url)

    with pytest.raises(ConfigError, match="no address"):
        asyncio.run(main())


def test_nobody_there_is_said() -> None:
    async def main() -> None:
        async with new_session() as session:
            await find_target(session, "http://127.0.0.1:9")

    with pytest.raises(ConfigError, match="nothing listens"):
        asyncio.run(main())
