"""The cognitive state: what is found on each axis, and what follows for routing."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from support.bench import OK, Bench
from support.fleets import endpoint, fleet, query
from support.memory_series import memory_series
from zeta_router.core.checks import Checks
from zeta_router.core.condition import Axis, Condition, Finding
from zeta_router.core.query import Task
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Health
from zeta_router.router.events import Checked, ConfigChanged, Sampled

GOOD, EMPTY = Checks(text_bytes=100), Checks(empty=True)
BROKEN = Checks(code_parses=False, text_bytes=100)
GB = 1e9


def two() -> Bench:
    return Bench(fleet(endpoint("a", "coder"), endpoint("b", "coder")))


def found(bench: Bench, endpoint_id: str, axis: Axis) -> Finding:
    """What is found of an endpoint on an axis."""
    learned = {one.endpoint_id: one for one in bench.router.inside(bench.now_s).learned}
    return {one.axis: one for one in learned[endpoint_id].findings}[axis]


def answer(bench: Bench, checks_of: dict[str, Checks]) -> str:
    """A query to its end and to the look at its text; where it went."""
    name = f"q{len(bench.records)}"
    place = bench.arrive(query(name, at_s=bench.now_s))
    assert place is not None
    bench.finish(name, OK)
    bench.send(Checked(bench.now_s, name, checks_of.get(place, GOOD)))
    return place


def sample(size: float, left: float | None = None, at_s: float = 0.0) -> EngineSample:
    left_signal = None if left is None else Signal(left, at_s, "test")
    return EngineSample(rss_bytes=Signal(size, at_s, "test"), memory_left_bytes=left_signal)


def leak(bench: Bench, hours: float, left: float | None) -> None:
    """Feed the memory of an endpoint that leaks 40 MB/h."""
    for at_s, size, _ in memory_series(1, 40.0, hours):
        bench.now_s = at_s
        bench.send(Sampled(at_s, "a", 1, sample(size, left, at_s)))


class TestQuality:
    def spoil(self, until: Condition) -> Bench:
        bench, draw = two(), random.Random(1)
        for _ in range(700):
            answer(bench, {"a": GOOD if draw.random() < 0.9 else BROKEN})
        assert found(bench, "a", Axis.QUALITY).condition is Condition.HEALTHY
        for _ in range(400):
            if found(bench, "a", Axis.QUALITY).condition is until:
                return bench
            answer(bench, {"a": GOOD if draw.random() < 0.4 else BROKEN})
        raise AssertionError("never came to that")

    def quality_of(self, bench: Bench) -> dict[str, float]:
        decision = bench.router.dry_run(query("look", at_s=bench.now_s))
        return {one.view.endpoint.id: one.quality for one in decision.candidates}

    def test_in_doubt_its_quality_counts_for_less_and_only_its_own(self) -> None:
        bench = self.spoil(Condition.SUSPECT)
        quality = self.quality_of(bench)
        assert quality["a"] == pytest.approx(0.9 * quality["b"])

    def test_beyond_doubt_for_less_still(self) -> None:
        bench = self.spoil(Condition.DEGRADED)
        quality = self.quality_of(bench)
        assert quality["a"] == pytest.approx(0.6 * quality["b"])
        assert "look at what was changed" in found(bench, "a", Axis.QUALITY).text

    def test_it_recovers_by_itself(self) -> None:
        bench = self.spoil(Condition.SUSPECT)
        for _ in range(1500):
            answer(bench, {})
        assert found(bench, "a", Axis.QUALITY) == Finding(
            Axis.QUALITY, Condition.HEALTHY, found(bench, "a", Axis.QUALITY).since_s, 0.0, ""
        )
        quality = self.quality_of(bench)
        assert quality["a"] == quality["b"]

    def test_answers_that_turn_out_empty_eject_it(self) -> None:
        bench = two()
        for _ in range(40):
            answer(bench, {"a": EMPTY})
        health = {one.endpoint.id: one.health for one in bench.router.snapshot(0.0).views}
        assert health["a"] is Health.EJECTED
        assert found(bench, "a", Axis.LIVENESS).condition is Condition.EJECTED
        assert "empty answers" in found(bench, "a", Axis.LIVENESS).text

    def test_a_look_at_an_answer_of_nobody_changes_nothing(self) -> None:
        bench = two()
        assert bench.send(Checked(0.0, "never asked", EMPTY)) == []


class TestMemory:
    def test_a_leak_is_told_with_its_slope(self) -> None:
        bench = two()
        leak(bench, 12.0, left=None)
        finding = found(bench, "a", Axis.MEMORY)
        assert finding.condition is Condition.SUSPECT
        assert finding.value == pytest.approx(40e6, rel=0.3)
        assert "MB/h" in finding.text

    def test_time_to_full_is_told(self) -> None:
        bench = two()
        leak(bench, 12.0, left=0.4 * GB)
        text = found(bench, "a", Axis.MEMORY).text
        assert re.search("out of memory in about ([7-9]|1[0-2]) h", text)

    def test_what_will_be_full_soon_gets_nothing_new_while_others_can_do_it(self) -> None:
        bench = two()
        leak(bench, 12.0, left=0.01 * GB)
        assert found(bench, "a", Axis.MEMORY).condition is Condition.DEGRADED
        assert {answer(bench, {}) for _ in range(20)} == {"b"}

    def test_the_last_one_is_used_all_the_same(self) -> None:
        bench = Bench(fleet(endpoint("a", "coder")))
        leak(bench, 12.0, left=0.01 * GB)
        assert answer(bench, {}) == "a"

    def test_a_process_that_does_not_leak_is_healthy(self) -> None:
        bench = two()
        for at_s, size, _ in memory_series(2, 0.0, 12.0):
            bench.send(Sampled(at_s, "a", 1, sample(size, 10 * GB, at_s)))
        assert found(bench, "a", Axis.MEMORY).condition is Condition.HEALTHY

    def test_a_new_process_is_not_blamed_for_the_old_one(self) -> None:
        bench = two()
        leak(bench, 12.0, left=0.01 * GB)
        new = EngineSample(rss_bytes=Signal(GB, bench.now_s, "engine (pid 2)"))
        bench.send(Sampled(bench.now_s, "a", 1, new))
        assert found(bench, "a", Axis.MEMORY).condition is Condition.HEALTHY
        assert {answer(bench, {}) for _ in range(20)} == {"a", "b"}


class TestRestart:
    def restored(self, first: Bench, **changed: object) -> tuple[Bench, dict[str, str]]:
        """A router that starts from what another one learned."""
        ends = (replace(endpoint("a", "coder"), **changed), endpoint("b", "coder"))
        second = Bench(fleet(*ends))
        router = first.router
        parts = {name: router.learned_part(name) for name in router.learned_names()}
        return second, second.router.restore(parts, first.now_s)

    def test_a_model_in_doubt_is_in_doubt_after_a_restart(self) -> None:
        first = TestQuality().spoil(Condition.SUSPECT)
        second, left = self.restored(first)
        assert left == {}
        assert found(second, "a", Axis.QUALITY).condition is Condition.SUSPECT
        trust = {one.endpoint.id: one.trust for one in second.router.snapshot(0.0).views}
        assert trust == {"a": 0.9, "b": 1.0}

    def test_a_leak_is_remembered_while_the_process_is_the_same(self) -> None:
        first = two()
        leak(first, 12.0, left=None)
        second, _ = self.restored(first)
        second.now_s = first.now_s + 60.0
        second.send(Sampled(second.now_s, "a", 1, sample(3e9)))
        assert found(second, "a", Axis.MEMORY).condition is Condition.SUSPECT

    def test_another_address_starts_from_nothing_and_is_named(self) -> None:
        first = TestQuality().spoil(Condition.SUSPECT)
        second, left = self.restored(first, url="http://127.0.0.1:9/elsewhere")
        assert set(left) == {"endpoint/a", "condition/a"}
        assert found(second, "a", Axis.QUALITY).condition is Condition.HEALTHY


class TestSlowStart:
    def open_slots(self, bench: Bench) -> dict[str, int]:
        return {one.endpoint.id: one.slots for one in bench.router.snapshot(bench.now_s).views}

    def with_a_new_one(self) -> Bench:
        old = endpoint("a", "coder", slots=16)
        bench = Bench(fleet(old))
        assert self.open_slots(bench) == {"a": 16}
        new = endpoint("b", "coder", slots=16)
        bench.send(ConfigChanged(0.0, fleet(old, new)))
        return bench

    def test_one_that_is_added_gets_few_at_first(self) -> None:
        bench = self.with_a_new_one()
        assert self.open_slots(bench) == {"a": 16, "b": 2}
        places = [bench.arrive(query(str(number))) for number in range(18)]
        assert places.count("b") == 2

    def test_and_one_more_for_each_good_answer(self) -> None:
        bench = self.with_a_new_one()
        served = 0
        for number in range(200):
            place = bench.arrive(query(str(number), Task.CODE))
            bench.finish(str(number))
            served += place == "b"
            if self.open_slots(bench)["b"] == 16:
                break
        assert served in (14, 15)

    def test_one_that_stays_as_it_is_keeps_its_slots(self) -> None:
        bench = self.with_a_new_one()
        bench.send(ConfigChanged(0.0, bench.router.config))
        assert self.open_slots(bench)["a"] == 16
