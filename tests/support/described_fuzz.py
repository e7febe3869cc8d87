"""Requests made from a gateway's own description: right ones, and nearly right ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

Json = Any
ENDLESS = "/zeta/stream"
"""The one address whose answer does not end."""

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
_HEADER = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
_NUMBER = st.one_of(
    st.integers(-5, 5), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
)
_JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBER, _TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=6,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of an address, as the description has it."""

    method: str
    path: str
    told: Json

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    operation: Operation
    target: str
    headers: dict[str, str]
    body: bytes | None


def operations(document: Json) -> Iterator[Operation]:
    """All that can be asked to its end."""
    for path, methods in document["paths"].items():
        if path != ENDLESS:
            for method, told in methods.items():
                yield Operation(method.upper(), path, told)


def values(schema: Json, document: Json) -> st.SearchStrategy[Json]:
    """Values that fit a schema, and now and then one that does not."""
    return st.one_of(*[_fitting(schema, document)] * 6, _JUNK)


def _fitting(schema: Json, document: Json) -> st.SearchStrategy[Json]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _fitting(document["components"]["schemas"][name], document)
    if "anyOf" in schema:
        return st.one_of(*(_fitting(part, document) for part in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, document)
    if kind == "array":
        return st.lists(values(schema["items"], document), max_size=4)
    simple = {
        "string": st.one_of(_TEXT, st.sampled_from(["auto", "m", "user", "up"])),
        "integer": st.one_of(st.integers(-2, 9), st.integers()),
        "number": _NUMBER,
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return simple.get(kind, _JUNK)


def _object(schema: Json, document: Json) -> st.SearchStrategy[Json]:
    parts = {name: values(part, document) for name, part in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    if not parts:
        return st.dictionaries(_TEXT, _JUNK, max_size=3)
    known = st.fixed_dictionaries(
        {name: part for name, part in parts.items() if name in required},
        optional={name: part for name, part in parts.items() if name not in required},
    )
    more = st.one_of(st.just({}), st.dictionaries(_TEXT, _JUNK, max_size=2))
    return st.tuples(more, known).map(lambda pair: {**pair[0], **pair[1]})


@st.composite
def requests(draw: st.DrawFn, operation: Operation, document: Json) -> Request:
    """A request to an operation."""
    target, query, headers = operation.path, {}, {}
    for parameter in operation.told.get("parameters", ()):
        name, where = parameter["name"], parameter["in"]
        if where == "path":
            value = draw(st.one_of(st.just("a"), _TEXT.filter(lambda text: text not in ("", "."))))
            target = target.replace("{" + name + "}", quote(value, safe=""))
        elif draw(st.integers(0, 3)) == 0:
            value = draw(st.one_of(_fitting(parameter["schema"], document), _HEADER))
            (query if where == "query" else headers)[name] = str(value)
    given = {
        name: value for name, value in headers.items() if value.isascii() and value.isprintable()
    }
    body = None
    if "requestBody" in operation.told:
        schema = operation.told["requestBody"]["content"]["application/json"]["schema"]
        body = json.dumps(draw(values(schema, document))).encode()
        given["content-type"] = "application/json"
    return Request(operation, target + (f"?{urlencode(query)}" if query else ""), given, body)
