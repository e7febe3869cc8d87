"""The description names every address that there is, and none that there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import jsonschema
import pytest

from zeta_router.app.dashboard.files import dashboard_pages
from zeta_router.app.dashboard.serving import Dashboard
from zeta_router.core.query import Operation
from zeta_router.gateway.admin import Admin
from zeta_router.gateway.described.document import document, page
from zeta_router.gateway.described.shapes import request_name
from zeta_router.gateway.problems import HTTP_OF_REASON
from zeta_router.gateway.server import Server

REFERENCE = Path(__file__).parents[4] / "docs" / "reference"
METHODS = ("get", "post", "put", "delete", "patch")


def served() -> set[tuple[str, str]]:
    """Method and path of every route, without the dashboard's files."""
    frames = SimpleNamespace(render=None, state=None)
    dashboard = Dashboard(cast(Any, frames), Path("zeta.db"))
    server = Server(cast(Any, None), Admin(*cast(Any, (None,) * 3)), body_bytes=1, more=dashboard)
    application = server.application()
    assert application is not None
    files = set(dashboard_pages()) - {"/"}
    return {
        (method, re.sub(r"{(\w+):[^}]*}", r"{\1}", path))
        for path, methods in server._methods.items()
        for method in methods - {"HEAD"}
        if path not in files
    }


def described() -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, operations in document()["paths"].items()
        for method in operations
    }


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def test_it_describes_exactly_the_routes() -> None:
    assert described() == served()


def test_every_reference_leads_to_a_sound_schema() -> None:
    schemas = document()["components"]["schemas"]
    assert {ref.rpartition("/")[2] for ref in refs(document())} == set(schemas)
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_operations_are_whole() -> None:
    told = [each for path in document()["paths"].values() for each in path.values()]
    ids = [each["operationId"] for each in told]
    assert len(ids) == len(set(ids))
    tags = {each["name"] for each in document()["tags"]}
    for path, operations in document()["paths"].items():
        for each in operations.values():
            assert set(each["tags"]) <= tags
            assert "200" in each["responses"]
            named = {p["name"] for p in each.get("parameters", ()) if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_every_status_of_a_refusal_is_described() -> None:
    responses = document()["paths"]["/v1/chat/completions"]["post"]["responses"]
    assert {str(status) for status, _, _ in HTTP_OF_REASON.values()} <= set(responses)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/route", "/v1/feedback"])
def test_it_says_that_pages_of_other_sites_are_refused(path: str) -> None:
    refused = document()["paths"][path]["post"]["responses"]["403"]
    assert "another site" in refused["description"]


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (Operation.CHAT, {"messages": [{"role": "user", "content": "Hi"}], "anything": 1}),
        (Operation.COMPLETION, {"prompt": [1, 2, 3], "stream": True}),
        (Operation.EMBEDDING, {"model": "auto", "input": ["a", "b"]}),
        (Operation.RERANK, {"query": "a", "documents": ["b", {"text": "c"}]}),
        (Operation.RESPONSE, {"input": "Hi", "instructions": None}),
    ],
)
def test_bodies_are_described_as_they_are_read(operation: Operation, body: Any) -> None:
    schema = document()["components"]["schemas"][request_name(operation)]
    jsonschema.validate(body, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**body, "max_tokens": "many"}, schema)


def test_the_page_is_the_one_that_the_code_makes() -> None:
    hint = "run: make docs"
    assert (REFERENCE / "http.md").read_text(encoding="utf-8") == page(), hint
