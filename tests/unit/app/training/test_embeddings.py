"""Vectors from an address: all of them, in order; and what is said when there are none."""

import numpy as np
import pytest
from aiohttp import web

from support.embedding_server import embedding_server, vectors
from zeta_router.app.training.embeddings import TEXTS_PER_CALL, vectors_of
from zeta_router.core.errors import ConfigError

LENGTHS = vectors(lambda text: [float(len(text)), 1.0])


def test_every_text_gets_its_vector_over_several_calls():
    texts = ["x" * number for number in range(1, TEXTS_PER_CALL * 2 + 3)]
    with embedding_server(LENGTHS) as url:
        found, model = vectors_of(texts, url + "/v1", None, lambda _: None)
    assert model == "first"
    np.testing.assert_array_equal(found[:, 0], [len(text) for text in texts])


def test_the_model_can_be_named():
    with embedding_server(LENGTHS) as url:
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
    with embedding_server(answer) as url, pytest.raises(ConfigError, match=told):
        vectors_of(["a"], url, None, lambda _: None)


def test_nobody_there_is_said_so():
    with pytest.raises(ConfigError, match="cannot be asked"):
        vectors_of(["a"], "http://127.0.0.1:9", "m", lambda _: None)
