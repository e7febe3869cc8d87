from __future__ import annotations

from math import inf, nan

import pytest

from support.bench import Bench
from support.fleets import endpoint, fleet, query
from zeta_router.control.ejection import Circuit
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.router.endpoint.engine_count import FOREIGN_MAX_AGE_S, EngineCount
from zeta_router.router.events import Sampled


def poll(running: float | None = None, waiting: float | None = None, **more: float) -> EngineSample:
    given = {"running": running, "waiting": waiting, **more}
    return EngineSample(**{name: Signal(value, 0.0, "test") for name, value in given.items()})


def test_work_of_others_is_what_two_polls_in_a_row_show() -> None:
    count = EngineCount()
    count.on_sample(1.0, poll(5.0, 1.0), ours=2)
    assert count.foreign(1.0) == (0, inf)
    count.on_sample(2.0, poll(3.0), ours=2)
    assert count.foreign(2.0) == (1, 2.0 + FOREIGN_MAX_AGE_S)
    count.on_sample(3.0, poll(2.0), ours=4)
    assert count.foreign(3.0) == (0, inf)


def test_it_is_not_believed_for_long() -> None:
    count = EngineCount()
    for at_s in (1.0, 2.0):
        count.on_sample(at_s, poll(3.0), ours=0)
    assert count.foreign(2.0 + FOREIGN_MAX_AGE_S)[0] == 3
    assert count.foreign(2.1 + FOREIGN_MAX_AGE_S) == (0, inf)


def test_a_poll_without_counts_changes_nothing() -> None:
    count = EngineCount()
    for at_s in (1.0, 2.0):
        count.on_sample(at_s, poll(3.0), ours=0)
    for value in (None, nan, inf, -1.0):
        count.on_sample(3.0, poll(value, value), ours=0)
    assert count.foreign(3.0) == (3, 2.0 + FOREIGN_MAX_AGE_S)


@pytest.mark.parametrize("value", [0.0, -4.0, nan, inf])
def test_slots_that_make_no_sense_are_not_taken(value: float) -> None:
    count = EngineCount()
    count.on_sample(1.0, poll(slots=value), ours=0)
    assert count.slots is None
    count.on_sample(2.0, poll(slots=4.0), ours=0)
    count.on_sample(3.0, poll(slots=value), ours=0)
    count.on_sample(4.0, poll(), ours=0)
    assert count.slots == 4


def test_a_long_prompt_in_which_the_engine_cannot_be_asked_loses_no_query() -> None:
    bench = Bench(fleet(endpoint("c", "coder"), endpoint("d", "coder")))

    def told(at_s: float, running: float | None) -> None:
        bench.now_s = at_s
        bench.send(Sampled(at_s, "c", 1, poll(running)))

    told(0.0, 0.0)
    assert bench.arrive(query("a")) == "c"
    told(1.0, 1.0)
    bench.first_token("a")
    bench.finish("a")
    bench.now_s = 9.9
    places = {name: bench.arrive(query(name, at_s=9.9)) for name in ("q", "r")}
    told(10.0, 0.0)  # a moment before the engine has taken it in
    for second in range(11, 30):
        told(float(second), None)
    assert "c" in places.values()
    assert bench.router.vitals(30.0)["c"].circuit is Circuit.CLOSED
    assert bench.cancelled == []
