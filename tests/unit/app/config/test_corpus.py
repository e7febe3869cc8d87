"""Loader and JSON Schema, on the same good and bad files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from zeta_router.app.config import ConfigErrors, load_text
from zeta_router.app.config.report import Report
from zeta_router.app.config.scalars import resolve
from zeta_router.app.config.schema import json_schema
from zeta_router.app.config.shape import read_shape
from zeta_router.app.config.spec import FileSpec
from zeta_router.app.config.tree import Mapping, Node, Scalar, read_tree

HERE = Path(__file__).parent
ENVIRON = {
    "LISTEN": "127.0.0.1:1",
    "SHARE": "0.5",
    "HOST": "gpu.example",
    "MODEL": "m",
    "SLOTS": "4",
    "KEY": "0123",
}
SCHEMA = jsonschema.Draft202012Validator(json_schema())


def sections(name: str) -> list[tuple[str, str]]:
    parts = (HERE / name).read_text().split("\n=== ")[1:]
    return [(head, body + "\n") for head, _, body in (part.partition("\n") for part in parts)]


GOOD = sections("good.txt")
BAD = sections("bad.txt")


def plain(node: Node) -> Any:
    """The data that an editor's YAML 1.2 reader hands to the schema."""
    if isinstance(node, Scalar):
        return resolve(node.text) if node.plain else node.text
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    return [plain(item) for item in node.items]


def load(text: str) -> None:
    load_text(text, source="f", environ=ENVIRON, policies={"static", "p2c", "joint"})


@pytest.mark.parametrize("text", [t for _, t in GOOD], ids=[n for n, _ in GOOD])
def test_a_good_file_loads_and_fits_the_schema(text: str) -> None:
    load(text)
    assert [e.message for e in SCHEMA.iter_errors(plain(read_tree(text)))] == []


@pytest.mark.parametrize(("head", "text"), BAD, ids=[head.partition(" |")[0] for head, _ in BAD])
def test_a_bad_file_is_refused_where_it_is_wrong(head: str, text: str) -> None:
    _, kind, expected = head.split(" | ")
    with pytest.raises(ConfigErrors) as caught:
        load(text)
    found = [f"{p.path}:{p.place.line if p.place else '?'}" for p in caught.value.problems]
    assert found == expected.split(", ")
    assert all(p.problem for p in caught.value.problems)
    assert SCHEMA.is_valid(plain(read_tree(text))) == (kind == "meaning")


def test_the_schema_is_a_schema_and_describes_every_key() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert undescribed(schema, "") == []


def undescribed(schema: Any, path: str) -> list[str]:
    if isinstance(schema, list):
        return [found for part in schema for found in undescribed(part, path)]
    if not isinstance(schema, dict):
        return []
    properties = schema.get("properties", {})
    missing = [f"{path}.{key}" for key, value in properties.items() if "description" not in value]
    for key, value in schema.items():
        missing += undescribed(value, f"{path}.{key}")
    return missing


def test_the_example_of_the_design_fits_the_schema_and_its_broken_copies_do_not() -> None:
    text = (HERE / "design.yaml").read_text()
    assert SCHEMA.is_valid(plain(read_tree(text)))
    for good, bad in [
        ("params_b: 4", "params: 4"),
        ("embedding: 1.0", "embedding: 1.1"),
        ("engine: auto", "engine: automatic"),
        ("prompts: false", "prompts: 0"),
        ("listen: 127.0.0.1:8080", "listen: 127.0.0.1"),
        ("queue: 1000", "queue: many"),
        ("{id: a, url:", "{id: a, uri:"),
    ]:
        assert good in text
        assert not SCHEMA.is_valid(plain(read_tree(text.replace(good, bad)))), bad


def test_the_schema_survives_json() -> None:
    assert json.loads(json.dumps(json_schema())) == json_schema()


SAME = [(name, text) for name, text in GOOD if "environment" not in name and "fract" not in name]


@pytest.mark.parametrize("text", [t for _, t in SAME], ids=[n for n, _ in SAME])
def test_the_reader_and_msgspec_make_the_same_of_a_good_file(text: str) -> None:
    """Left out: references, and 8.0 for 8, which is an integer to a schema and not to msgspec."""
    root = read_tree(text)
    assert read_shape(root, {}, Report("f")) == msgspec.convert(plain(root), FileSpec)
