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
    new.take_over(old, 0.0)
    assert new.open_queries == 1
    assert new.why_not(0.0) is not None


def test_a_reload_leaves_what_came_back_since_the_last_use() -> None:
    old = usage(requests_per_min=60.0, tokens_per_day=8640)
    for _ in range(int(BURST_S)):
        old.begin(0.0)
    old.spend(8640, 0.0)
    assert old.why_not(0.0) is not None
    new = Usage(old.key, DAY_S / 2)
    new.take_over(old, DAY_S / 2)
    assert new.why_not(DAY_S / 2) is None
    new.spend(8640 / 2, DAY_S / 2)
    refused = new.why_not(DAY_S / 2)
    assert refused is not None
    assert refused[1] == pytest.approx(DAY_S / 8640)


def test_a_count_below_nothing_gives_nothing_back() -> None:
    day = usage(tokens_per_day=100)
    day.spend(100, 0.0)
    day.spend(-50, 0.0)
    refused = day.why_not(0.0)
    assert refused is not None
    assert refused[1] == pytest.approx(DAY_S / 100)
