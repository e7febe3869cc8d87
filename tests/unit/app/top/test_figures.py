"""Rates, percentiles and shares from what a gateway says."""

from __future__ import annotations

from typing import Any

import pytest

from support.told_gateway import decision, endpoint, learned
from zeta_router.app.top.figures import WINDOW_S, History, bucket_quantile, quantile
from zeta_router.app.top.reading import Reading

INF = float("inf")


def reading(now_s: float, decided: float, decisions: list[dict[str, Any]], **more: Any) -> Reading:
    fleet = {
        "policy": "joint",
        "now_s": now_s,
        "queued": {"normal": 3},
        "endpoints": [endpoint("a"), endpoint("b")],
    }
    state = {"open": 2, "endpoints": [learned("a", quality=("degraded", "worse")), learned("b")]}
    overhead = more.get("overhead", {})
    return Reading(fleet, state, tuple(reversed(decisions)), overhead, decided)


def test_decisions_per_second_need_two_looks() -> None:
    history = History()
    assert history.add(reading(10.0, 100, []))["decisions_per_s"] is None
    told = history.add(reading(12.0, 110, []))
    assert told["decisions_per_s"] == 5.0
    assert told["decisions_trend"] == [5.0]
    assert told["lanes"] == {"normal": 3}


def test_a_decision_seen_twice_counts_once_and_takes_its_end() -> None:
    history = History()
    running = decision(1, "a", 9.0, status=None, ttft_s=None, queue_wait_s=None, e2e_s=None)
    first = history.add(reading(10.0, 1, [running]))["endpoints"][0]
    assert (first["answers"], first["ttft_p50_s"], first["share"]) == (0, None, 1.0)
    told = history.add(reading(12.0, 2, [decision(1, "a", 9.0), decision(2, "b", 11.0)]))
    a, b = told["endpoints"]
    assert a["answers"] == b["answers"] == 1
    assert a["ttft_p50_s"] == pytest.approx(0.3)  # waiting in the router included
    assert a["share"] == b["share"] == 0.5
    assert a["tokens_per_s"] == 1.0


def test_what_a_failed_attempt_took_is_part_of_the_time_to_the_first_token() -> None:
    told = decision(1, "a", 9.0, sent_after_s=3.0, queue_wait_s=0.0)
    a = History().add(reading(10.0, 1, [told]))["endpoints"][0]
    assert a["ttft_p50_s"] == pytest.approx(3.2)


def test_answers_leave_the_window() -> None:
    history = History()
    history.add(reading(10.0, 1, [decision(1, "a", 9.0)]))
    told = history.add(reading(10.0 + WINDOW_S, 2, []))
    assert told["endpoints"][0]["share"] is None
    assert told["latest"] == []


def test_a_gateway_that_started_anew_is_not_mixed_with_the_old_one() -> None:
    history = History()
    history.add(reading(1000.0, 500, [decision(1, "a", 999.0)]))
    told = history.add(reading(1001.0, 1, [decision(2, "b", 1000.5)]))
    assert told["decisions_per_s"] is None
    assert [each["decision_id"] for each in told["latest"]] == ["d2"]


def test_overhead_is_that_of_the_requests_since_the_last_look() -> None:
    history = History()
    history.add(reading(1.0, 1, [], overhead={0.1: 100.0, 0.2: 100.0, INF: 100.0}))
    told = history.add(reading(2.0, 2, [], overhead={0.1: 100.0, 0.2: 110.0, INF: 110.0}))
    assert told["overhead_p99_s"] == 0.2


def test_findings_and_conditions_are_passed_on() -> None:
    a = History().add(reading(1.0, 1, []))["endpoints"][0]
    assert a["condition"]["quality"] == "degraded"
    assert a["findings"] == ["worse"]
    assert a["cpu_ratio"] == 0.25
    assert a["gpu_ratio"] is None


def test_it_asks_for_as_many_decisions_as_came_and_no_more_than_allowed() -> None:
    history = History()
    assert history.to_ask() == 200
    history.add(reading(1.0, 0, []))
    history.add(reading(2.0, 30, []))
    assert history.to_ask() == 50 + 60 + 2
    history.add(reading(3.0, 1e6, []))
    assert history.to_ask() == 1000


def test_quantiles() -> None:
    assert quantile([], 0.5) is None
    assert quantile([1.0, 2.0, 3.0], 0.99) == 3.0
    assert bucket_quantile({}, 0.99) is None
    assert bucket_quantile({0.1: 98.0, INF: 100.0}, 0.99) == INF


def test_the_gpu_is_shown_where_it_is_known() -> None:
    told = reading(1.0, 1, [])
    told.state["endpoints"][0]["gpu"] = {"gpu_ratio": 0.7}
    a, b = History().add(told)["endpoints"]
    assert (a["gpu_ratio"], b["gpu_ratio"]) == (0.7, None)
