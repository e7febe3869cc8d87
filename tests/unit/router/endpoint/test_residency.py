"""Models that are not in memory: what a query there is told to expect, and who loads them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.bench import ERROR_500, GONE, OK, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import Limits
from zeta_router.core.query import Task
from zeta_router.core.signal import EngineSample
from zeta_router.router.commands import Command, Prewarm
from zeta_router.router.decision.foresight import FORECAST_TIMER
from zeta_router.router.endpoint.residency import Residency
from zeta_router.router.events import DrainRequested, Sampled, Timer

COLD, WARM, SILENT = EngineSample(resident=()), EngineSample(resident=("coder",)), EngineSample()


def told(bench: Bench, sample: EngineSample, endpoint_id: str = "c") -> None:
    bench.send(Sampled(bench.now_s, endpoint_id, 1, sample))


def ttft_s(bench: Bench, endpoint_id: str = "c") -> float:
    decision = bench.router.dry_run(query("look", at_s=bench.now_s))
    found = {one.view.endpoint.id: one.ttft_s for one in decision.candidates}
    return found[endpoint_id]


class TestResidency:
    def test_what_no_poll_denies_is_in_memory(self) -> None:
        one = Residency(7.0)
        one.told(None, "coder")
        assert (one.cold, one.wait_s(0.0)) == (False, 0.0)

    @pytest.mark.parametrize("name", ["coder", "coder:latest"])
    def test_names_are_compared_as_ollama_writes_them(self, name: str) -> None:
        one = Residency(7.0)
        one.told(("other", name), "coder")
        assert not one.cold

    def test_before_anything_was_seen_it_is_the_time_to_read_the_weights(self) -> None:
        one = Residency(7.0)
        one.told((), "coder")
        assert one.wait_s(0.0) == pytest.approx(7e9 * 0.6 / 1.5e9)

    def test_what_is_being_loaded_is_waited_for_the_rest_of_the_time(self) -> None:
        one = Residency(10.0)
        one.told((), "coder")
        whole = one.wait_s(100.0)
        one.begin(100.0)
        assert one.loading
        assert one.wait_s(101.0) == pytest.approx(whole - 1.0)
        assert one.wait_s(500.0) == pytest.approx(0.1 * whole)

    def test_the_first_token_teaches_how_long_it_took(self) -> None:
        one = Residency(10.0)
        one.told((), "coder")
        one.begin(100.0)
        one.first_token(121.0, warm_s=1.0)
        assert (one.load_s, one.loads, one.cold) == (20.0, 1, False)

    def test_a_poll_in_between_does_not_end_the_load(self) -> None:
        one = Residency(10.0)
        one.told((), "coder")
        one.begin(100.0)
        one.told(("coder",), "coder")
        assert (one.cold, one.loading, one.wait_s(105.0)) == (False, False, 0.0)
        one.first_token(121.0, warm_s=1.0)
        assert (one.load_s, one.loads) == (20.0, 1)

    def test_a_load_without_a_first_token_is_not_part_of_the_next_one(self) -> None:
        one = Residency(10.0)
        for began_s in (100.0, 900.0):
            one.told((), "coder")
            one.begin(began_s)
            one.told(("coder",), "coder")
        one.first_token(921.0, warm_s=1.0)
        assert (one.load_s, one.loads) == (20.0, 1)

    def test_those_that_waited_beside_it_do_not_teach_it_again(self) -> None:
        one = Residency(10.0)
        one.told((), "coder")
        one.begin(100.0)
        one.first_token(121.0, warm_s=1.0)
        one.first_token(122.0, warm_s=1.0)
        assert one.loads == 1

    @given(st.lists(st.floats(0.0, 300.0), max_size=20))
    def test_it_never_waits_less_than_nothing_and_a_restored_one_is_the_same(self, took) -> None:
        one, again = Residency(4.0), Residency(4.0)
        for seconds in took:
            one.told((), "m")
            one.begin(0.0)
            one.first_token(seconds, 0.5)
            assert one.load_s >= 0.0
        again.restore(one.state())
        assert again.state() == one.state()


class TestInTheRouter:
    def test_a_cold_model_answers_later(self) -> None:
        bench = Bench(fleet(endpoint("c", "coder")))
        told(bench, WARM)
        warm_s = ttft_s(bench)
        told(bench, COLD)
        assert ttft_s(bench) == pytest.approx(warm_s + Residency(7.0).load_s)
        told(bench, SILENT)
        assert ttft_s(bench) == warm_s

    def test_a_cold_start_is_not_a_slow_engine(self) -> None:
        bench = Bench(fleet(endpoint("c", "coder")))
        told(bench, WARM)
        before = ttft_s(bench)
        told(bench, COLD)
        bench.arrive(query("q"))
        bench.now_s = 25.0
        bench.first_token("q")
        assert ttft_s(bench) == pytest.approx(before, rel=0.5)
        told(bench, COLD)
        assert ttft_s(bench) > 20.0

    @pytest.mark.parametrize("ending", [GONE, ERROR_500])
    def test_a_load_that_nobody_waits_for_is_not_part_of_the_next_one(self, ending) -> None:
        config = replace(fleet(endpoint("c", "coder")), limits=Limits(attempts=1))
        bench = Bench(config)
        told(bench, COLD)
        expected_s = ttft_s(bench)
        bench.arrive(query("q"))
        bench.now_s = 1.0
        bench.finish("q", ending)
        bench.now_s = 3600.0
        told(bench, COLD)
        assert ttft_s(bench) == pytest.approx(expected_s)
        bench.arrive(query("again", at_s=3600.0))
        bench.now_s = 3620.0
        bench.first_token("again")
        told(bench, COLD)
        assert ttft_s(bench) == pytest.approx(20.0, rel=0.1)

    def test_one_that_another_query_waits_for_goes_on(self) -> None:
        bench = Bench(fleet(endpoint("c", "coder")))
        told(bench, COLD)
        bench.arrive(query("q"))
        bench.arrive(query("beside"))
        bench.now_s = 10.0
        bench.finish("q", GONE)
        bench.now_s = 20.0
        bench.first_token("beside")
        bench.finish("beside", OK)
        told(bench, COLD)
        assert ttft_s(bench) == pytest.approx(20.0, rel=0.1)

    def test_joint_takes_a_warm_replica_over_a_cold_one(self) -> None:
        ends = (endpoint("a", "coder"), endpoint("b", "coder"))
        bench = Bench(fleet(*ends, policy="joint"))
        told(bench, COLD, "a")
        told(bench, WARM, "b")
        slo = replace(query("x").slo, ttft_s=2.0)
        places = [bench.arrive(query(str(n), slo=slo)) for n in range(2)]
        assert places == ["b", "b"]


class TestPrewarm:
    def step(self, bench: Bench, now_s: float) -> list[Command]:
        bench.now_s = now_s
        return [c for c in bench.send(Timer(now_s, FORECAST_TIMER)) if isinstance(c, Prewarm)]

    def busy(self, **limits: bool) -> Bench:
        """One query every two seconds for five minutes; then the engine drops the model."""
        config = replace(fleet(endpoint("c", "coder")), limits=Limits(**limits))
        bench = Bench(config)
        for number in range(150):
            bench.now_s = 2.0 * number
            told(bench, WARM)
            bench.arrive(query(str(number), Task.CODE, at_s=bench.now_s))
            bench.finish(str(number))
            if number % 2:
                self.step(bench, bench.now_s)
        told(bench, COLD)
        return bench

    def test_a_model_that_will_be_wanted_is_loaded_ahead_once(self) -> None:
        bench = self.busy(prewarm=True)
        assert [c.endpoint.id for c in self.step(bench, 305.0)] == ["c"]
        told(bench, COLD)
        assert self.step(bench, 310.0) == []

    def test_one_that_came_to_nothing_is_tried_again_later(self) -> None:
        bench = self.busy(prewarm=True)
        assert self.step(bench, 305.0)
        for now_s in (600.0, 606.0):
            bench.now_s = now_s
            told(bench, COLD)
            for _ in range(30):
                bench.router.knowledge.arrivals.count(Task.CODE)
        assert self.step(bench, 606.0)

    def test_not_unless_it_is_allowed(self) -> None:
        assert self.step(self.busy(), 305.0) == []

    def test_not_one_that_is_drained(self) -> None:
        bench = self.busy(prewarm=True)
        bench.send(DrainRequested(300.0, "c", draining=True))
        assert self.step(bench, 305.0) == []

    def test_not_one_that_nobody_used_for_long(self) -> None:
        bench = self.busy(prewarm=True)
        assert self.step(bench, 300.0 + 3600.0) == []
