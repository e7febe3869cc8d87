"""Shortage of CPU or memory raises what is predicted, and in the end keeps queries away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.bench import Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.condition import Axis, Condition
from zeta_router.core.fleet import Limits
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Candidate
from zeta_router.router.events import Sampled

ENDS = (endpoint("a", "coder", slots=4), endpoint("b", "coder", slots=4))


class Pair(Bench):
    """Two equal endpoints, both polled."""

    def __init__(self, **limits: float) -> None:
        super().__init__(fleet(*ENDS, policy="joint", limits=replace(Limits(), **limits)))

    def poll(self, endpoint_id: str, *, cpu: float = 0.2, used: float = 0.3) -> None:
        """A poll of an endpoint."""

        def signal(value: float) -> Signal:
            return Signal(value, self.now_s, "test")

        sample = EngineSample(
            cpu_ratio=signal(cpu),
            rss_bytes=signal(used * 1e10),
            memory_left_bytes=signal((1.0 - used) * 1e10),
        )
        generation = {v.endpoint.id: v.generation for v in self.router.snapshot(self.now_s).views}
        self.send(Sampled(self.now_s, endpoint_id, generation[endpoint_id], sample))

    def candidates(self) -> dict[str, Candidate]:
        """What is predicted for a query on each endpoint."""
        decision = self.router.dry_run(query("asked", at_s=self.now_s))
        return {one.view.endpoint.id: one for one in decision.candidates}

    def slots(self) -> dict[str, int]:
        return {v.endpoint.id: v.slots for v in self.router.snapshot(self.now_s).views}


def busy(bench: Pair) -> None:
    """Both have worked for an hour with a fifth of their CPU."""
    assert bench.arrive(query("x")) is not None
    assert bench.arrive(query("y")) is not None
    for minute in range(60):
        bench.now_s = 60.0 * minute
        for one in ("a", "b"):
            bench.poll(one)


def test_predictions_rise_at_once_with_a_cpu_that_fills_up() -> None:
    bench = Pair()
    busy(bench)
    calm = bench.candidates()
    bench.poll("a", cpu=0.97)
    pressed = bench.candidates()
    assert pressed["a"].ttft_s == pytest.approx(2.0 * calm["a"].ttft_s)
    assert pressed["a"].tpot_s == pytest.approx(2.0 * calm["a"].tpot_s)
    assert pressed["a"].work_s == pytest.approx(2.0 * calm["a"].work_s)
    assert pressed["b"].ttft_s == calm["b"].ttft_s
    bench.now_s += 11.0
    assert bench.candidates()["a"].ttft_s == pytest.approx(calm["a"].ttft_s), "a word that is old"


def test_one_without_memory_keeps_what_it_has_and_gets_no_more() -> None:
    bench = Pair()
    for number in range(4):
        bench.arrive(query(f"q{number}"))
    assert bench.in_flight() == {"a": 2, "b": 2}
    bench.poll("a", used=0.99)
    bench.poll("b")
    assert bench.slots() == {"a": 2, "b": 4}
    assert {bench.arrive(query(f"r{number}")) for number in range(2)} == {"b"}
    (memory,) = [f for f in bench.router.vitals(bench.now_s)["a"].findings if f.axis is Axis.MEMORY]
    assert memory.condition is Condition.DEGRADED
    assert "99%" in memory.text
    bench.poll("a", used=0.5)
    assert bench.slots()["a"] == 4


def test_an_empty_one_may_always_have_one_query() -> None:
    bench = Pair()
    bench.poll("a", used=0.99)
    assert bench.slots()["a"] == 1


def test_a_cpu_limit_caps_where_it_is_set() -> None:
    for limits, slots in (({}, 4), ({"cpu_ratio": 0.9}, 1)):
        bench = Pair(**limits)
        bench.poll("a", cpu=0.99)
        assert bench.slots()["a"] == slots
