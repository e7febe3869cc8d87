"""Retries are paid from a budget, except where they leave an endpoint that is taken out."""

from __future__ import annotations

from support.bench import BUSY, ERROR_500, OK, REFUSED, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.control.retry_budget import LEAST_PER_S, SHARE, WINDOW_S
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Outcome, Status

FREE = LEAST_PER_S * WINDOW_S


def replicas(count: int, slots: int = 4) -> Bench:
    ends = [endpoint(f"e{number}", "coder", slots=slots) for number in range(count)]
    return Bench(fleet(*ends, limits=Limits(queue=1000, max_wait_s=60.0, attempts=2)))


def every_other_fails(bench: Bench, count: int) -> tuple[int, int]:
    """Of so many queries every other one fails at first; retried, and refused for it."""
    retried = refused = 0
    for number in range(count):
        name = f"q{number}"
        bench.arrive(query(name))
        if number % 2:
            bench.finish(name, ERROR_500)
            retried += name in bench.running
            refused += bench.place_of(name) == "upstream_failed"
        if name in bench.running:
            bench.finish(name, OK)
    return retried, refused


def test_an_endpoint_that_fails_now_and_then_does_not_double_the_load() -> None:
    bench = replicas(20)
    count = 200
    retried, refused = every_other_fails(bench, count)
    beyond = retried - int(FREE + SHARE * count)
    assert 0 <= beyond <= 2, "the third failure in a row ejects, and its retry costs nothing"
    assert retried + refused == count // 2
    assert not any(bench.in_flight().values())


def test_as_time_passes_there_is_a_budget_again() -> None:
    bench = replicas(20)
    every_other_fails(bench, 200)
    bench.advance(WINDOW_S)
    bench.arrive(query("later", at_s=bench.now_s))
    bench.finish("later", ERROR_500)
    assert "later" in bench.running


def test_what_leaves_an_endpoint_that_breaks_costs_nothing() -> None:
    """60 queries on an engine that dies: none is lost, whatever the budget holds."""
    bench = replicas(2, slots=100)
    names = [f"q{number}" for number in range(120)]
    places = {name: bench.arrive(query(name)) for name in names}
    stranded = [name for name, place in places.items() if place == "e0"]
    assert len(stranded) > FREE + SHARE * len(names)
    for name in stranded:
        bench.finish(name, Outcome(Status.UPSTREAM_ERROR))
    assert bench.rejected == {}
    assert {bench.place_of(name) for name in stranded} == {"e1", None}


def test_refused_connections_and_busy_engines_cost_nothing() -> None:
    for outcome in (REFUSED, BUSY):
        bench = replicas(2, slots=100)
        for number in range(60):
            name = f"q{number}"
            bench.arrive(query(name, at_s=bench.now_s))
            bench.finish(name, outcome)
            assert name not in bench.rejected
