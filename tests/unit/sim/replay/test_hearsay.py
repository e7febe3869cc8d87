"""Whose words stand in for an answer that never was."""

from __future__ import annotations

import pytest

from support.records import decided, ended, query
from zeta_router.core.fleet import FleetConfig
from zeta_router.sim.replay.hearsay import Hearsay, judged_after_s, topic_of
from zeta_router.sim.replay.logged import LoggedQuery, Served, Traffic


def logged(name: str, at_s: float, endpoint_id: str | None) -> LoggedQuery:
    asked = query(name)._replace(arrived_at_s=at_s)
    attempts = [Served(endpoint_id, at_s, 0.0, ended().outcome)] if endpoint_id else []
    return LoggedQuery(asked, [decided(name).decision], attempts)


def hearsay(*queries: LoggedQuery) -> Hearsay:
    return Hearsay(Traffic(FleetConfig({}, ()), "static", 0, queries, 0.0, ()))


def test_an_answer_of_the_same_model_speaks_for_itself() -> None:
    each = logged("q1", 5.0, "a")
    model = each.model_of("a")
    assert model is not None
    assert hearsay(logged("q0", 4.9, "a"), each).of(each, model) is each


def test_the_nearest_answer_in_time_stands_in_for_another_model() -> None:
    asked = logged("q", 10.0, "a")
    before, near, after = (logged(f"b{n}", at, "b") for n, at in enumerate((1.0, 8.5, 12.0)))
    other = before.model_of("b")
    assert other is not None
    assert other != asked.model_of("a")
    assert hearsay(before, near, asked, after).of(asked, other) is near
    assert hearsay(asked).of(asked, other) is None


def test_what_was_never_answered_says_nothing() -> None:
    lost = logged("q", 10.0, None)
    assert hearsay(lost).of(lost, "small") is None
    assert judged_after_s(lost) == 0.0


def test_a_judgement_comes_as_long_after_the_end_as_it_did() -> None:
    each = logged("q", 10.0, "a")
    each.judged_at_s = 20.0
    assert judged_after_s(each) == pytest.approx(20.0 - 10.0 - 4.0)
    assert topic_of(each) == "code/hard"
