"""Vectors from an address: all of them, in order; and what is said when there are none."""

import asyncio
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from aiohttp import web

from zeta_router.app.training.embeddings import TEXTS_PER_CALL, vectors_of
from zeta_router.core.errors import ConfigError


@contextmanager
def server(answer):
    """An address on loopback that answers posted JSON with `answer(body)`, on another thread."""
    ready, stop, found = threading.Event(), asyncio.Event(), []

    async def embeddings(request: web.Request) -> web.Response:
        return answer(await request.json())

    async def models(_request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "first"}, {"id": "second"}]})

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/v1/embeddings", embeddings)
        app.router.add_get("/v1/models", models)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.extend((asyncio.get_running_loop(), runner.addresses[0][1]))
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        found[0].call_soon_threadsafe(stop.set)
        thread.join()


def lengths(body):
    """Vectors that tell how long each text was, in reverse order, as the index allows."""
    rows = [
        {"index": place, "embedding": [float(len(text)), 1.0]}
        for place, text in enumerate(body["input"])
    ]
    return web.json_response({"data": rows[::-1], "model": body["model"]})


def test_every_text_gets_its_vector_over_several_calls():
    texts = ["x" * number for number in range(1, TEXTS_PER_CALL * 2 + 3)]
    with server(lengths) as url:
        vectors, model = vectors_of(texts, url + "/v1", None, lambda _: None)
    assert model == "first"
    np.testing.assert_array_equal(vectors[:, 0], [len(text) for text in texts])


def test_the_model_can_be_named():
    with server(lengths) as url:
        assert vectors_of(["a"], url, "second", lambda _: None)[1] == "second"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda _: web.Response(status=400, text="no such model"), "answered 400: no such model"),
        (lambda _: web.Response(text="hello"), "cannot be asked"),
        (lambda _: web.json_response([1]), "something else than a JSON object"),
        (lambda _: web.json_response({"data": []}), "gave 0 vectors for 1 texts"),
        (lambda _: web.json_response({"data": [{"vector": [1]}]}), "list of embeddings"),
    ],
)
def test_what_is_no_embedding_server_is_said_so(answer, told):
    with server(answer) as url, pytest.raises(ConfigError, match=told):
        vectors_of(["a"], url, None, lambda _: None)


def test_nobody_there_is_said_so():
    with pytest.raises(ConfigError, match="cannot be asked"):
        vectors_of(["a"], "http://127.0.0.1:9", "m", lambda _: None)
