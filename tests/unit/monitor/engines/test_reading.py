import math

import pytest

from zeta_router.monitor.engines.protocol import Reply
from zeta_router.monitor.engines.reading import (
    absent,
    count,
    field_of,
    json_of,
    mean,
    number_of,
    ratio,
    rows_of,
    size,
    text_of,
    total,
    whole_of,
)


@pytest.mark.parametrize(
    "value", [None, True, False, "7", "", [], {}, math.nan, math.inf, -math.inf, 10**400]
)
def test_what_is_no_number_is_none(value):
    assert number_of(value) is None
    assert whole_of(value) is None


def test_zero_is_a_number_but_not_a_whole_amount():
    assert number_of(0) == 0.0
    assert whole_of(0) is None


@pytest.mark.parametrize(
    ("value", "whole"), [(1, 1), (4096.0, 4096), (0.5, None), (-4, None), (1e16, None)]
)
def test_whole_amounts(value, whole):
    assert whole_of(value) == whole


@pytest.mark.parametrize("status", [0, 204, 301, 404, 500])
def test_only_a_200_is_read(status):
    assert json_of(Reply(0.0, status, b'{"a":1}')) is None


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"<html>", b"[" * 100_000, b"NaN"])
def test_what_is_no_json_is_none(body):
    assert json_of(Reply(0.0, 200, body)) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": {"b": 1}}, 1),
        ({"a": {"c": 1}}, None),
        ({"a": [1]}, None),
        ({"a": None}, None),
        ([], None),
        (None, None),
    ],
)
def test_nested_fields(value, found):
    assert field_of(value, "a", "b") == found


def test_rows_are_the_objects_of_a_list():
    assert rows_of({"data": [{"id": 1}, None, "x", {"id": 2}]}, "data") == [{"id": 1}, {"id": 2}]
    assert rows_of({"data": {"id": 1}}, "data") == []


@pytest.mark.parametrize(("value", "text"), [("a", "a"), ("", None), (1, None), (None, None)])
def test_text(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize("check", [count, ratio, size])
def test_an_absent_reading_stays_absent_with_its_source(check):
    gauge = check(None, "here")
    assert gauge.value is None
    assert gauge.source == "here: not given"


@pytest.mark.parametrize("combine", [total, mean])
class TestOverRanks:
    def test_no_part_is_no_reading(self, combine):
        assert combine([], "x").value is None

    @pytest.mark.parametrize("wrong", [None, math.nan, -1.0, 1e12])
    def test_one_wrong_part_makes_the_whole_unreadable(self, combine, wrong):
        assert combine([0.5, wrong], "x").value is None

    def test_one_part_is_itself(self, combine):
        assert combine([0.5], "x").value == 0.5


def test_total_and_mean():
    assert total([1.0, 2.0, 4.0], "x").value == 7.0
    assert mean([0.0, 0.5, 1.0], "x").value == 0.5


def test_absent_tells_whether_it_failed_or_could_not_be_read():
    assert absent(Reply(1.0, 503), "/slots").source == "/slots: HTTP 503"
    assert absent(Reply(1.0, 200, b"<html>"), "/slots").source == "/slots: unreadable"
