"""What a key may still ask."""

from __future__ import annotations

import pytest

from zeta_router.gateway.keys.key import Key
from zeta_router.gateway.keys.usage import BURST_S, DAY_S, Usage

DIGEST = b"d" * 32


def usage(**limits: float | None) -> Usage:
    return Usage(Key("alice", DIGEST, **limits), 0.0)  # type: ignore[arg-type]


def test_a_key_without_limits_may_ask_always() -> None:
    free = usage()
    for number in range(1000):
        assert free.why_not(float(number)) is None
        free.begin(float(number))
        free.spend(1e9, float(number))


def test_so_many_at_one_time() -> None:
    two = usage(concurrent=2)
    two.begin(0.0)
    two.begin(0.0)
    refused = two.why_not(0.0)
    assert refused is not None
    assert "2 requests under way" in refused[0]
    two.end()
    assert two.why_not(0.0) is None


def test_so_many_a_minute_and_those_of_ten_seconds_at_once() -> None:
    sixty = usage(requests_per_min=60.0)
    asked = 0
    while sixty.why_not(0.0) is None:
        sixty.begin(0.0)
        asked += 1
    assert asked == BURST_S
    refused = sixty.why_not(0.0)
    assert refused is not None
    assert refused[1] == pytest.approx(1.0)
    assert sixty.why_not(1.0) is None


def test_less_than_one_in_ten_seconds_may_still_ask() -> None:
    assert usage(requests_per_min=1.0).why_not(0.0) is None


def test_a_days_tokens_come_back_evenly() -> None:
    day = usage(tokens_per_day=8640)
    day.spend(8640 + 100, 0.0)
    refused = day.why_not(0.0)
    assert refused is not None
    assert refused[1] == pytest.approx(101 / 8640 * DAY_S)
    assert day.why_not(refused[1]) is None


def test_a_reload_gives_nothing_back() -> None:
    old = usage(requests_per_min=60.0, tokens_per_day=1000)
    old.begin(0.0)
    old.spend(1000, 0.0)
    new = usage(requests_per_min=600.0, tokens_per_day=2000)
    new.take_over(old)
    assert new.open_queries == 1
    assert new.why_not(0.0) is not None
