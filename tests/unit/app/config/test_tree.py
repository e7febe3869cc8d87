"""The YAML reader: positions, and what it refuses."""

from __future__ import annotations

import pytest
import yaml

from zeta_router.app.config import tree
from zeta_router.app.config.report import Place
from zeta_router.app.config.tree import (
    MAX_BYTES,
    MAX_DEPTH,
    BadYaml,
    Mapping,
    Scalar,
    Sequence,
    read_tree,
)


@pytest.fixture(params=["SafeLoader", "CSafeLoader"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML, the one in Python and libyaml, have to give the same tree."""
    if not hasattr(yaml, request.param):
        pytest.skip("this PyYAML was built without libyaml")
    monkeypatch.setattr(tree, "PARSER", getattr(yaml, request.param))


def refused(text: str) -> BadYaml:
    with pytest.raises(BadYaml) as caught:
        read_tree(text)
    return caught.value


def test_a_tree_knows_where_everything_stands() -> None:
    root = read_tree("a: 1\nb:\n  - x\n  - {c: 'd'}\n")
    assert isinstance(root, Mapping)
    assert [(key.text, key.place) for key, _ in root.entries] == [
        ("a", Place(1, 1)),
        ("b", Place(2, 1)),
    ]
    items = root.entries[1][1]
    assert isinstance(items, Sequence)
    assert items.items[0] == Scalar("x", plain=True, place=Place(3, 5))
    inner = items.items[1]
    assert isinstance(inner, Mapping)
    assert inner.entries[0][1] == Scalar("d", plain=False, place=Place(4, 9))


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "is empty"),
        ("# nothing but this\n", 1, 1, "is empty"),
        ("a: 1\nb: {c: 1\nd: 2\n", 3, 2, "is not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, 1, "is not valid YAML"),
        ("a: b: c\n", 1, 5, "mapping values are not allowed"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "the key 'a' twice"),
        ("m: {x: {k: 1, k: 2}}\n", 1, 15, "the key 'k' twice"),
        ("a: !!python/object:os.system x\n", 1, 4, "tag"),
        ("a: !secret x\n", 1, 4, "tag"),
        ("a: 1\n---\nb: 1\n", 2, 1, "several YAML documents"),
        ("<<: {a: 1}\n", 1, 1, "merge key"),
        ("? [a, b]\n: 1\n", 1, 3, "a key that is not text"),
        ("a: *b\n", 1, 4, "stands for nothing"),
        ("a: &a [*a]\n", 1, 8, "stands for nothing"),
        ("a: 1\nb: \x00\n", 2, 4, "a character that YAML does not allow"),
    ],
)
def test_what_cannot_be_read_safely_is_refused_with_its_place(
    text: str, line: int | None, column: int | None, words: str
) -> None:
    bad = refused(text)
    assert words in bad.problem
    place = bad.place
    assert (place and place.line, place and place.column) == (line, column)


@pytest.mark.parametrize("text", ['a: "\\U99999999"\n', "%YAML 1." + "9" * 5000 + "\n---\na: 1\n"])
def test_what_makes_the_parser_itself_stumble_is_refused(text: str) -> None:
    assert "is not valid YAML" in refused(text).problem


def test_the_first_of_two_equal_keys_is_named() -> None:
    assert "line 1" in refused("a: 1\n\na: 2\n").hint


def test_depth_is_bounded() -> None:
    fits = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
    assert isinstance(read_tree(fits), Sequence)
    assert "deeper" in refused("[" + fits + "]").problem
    assert "deeper" in refused("[" * 5_000).problem


def test_aliases_are_followed_but_cannot_multiply_without_bound() -> None:
    root = read_tree("a: &x [1, 2]\nb: *x\n")
    assert isinstance(root, Mapping)
    assert root.entries[0][1] is root.entries[1][1]
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "aliases" in refused("\n".join(lines)).hint


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_NODES", 50)
    assert isinstance(read_tree("[" + "a," * 49 + "]"), Sequence)
    assert "50 values" in refused("[" + "a," * 50 + "]").problem


def test_the_length_is_bounded_in_bytes() -> None:
    assert "longer" in refused("é" * (MAX_BYTES // 2 + 1)).problem
