"""The embedder's HTTP face, over real connections and a model that is simple to predict."""

from __future__ import annotations

import asyncio
import base64
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import TestClient, TestServer

from zeta_router.app.embedded.embedder import MAX_TEXT_TOKENS, MAX_TEXTS, Embedder

URL = "/v1/embeddings"


class CountingModel:
    """Embeds a text as [its length, whether it is a query]; a token is a character."""

    dim = 2

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.busy = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def encode(self, texts: list[str], is_query: bool) -> Any:
        self.calls.append(texts)
        self.busy.set()
        assert self.go_on.wait(30)
        return np.array([[len(text), is_query] for text in texts], dtype=np.float32)

    def token_count(self, text: str, _is_query: bool) -> int:
        return len(text.encode())


def served(test: Callable[[TestClient[Any, Any]], Awaitable[None]], model: CountingModel) -> None:
    async def run() -> None:
        # aiohttp's test server cancels the handlers of clients that leave, as `serve` does.
        server = TestServer(Embedder("embedder-4b", model).app())
        async with TestClient(server) as client:
            await test(client)

    asyncio.run(run())


def asked(body: Any) -> tuple[int, Any]:
    """Status and answer to one call."""
    said: list[tuple[int, Any]] = []

    async def ask(client: TestClient[Any, Any]) -> None:
        raw = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with client.post(URL, **raw) as answer:
            said.append((answer.status, await answer.json()))

    served(ask, CountingModel())
    return said[0]


def test_one_text_or_many_are_answered_in_openais_shape() -> None:
    status, answer = asked({"model": "embedder-4b", "input": ["four", "sixsix"]})
    assert status == 200
    assert answer == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [4.0, 1.0]},
            {"object": "embedding", "index": 1, "embedding": [6.0, 1.0]},
        ],
        "model": "embedder-4b",
        "usage": {"prompt_tokens": 10, "total_tokens": 10},
    }
    assert asked({"input": "four"})[1]["data"] == answer["data"][:1]


def test_base64_is_little_endian_floats_as_the_openai_client_decodes_them() -> None:
    _, answer = asked({"input": "four", "encoding_format": "base64"})
    assert struct.unpack("<2f", base64.b64decode(answer["data"][0]["embedding"])) == (4.0, 1.0)


@pytest.mark.parametrize(
    ("input_type", "is_query"), [(None, 1.0), ("query", 1.0), ("passage", 0.0), ("document", 0.0)]
)
def test_a_passage_is_embedded_as_one(input_type: str | None, is_query: float) -> None:
    _, answer = asked({"input": "four", "input_type": input_type})
    assert answer["data"][0]["embedding"][1] == is_query


def test_a_nul_does_not_end_the_text() -> None:
    assert asked({"input": "a\0b"})[1]["data"][0]["embedding"][0] == 3.0


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        (b"{", None, "not valid JSON"),
        (b'{"input": "\\ud800"}', None, "not valid JSON"),
        (b"\xff", None, "not valid JSON"),
        ([], None, "must be a JSON object"),
        ({}, "input", "text or a list of texts"),
        ({"input": [1, 2, 3]}, "input", "tokens are not understood"),
        ({"input": {"text": "a"}}, "input", "text or a list of texts"),
        ({"input": []}, "input", "1 to 2048 texts, not 0"),
        ({"input": ["a"] * (MAX_TEXTS + 1)}, "input", "not 2049"),
        ({"input": "a" * (MAX_TEXT_TOKENS + 1)}, "input", "8193 tokens is longer"),
        ({"input": "a", "dimensions": 3}, "dimensions", "2 dimensions only"),
    ],
)
def test_a_wrong_call_is_refused_with_its_field(body: Any, field: str | None, word: str) -> None:
    status, answer = asked(body)
    assert status == 400
    assert answer["error"]["param"] == field
    assert word in answer["error"]["message"]
    assert answer["error"]["type"] == "invalid_request_error"


def test_the_longest_text_and_the_own_dimensions_are_accepted() -> None:
    assert asked({"input": "a" * MAX_TEXT_TOKENS, "dimensions": 2})[0] == 200


def test_health_and_the_models_name() -> None:
    async def look(client: TestClient[Any, Any]) -> None:
        async with client.get("/health") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})
        async with client.get("/v1/models") as answer:
            assert [model["id"] for model in (await answer.json())["data"]] == ["embedder-4b"]

    served(look, CountingModel())


def test_a_long_call_lets_others_take_their_turn() -> None:
    model = CountingModel()

    async def both(client: TestClient[Any, Any]) -> None:
        model.go_on.clear()
        long = asyncio.ensure_future(client.post(URL, json={"input": ["long"] * 40}))
        await asyncio.to_thread(model.busy.wait, 30)
        short = asyncio.ensure_future(client.post(URL, json={"input": "short"}))
        async with client.get("/health") as answer:  # after this the short call has arrived
            assert answer.status == 200
        model.go_on.set()
        for call in (long, short):
            async with await call as answer:
                assert answer.status == 200

    served(both, model)
    assert ["short"] in model.calls[1:3], "the short call waited for the whole long one"
    assert sum(len(texts) for texts in model.calls) == 41


def test_a_call_whose_client_has_gone_stops_at_the_next_turn() -> None:
    model = CountingModel()

    async def leave(client: TestClient[Any, Any]) -> None:
        model.go_on.clear()
        call = asyncio.ensure_future(client.post(URL, json={"input": ["long"] * 40}))
        await asyncio.to_thread(model.busy.wait, 30)
        call.cancel()
        await asyncio.wait((call,))
        async with client.get("/health") as answer:  # after this the server has seen it go
            assert answer.status == 200
        model.go_on.set()
        async with client.post(URL, json={"input": "next"}) as answer:
            assert answer.status == 200

    served(leave, model)
    assert [len(texts) for texts in model.calls] == [8, 1]
