"""A running gateway, asked with what its own description allows, and a little beyond.

Nothing is ever answered with 500 or not at all, every status is one that the description has, and
every refusal has the shape that is described for it. `make fuzz` does the same with schemathesis.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.asking import ask
from support.described_fuzz import Operation, Request, operations, requests
from support.faulty import faulty
from support.process import configured
from zeta_router.gateway.described.document import document

TOLD = document()
OPERATIONS = list(operations(TOLD))
FLEET = {
    "models": {"m": {"tasks": {"simple": 0.7, "code": 0.7, "reasoning": 0.7}}},
    "limits": {"max_wait_s": 0.05},
}
USUAL: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "derandomize": True,
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with faulty("good") as engines:
        engine = {"id": "a", "url": engines.url("good"), "model": "m", "upstream_model": "good"}
        text = json.dumps({**FLEET, "endpoints": [{**engine, "engine": "openai"}]})
        with configured(tmp_path_factory.mktemp("fuzz"), text) as zeta:
            assert ask(f"{zeta.url}/openapi.json").json == TOLD
            yield zeta.url
            assert zeta.stop() == 0
            assert not [line for line in zeta.lines if "bug" in line or "Traceback" in line]


def judged(url: str, request: Request) -> None:
    """Send it, and hold the answer against the description."""
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    line.request(request.operation.method, request.target, request.body, request.headers)
    answer = line.getresponse()
    body = answer.read()
    line.close()
    described = request.operation.told["responses"]
    assert str(answer.status) in described, (request, answer.status, body[:300])
    if answer.status >= 400:
        schema = described[str(answer.status)]["content"]["application/json"]["schema"]
        jsonschema.validate(json.loads(body), {**schema, "components": TOLD["components"]})


@settings(max_examples=250, **USUAL)
@given(data=st.data(), operation=st.sampled_from(OPERATIONS))
def test_every_answer_is_one_that_is_described(
    url: str, data: st.DataObject, operation: Operation
) -> None:
    judged(url, data.draw(requests(operation, TOLD)))


@pytest.mark.matrix
@pytest.mark.timeout(1800)
def test_for_longer(url: str) -> None:
    @settings(max_examples=5_000, **USUAL)
    @given(data=st.data(), operation=st.sampled_from(OPERATIONS))
    def many(data: st.DataObject, operation: Operation) -> None:
        judged(url, data.draw(requests(operation, TOLD)))

    many()


def test_each_operation_is_among_them() -> None:
    known: Any = TOLD["paths"]
    assert len(OPERATIONS) == sum(map(len, known.values())) - 1
