"""Logged decisions made again: what the logging policy would hardly have done is no error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.benchmarks import learning_benchmark
from zeta_router.policy.registry import build
from zeta_router.sim.replay.logged import LoggedQuery, Traffic, read_traffic
from zeta_router.sim.replay.logged_quality import judged_rows


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    worlds = learning_benchmark("worlds")
    path = tmp_path_factory.mktemp("log") / "z.db"
    feedback = worlds.Feedback(1.0, 1.0)
    worlds.write_log(path, worlds.Specialists(), seconds=40.0, seed=3, feedback=feedback)
    return read_traffic(path)


def dear(each: LoggedQuery) -> LoggedQuery:
    """The query at prices at which nobody would have been sent anywhere, and one was."""
    (decision,) = [d for d in each.decisions if d.endpoint_id][-1:]
    candidates = tuple(
        c._replace(view=c.view._replace(price=1e6, in_flight=c.view.slots - 1))
        for c in decision.candidates
    )
    rare = decision._replace(candidates=candidates, propensity=1e-7)
    return replace(each, decisions=[rare])


def test_a_log_is_judged_by_the_policy_that_wrote_it(traffic: Traffic) -> None:
    judged = judged_rows(traffic, build(traffic.policy, traffic.fleet))
    assert len(judged.rows) > 50
    assert judged.reproduced > 0.95
    assert all(0.0 < row.propensity <= 1.0 for row in judged.rows)


def test_a_choice_next_to_impossible_keeps_the_propensity_that_was_logged(
    traffic: Traffic,
) -> None:
    sent = [q for q in traffic.queries if any(d.endpoint_id for d in q.decisions)]
    rare = replace(traffic, queries=tuple(map(dear, sent)))
    judged = judged_rows(rare, build("random", traffic.fleet))
    assert len(judged.rows) > 50
    assert judged.reproduced == 0.0
    assert {row.propensity for row in judged.rows} == {1e-7}
