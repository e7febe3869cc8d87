"""A running gateway answers in the shapes that it describes."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from support.asking import ask, chat_body
from support.process import Zeta

pytestmark = pytest.mark.engines


def test_answers_have_the_described_shapes(embedded: Zeta) -> None:
    told: Any = ask(f"{embedded.url}/openapi.json").json
    said = ask(f"{embedded.url}/v1/chat/completions", chat_body("Hi"))
    key = said.headers["x-zeta-decision-id"]
    headers = told["paths"]["/v1/chat/completions"]["post"]["responses"]["200"]["headers"]
    assert set(headers) <= set(said.headers)
    checked = 0
    for path, operations in told["paths"].items():
        response = operations.get("get", {}).get("responses", {}).get("200")
        if response is None or "application/json" not in response["content"]:
            continue
        name = "auto" if path.startswith("/v1/models") else key
        answer = ask(embedded.url + path.replace("{id}", name))
        assert answer.status == 200, path
        check(told, response, answer.json)
        checked += 1
    assert checked >= 12


def test_posts_answer_in_their_shapes_too(embedded: Zeta) -> None:
    told: Any = ask(f"{embedded.url}/openapi.json").json
    said = ask(f"{embedded.url}/v1/chat/completions", chat_body("Hi"))
    key = said.headers["x-zeta-decision-id"]
    bodies = {
        "/v1/route": chat_body("Hi"),
        "/v1/feedback": {"decision_id": key, "thumbs": "up"},
        "/zeta/endpoints/{id}/drain": {},
        "/zeta/endpoints/{id}/undrain": {},
    }
    for path, body in bodies.items():
        responses = told["paths"][path]["post"]["responses"]
        answer = ask(embedded.url + path.replace("{id}", "small-4b"), body)
        assert answer.status == 200, (path, answer.body)
        check(told, responses["200"], answer.json)
    wrong = ask(f"{embedded.url}/v1/feedback", {"decision_id": "none", "score": 1})
    responses = told["paths"]["/v1/feedback"]["post"]["responses"]
    check(told, responses[str(wrong.status)], wrong.json)


def check(told: Any, response: Any, body: Any) -> None:
    schema = response["content"]["application/json"]["schema"]
    jsonschema.validate(body, {**schema, "components": told["components"]})
