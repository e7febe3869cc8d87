"""One name exchanged, every other byte as it came."""

from __future__ import annotations

import json

import msgspec
import pytest

from zeta_router.gateway.answer.splice import with_model


class _Named(msgspec.Struct):
    model: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def spliced(raw: bytes, model: str = "new") -> bytes:
    """The body with another name, as the relay and the renaming do it."""
    return with_model(raw, msgspec.json.decode(raw, type=_Named).model, model)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"model":"old"}', b'{"model":"new"}'),
        (b' {\n "model" :\t"old" ,"a" : 1.0e5 } ', b' {\n "model" :\t"new" ,"a" : 1.0e5 } '),
        (b'{"a":[1,2],"model":"old","b":{}}', b'{"a":[1,2],"model":"new","b":{}}'),
        (b'{"a":1,"a":2,"model":"old"}', b'{"a":1,"a":2,"model":"new"}'),
        (b'{"\\u00e9":"\\u00e9","model":"old"}', b'{"\\u00e9":"\\u00e9","model":"new"}'),
        (b'{"mod\\u0065l":"old"}', b'{"mod\\u0065l":"new"}'),
        (b'{"model":"o\\"ld"}', b'{"model":"new"}'),
        (
            b'{"tools":[{"model":"old"}],"model":"old"}',
            b'{"tools":[{"model":"old"}],"model":"new"}',
        ),
        (
            b'{"model":"old","tools":[{"model":"old"}]}',
            b'{"model":"new","tools":[{"model":"old"}]}',
        ),
        (
            b'{"x":"\\"model\\":\\"old\\"","model":"old"}',
            b'{"x":"\\"model\\":\\"old\\"","model":"new"}',
        ),
        (b'{"x\\"model":"old","model":"old"}', b'{"x\\"model":"old","model":"new"}'),
        (b'{"model":"a","model":"b"}', b'{"model":"a","model":"new"}'),
        (b'{"model":"\\u0061","n":1e400}', b'{"model":"new","n":1e400}'),
    ],
)
def test_only_the_name_changes(raw: bytes, expected: bytes) -> None:
    assert spliced(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"{}", b'{"model":"new"}'),
        (b" { } ", b' {"model":"new" } '),
        (b'{"a":1}', b'{"model":"new","a":1}'),
        (b'\n{ "a":{"model":"old"}}', b'\n{"model":"new", "a":{"model":"old"}}'),
    ],
)
def test_a_body_without_a_name_gets_one(raw: bytes, expected: bytes) -> None:
    assert spliced(raw) == expected


@pytest.mark.parametrize("name", ['a"b', "café", "a\\b", "x" * 10_000, ""])
def test_any_name_can_be_written(name: str) -> None:
    assert json.loads(spliced(b'{"a":1,"model":"old"}', name)) == {"a": 1, "model": name}


def test_a_name_from_another_body_is_a_bug_and_told() -> None:
    written = msgspec.json.decode(b'{"model":"' + b"x" * 4096 + b'"}', type=_Named).model
    with pytest.raises(ValueError, match="was not decoded from"):
        with_model(b"{}", written, "new")


def test_the_place_is_found_in_long_objects_and_where_the_name_stands_twice() -> None:
    filled = b"x" * 10_000
    for raw in (
        b'{"text":"old %s","model":"old"}' % filled,
        b'{"text":"%s","model":"old","other":"old"}' % filled,
        b'{"other":"old","model":"old"}',
    ):
        assert spliced(raw) == raw.replace(b'"model":"old"', b'"model":"new"')


@pytest.mark.parametrize("length", range(4080, 4112))
def test_the_way_of_finding_the_place_makes_no_difference(length: int) -> None:
    raw = b'{"text":"%s","model":"old"}' % (b"x" * length)
    assert spliced(raw) == raw.replace(b'"old"', b'"new"')
