"""Queries that were promised no time, and wait for a model that is better and full."""

from __future__ import annotations

import pytest

from support.bench import Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import Limits, SimulatedSpeed
from zeta_router.core.query import NO_SLO, Query, Slo, Task
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import DecisionRecord

SPEED = SimulatedSpeed(4000.0, 0.02, 0.0005, 8)
WAIT_S = 30.0


def two(policy: str = "joint") -> Bench:
    """The better model with one slot, which a long answer keeps; and one beside it that idles."""
    better = endpoint("better", "thinker", slots=1, simulate=SPEED)
    other = endpoint("other", "small", slots=2, simulate=SPEED)
    bench = Bench(
        fleet(better, other, policy=policy, limits=Limits(queue=100, max_wait_s=WAIT_S)), seed=3
    )
    bench.arrive(asked("long", model_requested="thinker"))
    assert bench.place_of("long") == "better"
    return bench


def asked(id_: str, **more: object) -> Query:
    given = {"slo": NO_SLO, "max_output_tokens": 100, "max_wait_s": WAIT_S} | more
    return query(id_, Task.REASONING, **given)


def reasons(bench: Bench, query_id: str) -> list[Reason]:
    told = [emit.record for emit in bench.records if isinstance(emit.record, DecisionRecord)]
    return [one.decision.reason for one in told if one.query.id == query_id]


def test_it_settles_for_what_is_open_once_it_has_waited_in_vain() -> None:
    bench = two()
    assert bench.arrive(asked("q")) is None
    bench.advance(WAIT_S / 2)
    assert bench.place_of("q") == "other"
    assert reasons(bench, "q") == [Reason.WAIT_SLOT, Reason.BEST_SCORE]
    bench.finish("q")
    bench.finish("long")
    assert bench.router.open_cases == 0
    assert bench.in_flight() == {"better": 0, "other": 0}


def test_it_gets_the_better_one_where_that_is_free_in_time() -> None:
    bench = two()
    bench.arrive(asked("q"))
    bench.advance(1.0)
    bench.finish("long")
    assert bench.place_of("q") == "better"


@pytest.mark.parametrize(("opens", "place"), [(False, "deadline"), (True, "other")])
def test_it_waits_on_while_nothing_is_open(opens: bool, place: str) -> None:
    """To its deadline: refused then, or served on what has a free slot by now."""
    bench = two()
    for each in ("s1", "s2"):
        bench.arrive(asked(each, model_requested="small"))
    assert bench.arrive(asked("q")) is None
    bench.advance(WAIT_S - 1.0)
    assert bench.place_of("q") is None
    if opens:
        bench.finish("s1")
    bench.advance(WAIT_S + 1.0)
    assert bench.place_of("q") == place
    assert len(bench.router._placement.line) == 0


def test_who_names_the_better_model_waits_for_it() -> None:
    bench = two()
    assert bench.arrive(asked("q", model_requested="thinker")) is None
    bench.advance(WAIT_S - 1.0)
    assert bench.place_of("q") is None
    bench.advance(WAIT_S + 1.0)
    assert bench.place_of("q") == Reason.DEADLINE.value


@pytest.mark.parametrize("slo", [Slo(ttft_s=200.0), Slo(e2e_s=900.0)])
def test_where_a_time_was_promised_the_wait_is_priced_instead(slo: Slo) -> None:
    bench = two()
    assert bench.arrive(asked("q", slo=slo)) is None
    bench.advance(WAIT_S - 1.0)
    assert bench.place_of("q") is None


@pytest.mark.parametrize("before_s", [1.0, WAIT_S / 2])
def test_what_opens_while_it_waits_is_waited_beside_no_longer_than_what_was_open(
    before_s: float,
) -> None:
    """Nothing was open when it came; then the lesser model is, and nobody takes it."""
    bench = two()
    for each in ("s1", "s2"):
        bench.arrive(asked(each, model_requested="small"))
    assert bench.arrive(asked("q", max_wait_s=10 * WAIT_S)) is None
    bench.advance(before_s)
    bench.finish("s1")
    assert bench.place_of("q") is None
    bench.advance(before_s + WAIT_S / 2)
    assert bench.place_of("q") == "other"
