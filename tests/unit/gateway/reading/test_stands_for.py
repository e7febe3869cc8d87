"""Which call the body of a dry run stands for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from zeta_router.core.fleet import Model
from zeta_router.core.query import Operation, Task
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.stands_for import operation_of

CODER = Model("coder", {Task.CODE: 0.5})
EMBEDDER = Model("embedder", {Task.EMBEDDING: 1.0})
BOTH = {model.name: model for model in (CODER, EMBEDDER)}
SAID = [{"role": "user", "content": "hello"}]


def stands_for(body: dict[str, Any], models: dict[str, Model] = BOTH) -> str:
    return operation_of(msgspec.json.encode(body), models).value


@pytest.mark.parametrize(
    ("body", "operation"),
    [
        ({"messages": SAID}, "chat"),
        ({"prompt": "x"}, "completion"),
        ({"query": "x", "documents": ["y"]}, "rerank"),
        ({"messages": SAID, "input": "x"}, "chat"),
        ({"input": "x"}, "embedding"),
        ({"input": ["x"], "model": "embedder"}, "embedding"),
        ({"input": [[1, 2]]}, "embedding"),
        ({"input": "x", "model": "auto"}, "embedding"),
        ({"input": "x", "model": 7}, "embedding"),
        ({"input": 7}, "embedding"),
        ({"input": "x", "dimensions": 8, "model": "coder"}, "embedding"),
        ({"input": "x", "model": "coder"}, "response"),
        ({"input": "x", "max_output_tokens": 5}, "response"),
        ({"input": "x", "instructions": "y", "model": "embedder"}, "response"),
        ({"input": SAID}, "response"),
        ({"input": SAID, "model": "auto"}, "response"),
    ],
)
def test_by_its_fields_and_its_model(body: dict[str, Any], operation: str) -> None:
    assert stands_for(body) == operation


def test_nothing_is_embedded_where_no_model_can() -> None:
    assert stands_for({"input": "x"}, {"coder": CODER}) == Operation.RESPONSE


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"\xff":1}', b'{"model":"coder"}'])
def test_what_stands_for_nothing(raw: bytes) -> None:
    with pytest.raises(RequestError):
        operation_of(raw, BOTH)
