"""What is told of how an endpoint does, by a router to which it happens."""

from __future__ import annotations

from support.bench import OK, Bench
from support.fleets import fleet, query
from zeta_router.control.ejection import Circuit
from zeta_router.core.condition import Axis, Condition
from zeta_router.core.query import Task
from zeta_router.router.events import Probed


def test_a_new_endpoint_is_well_and_little_is_known_of_it() -> None:
    bench = Bench(fleet())
    vitals = bench.router.vitals(bench.now_s)
    assert set(vitals) == {view.endpoint.id for view in bench.router.snapshot(0.0).views}
    for one in vitals.values():
        assert one.circuit is Circuit.CLOSED
        assert (one.ttft_slowness, one.tpot_slowness, one.slowdown) == (1.0, 1.0, 1.0)
        assert [finding.axis for finding in one.findings] == list(Axis)
        assert {finding.condition for finding in one.findings} == {Condition.HEALTHY}
        assert one.fall is one.memory_slope_bytes_per_h is one.canaries_failing is None


def test_one_that_cannot_be_reached_is_open() -> None:
    bench = Bench(fleet())
    endpoint, generation = bench.router.watched()[0]
    bench.router.handle(Probed(1.0, endpoint.id, generation, alive=False))
    vitals = bench.router.vitals(1.0)
    assert vitals[endpoint.id].circuit is Circuit.OPEN
    assert vitals[endpoint.id].findings[0].condition is Condition.EJECTED
    others = {one.circuit for id_, one in vitals.items() if id_ != endpoint.id}
    assert others == {Circuit.CLOSED}


def test_asking_changes_nothing_that_is_decided() -> None:
    def decided(ask: bool) -> list[object]:
        bench = Bench(fleet())
        for number in range(40):
            bench.arrive(query(f"q{number}", list(Task)[number % 3], at_s=bench.now_s))
            if ask:
                bench.router.vitals(bench.now_s)
            bench.advance(bench.now_s + 0.2)
            for name in list(bench.running)[: number % 3]:
                bench.finish(name, OK)
        return [emit.record for emit in bench.records]

    assert decided(ask=True) == decided(ask=False)
