"""Counting arrivals and acting on what is forecast: floors, the batch lane, saved state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.bench import Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import FleetConfig, JointParams
from zeta_router.core.query import Lane, Task
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.commands import Dispatch
from zeta_router.router.decision.foresight import FORECAST_TIMER
from zeta_router.router.decision.holdback import BATCH_SHARE, FULL_BATCH_SHARE, Holdback
from zeta_router.router.events import Timer
from zeta_router.router.router import ZetaDynamicRouter


def small_fleet(floor: float) -> FleetConfig:
    config = fleet(endpoint("a", "coder", slots=4), endpoint("b", "thinker", slots=4))
    return replace(config, policy="joint", joint=JointParams(forecast_floor=floor))


def busy(floor: float, seconds: int, per_s: int = 1) -> Bench:
    """A bench after so many seconds of arrivals, each answered at once."""
    bench = Bench(small_fleet(floor))
    for second in range(seconds):
        bench.advance(float(second))
        for number in range(per_s):
            name = f"{second}-{number}"
            if bench.arrive(query(name, at_s=bench.now_s)) in ("a", "b"):
                bench.first_token(name)
                bench.finish(name)
    return bench


def test_the_first_arrival_starts_a_timer_that_goes_on() -> None:
    bench = Bench(small_fleet(0.0))
    bench.now_s = 3.0
    bench.arrive(query("q", at_s=3.0))
    assert bench.timers[FORECAST_TIMER] == 5.0
    bench.advance(5.0)
    assert bench.timers[FORECAST_TIMER] == 10.0
    bench.advance(21.0)
    assert bench.timers[FORECAST_TIMER] == 25.0


def test_arrivals_are_forecast_by_task_and_together() -> None:
    bench = busy(0.0, 400)
    foreseen = bench.router.inside(400.0).foreseen
    together = foreseen.arrivals[30.0]["all"]
    assert together.expected == pytest.approx(30.0, abs=1.5)
    assert together.forecastable
    tasks = set(foreseen.arrivals[30.0]) - {"all"}
    assert tasks
    assert tasks <= {task.value for task in Task}
    assert all(work_s > 0.0 for work_s in foreseen.work_s.values())
    assert foreseen.floors == {}


def test_the_same_events_give_the_same_forecast() -> None:
    first, second = busy(1.0, 120), busy(1.0, 120)
    assert first.router.inside(120.0).foreseen == second.router.inside(120.0).foreseen


def test_what_was_learned_goes_on_in_another_router() -> None:
    bench = busy(0.0, 200)
    part = bench.router.learned_part("arrivals")
    other = ZetaDynamicRouter(small_fleet(0.0), RuleClassifier())
    assert other.restore({"arrivals": part}, 200.0) == {}
    assert other.learned_part("arrivals") == part
    before = bench.router.knowledge.arrivals.latest(30.0)["all"]
    assert other.knowledge.arrivals.latest(30.0)["all"].expected == before.expected


def test_a_floor_comes_from_load_that_the_fleet_cannot_take() -> None:
    quiet, full = busy(1.0, 60), busy(1.0, 60, per_s=40)
    assert quiet.router.inside(60.0).foreseen.floors == {}
    assert full.router.inside(60.0).foreseen.floors


def test_without_the_setting_there_is_no_floor() -> None:
    assert busy(0.0, 60, per_s=40).router.inside(60.0).foreseen.floors == {}


def test_a_forecast_alone_sheds_nothing() -> None:
    """Floors of any height; the endpoints are idle but one slot each."""
    bench = Bench(small_fleet(1.0))
    for number in range(2):
        bench.arrive(query(f"first{number}", at_s=0.0))
    bench.now_s = 60.0
    for state in bench.router._fleet.endpoints.values():
        state.price.floor = 1e6
        state.touch()
    commands = bench.router.handle(Timer(60.0, "nothing"))
    assert commands == []
    assert bench.arrive(query("next", at_s=60.0)) in ("a", "b")
    assert isinstance(bench.running["next"], Dispatch)


def test_the_batch_lane_gets_less_while_the_fleet_is_forecast_full() -> None:
    holdback = Holdback()
    assert holdback.share(Lane.BATCH, 0.0) == 1.0
    holdback.arrived(Lane.NORMAL, 0.0)
    assert holdback.share(Lane.BATCH, 1.0) == BATCH_SHARE
    holdback.foreseen(0.95, 20.0)
    assert holdback.share(Lane.BATCH, 15.0) == FULL_BATCH_SHARE
    assert holdback.share(Lane.NORMAL, 15.0) == 1.0
    assert holdback.share(Lane.BATCH, 20.0) == 1.0
    holdback.foreseen(0.95, 40.0)
    holdback.foreseen(0.5, 40.0)
    assert holdback.share(Lane.BATCH, 25.0) == BATCH_SHARE


def test_batch_work_alone_is_not_held_back_by_its_own_forecast() -> None:
    bench = Bench(small_fleet(0.0))
    for second in range(60):
        bench.advance(float(second))
        for number in range(40):
            name = f"{second}-{number}"
            if bench.arrive(query(name, at_s=bench.now_s, lane=Lane.BATCH)) in ("a", "b"):
                bench.first_token(name)
                bench.finish(name)
    assert bench.router.inside(60.0).foreseen.load_p90 == 0.0
