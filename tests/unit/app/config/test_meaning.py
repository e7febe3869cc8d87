"""Warnings, and complaints that must not be made because another mistake hides the truth."""

from __future__ import annotations

import pytest

from zeta_router.app.config import ConfigErrors, load_text

ENDPOINTS = """
endpoints:
  - {id: a, url: "http://127.0.0.1:9001", model: m}
"""


def warnings(text: str) -> dict[str, str]:
    config = load_text(text, source="f", environ={})
    return {warning.path: warning.problem for warning in config.warnings}


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load_text(text, source="f", environ={}, policies=["static"])
    return [problem.path for problem in caught.value.problems]


def test_a_model_without_endpoint() -> None:
    text = "models: {m: {tasks: [embedding], embedding_space: s}, n: {tasks: [rerank]}}" + ENDPOINTS
    assert warnings(text) == {"models.n": "has no endpoint"}


def test_tasks_that_nobody_does() -> None:
    text = "models: {m: {tasks: [simple, code]}}" + ENDPOINTS
    assert warnings(text) == {"models": "no model is declared for the task reasoning"}


def test_embedding_spaces() -> None:
    assert warnings("models: {m: {tasks: [embedding]}}" + ENDPOINTS) == {
        "models.m": "makes embeddings but names no embedding_space"
    }
    assert warnings("models: {m: {tasks: [rerank], embedding_space: s}}" + ENDPOINTS) == {
        "models.m.embedding_space": "is set, but the model is not declared for the task embedding"
    }


def test_equal_spaces_are_no_ambiguity() -> None:
    models = "models:\n" + "".join(
        f"  {name}: {{tasks: [embedding], embedding_space: s}}\n" for name in "mn"
    )
    assert warnings(models + ENDPOINTS) == {"models.n": "has no endpoint"}


def test_one_server_counted_twice() -> None:
    text = "models: {m: {tasks: [rerank]}}" + ENDPOINTS
    twice = text + '  - {id: b, url: "http://127.0.0.1:9001/", model: m}\n'
    assert list(warnings(twice)) == ["endpoints[1].url"]
    other = twice.replace("model: m}\n", "model: m, upstream_model: x}\n", 1)
    assert warnings(other) == {}


def test_an_unusable_model_is_not_also_unknown() -> None:
    text = "models: {m: {tasks: [simple], params_b: x}, n: {}}" + ENDPOINTS
    text += '  - {id: b, url: "http://127.0.0.1:9002", model: n}\nroutes: {code: n}\n'
    assert problems(text) == ["models.m.params_b", "models.n.tasks"]


def test_an_unusable_endpoint_keeps_the_indices_of_the_others() -> None:
    text = """
models: {m: {tasks: [simple]}}
endpoints:
  - {id: a}
  - {id: b, url: "http://h:1", model: x}
  - {id: b, url: "http://h:2", model: m}
"""
    assert problems(text) == [
        "endpoints[0].url",
        "endpoints[0].model",
        "endpoints[1].model",
        "endpoints[2].id",
    ]


def test_an_unusable_route_does_not_make_embeddings_ambiguous() -> None:
    models = "models: {m: {tasks: [embedding]}, n: {tasks: [embedding]}}"
    assert problems(models + ENDPOINTS + "routes: {embedding: 7}\n") == ["routes.embedding"]
    assert problems(models + ENDPOINTS) == ["routes.embedding"]


@pytest.mark.parametrize(
    ("listen", "url", "same"),
    [
        ("127.0.0.1:8080", "http://localhost:8080", True),
        ("0.0.0.0:8080", "http://127.0.0.1:8080", True),
        ("10.0.0.1:8080", "http://10.0.0.1:8080", True),
        ("10.0.0.1:8080", "http://localhost:8080", False),
        ("127.0.0.1:8080", "http://10.0.0.1:8080", False),
        ("127.0.0.1:8081", "http://127.0.0.1:8080", False),
        ("127.0.0.1:0", "http://127.0.0.1:8080", False),
        ("127.0.0.1:80", "http://127.0.0.1", True),
    ],
)
def test_a_gateway_is_not_its_own_engine(listen: str, url: str, same: bool) -> None:
    text = f"""
listen: {listen}
models: {{m: {{tasks: [rerank]}}}}
endpoints: [{{id: a, url: "{url}", model: m}}]
"""
    if same:
        assert problems(text) == ["endpoints[0].url"]
    else:
        assert warnings(text) == {}
