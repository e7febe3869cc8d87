"""The description as one document (OpenAPI 3.1), and the page of the reference made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from zeta_router import __version__
from zeta_router.gateway.described.operations import (
    HINTS,
    KEY_PROBLEMS,
    OPERATIONS,
    TOLD,
    Described,
    Parameter,
)
from zeta_router.gateway.described.shapes import ANSWERS, ref, requests
from zeta_router.gateway.keys.access import Access, access_of

TAGS = {
    "routed": "Calls that go to an engine. Streams are relayed chunk by chunk.",
    "models": "What can be asked for.",
    "decisions": "Why a query went where it went.",
    "fleet": "The engines behind it.",
    "monitoring": "For programs that watch it.",
    "dashboard": "For its own page.",
}


@cache
def document() -> dict[str, Any]:
    """The whole description; do not change it."""
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    asked = requests()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ZetaDynamicRouter",
            "version": __version__,
            "description": "One OpenAI-compatible address in front of a fleet of models.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Where the configuration has `keys`; else nobody is asked.",
                }
            },
            "schemas": {
                **asked,
                "Request": {"anyOf": [ref(name) for name in asked]},
                **ANSWERS,
            },
        },
    }


def _operation(each: Described) -> dict[str, Any]:
    access = access_of(each.method, each.path)
    told: dict[str, Any] = {
        "operationId": _id(each),
        "tags": [each.tag],
        "summary": each.summary,
        "security": [] if access is Access.OPEN else [{}, {"key": []}],
        "responses": dict(_responses(each)),
    }
    if each.parameters:
        told["parameters"] = [_parameter(parameter) for parameter in each.parameters]
    if each.body:
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": ref(each.body)}},
        }
    return told


def _id(each: Described) -> str:
    words = each.path.replace("{id}", "one").replace(".", "_").strip("/").split("/")
    return "_".join([each.method.lower(), *filter(None, words)]).replace("-", "_")


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "schema": parameter.schema,
        **({"description": parameter.text} if parameter.text else {}),
    }


def _all_problems(each: Described) -> list[tuple[int, str]]:
    """Its own refusals, and those of a gateway that asks for keys; one line a status."""
    told: dict[int, list[str]] = {}
    for status, text in (*each.problems, *KEY_PROBLEMS[access_of(each.method, each.path)]):
        told.setdefault(status, []).append(text)
    return [(status, " ".join(texts)) for status, texts in sorted(told.items())]


def _responses(each: Described) -> Iterator[tuple[str, Any]]:
    headers = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in TOLD.items()
    }
    if each.tag == "routed":
        yield (
            "200",
            {
                "description": "The engine's answer, with the served model in `model`.",
                "headers": headers,
                "content": {
                    "application/json": {"schema": {"type": "object"}},
                    "text/event-stream": {"schema": {"type": "string"}},
                },
            },
        )
    else:
        schema = ref(each.answer) if each.answer else {"type": "string"}
        yield "200", {"description": "It.", "content": {each.content_type: {"schema": schema}}}
    for status, text in _all_problems(each):
        name = each.answer if each.path == "/ready" else "Error"
        told: dict[str, Any] = {
            "description": text,
            "content": {"application/json": {"schema": ref(name)}},
        }
        if status in (429, 503) and each.tag == "routed":
            retry = {"description": "Whole seconds.", "schema": {"type": "integer"}}
            told["headers"] = {"retry-after": retry}
        yield str(status), told


_INTRO = """\
# HTTP
<!-- Made by `python -m zeta_router.gateway.described docs/reference`. -->

The gateway describes itself at `/openapi.json` (OpenAPI 3.1); this page is made from the same
table, and a test holds both equal to the routes. Errors are in OpenAI's shape:
`{"error": {"message", "type", "param", "code"}}`. Unknown fields of a routed call's body reach the
engine untouched. Where the configuration has `keys`, all but `/health`, `/ready`, `/openapi.json`
and the dashboard's empty page want `Authorization: Bearer KEY`; without one they answer 401.
"""


def page() -> str:
    """The reference page as Markdown."""
    parts = [_INTRO]
    for tag, text in TAGS.items():
        rows = [
            (f"`{each.method} {each.path}`", each.summary, _problems(each))
            for each in OPERATIONS
            if each.tag == tag
        ]
        heading = f"## {tag.capitalize()}\n\n{text}\n\n"
        parts.append(heading + _table(("Address", "What it does", "Refusals"), rows))
    hints = [(f"`{hint.name}`", hint.text) for hint in HINTS]
    told = [(f"`{name}`", text) for name, text in TOLD.items()]
    refusals = [(str(status), text) for status, text in _all_problems(OPERATIONS[0])]
    for title, head, lines in (
        ("Headers that routed calls take", "Header", hints),
        ("Headers that answers have", "Header", told),
        ("When a routed call is refused", "Status", refusals),
    ):
        parts.append(f"## {title}\n\n" + _table((head, "Meaning"), lines))
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _problems(each: Described) -> str:
    if each.tag == "routed":
        return "see below"
    return "; ".join(f"{status}: {text.rstrip('.')}" for status, text in each.problems)
