"""When golden prompts are asked: in idle time, within the budget, and not where nobody asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.bench import ERROR_500, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.condition import Axis, Condition
from zeta_router.core.fleet import FleetConfig, Limits
from zeta_router.core.signal import EngineSample
from zeta_router.learn.condition.canaries import COUNT
from zeta_router.router.commands import StartCanary
from zeta_router.router.endpoint.canary_round import (
    AT_LEAST_EVERY_S,
    EVERY_S,
    LOGPROBS_EVERY_S,
    LOST_AFTER_S,
)
from zeta_router.router.events import CanaryAnswered, ConfigChanged, DrainRequested, Sampled


class Watched(Bench):
    """A bench whose endpoint `c` is polled every second and answers its canaries."""

    def __init__(self, config: FleetConfig | None = None) -> None:
        super().__init__(config or fleet(endpoint("c", "coder")))
        self.asked: list[tuple[float, int | None]] = []
        self.logprobs: tuple[dict[str, float], ...] | None = ()
        self.takes_s = 0.2
        self.right: bool | None = True
        self.sample = EngineSample()
        self.due: list[tuple[float, int | None]] = []

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.now_s += 1.0
            while self.due and self.due[0][0] <= self.now_s:
                at_s, number = self.due.pop(0)
                if number is None:
                    self.send(CanaryAnswered(at_s, "c", 1, None, None, self.logprobs))
                elif self.right is not None:
                    self.send(CanaryAnswered(at_s, "c", 1, number, self.right))
            for command in self.send(Sampled(self.now_s, "c", 1, self.sample)):
                if isinstance(command, StartCanary):
                    self.asked.append((self.now_s, command.number))
                    self.due.append((self.now_s + self.takes_s, command.number))


def test_an_idle_endpoint_is_asked_once_a_minute():
    bench = Watched()
    bench.pass_time(EVERY_S * (COUNT + 2))
    numbers = [number for _, number in bench.asked if number is not None]
    assert numbers[:COUNT] == list(range(COUNT))
    gaps = [b - a for (a, _), (b, _) in zip(bench.asked, bench.asked[1:], strict=False)]
    assert min(gaps) >= EVERY_S


def test_what_they_take_stays_within_the_budget():
    bench = Watched()
    bench.takes_s = 7.0
    bench.pass_time(20_000)
    assert len(bench.asked) > 1
    assert len(bench.asked) * 7.0 <= 0.011 * 20_000


def test_none_is_asked_while_anything_is_on_the_endpoint():
    bench = Watched()
    bench.arrive(query("q"))
    bench.first_token("q")
    bench.pass_time(AT_LEAST_EVERY_S - 10)
    assert bench.asked == []
    bench.finish("q")
    bench.pass_time(5)
    assert len(bench.asked) == 1


def test_one_that_is_always_busy_is_asked_once_an_hour_if_a_slot_is_free():
    bench = Watched()
    bench.arrive(query("q"))
    bench.first_token("q")
    bench.pass_time(2.5 * AT_LEAST_EVERY_S)
    assert len(bench.asked) == 2


def test_never_where_no_slot_is_free():
    bench = Watched()
    for name in ("1", "2"):
        bench.arrive(query(name))
        bench.first_token(name)
    bench.pass_time(2 * AT_LEAST_EVERY_S)
    assert bench.asked == []


@pytest.mark.parametrize("why", ["off", "drained", "ejected", "not in memory", "embedder"])
def test_some_endpoints_are_left_alone(why):
    config = fleet(endpoint("c", "embedder" if why == "embedder" else "coder"))
    if why == "off":
        config = replace(config, limits=Limits(canary_ratio=0.0))
    bench = Watched(config)
    if why == "drained":
        bench.send(DrainRequested(0.0, "c", draining=True))
    if why == "ejected":
        for number in range(3):
            bench.arrive(query(str(number)))
            bench.finish(str(number), ERROR_500)
    if why == "not in memory":
        bench.sample = EngineSample(resident=("another",))
    bench.pass_time(10 * EVERY_S)
    assert bench.asked == []


def test_a_lost_answer_does_not_end_the_round():
    bench = Watched()
    bench.right = None
    bench.pass_time(5 * LOST_AFTER_S)
    assert len(bench.asked) >= 3


def test_two_known_prompts_that_fail_put_the_model_in_doubt_and_it_recovers():
    bench = Watched()
    bench.pass_time(EVERY_S * (3 * COUNT))

    def quality() -> Condition:
        (learned,) = bench.router.inside(bench.now_s).learned
        return {one.axis: one.condition for one in learned.findings}[Axis.QUALITY]

    def trust() -> float:
        return bench.router.snapshot(bench.now_s).views[0].trust

    assert (quality(), trust()) == (Condition.HEALTHY, 1.0)
    bench.right = False
    bench.pass_time(EVERY_S * 4)
    assert (quality(), trust()) == (Condition.SUSPECT, 0.9)
    bench.right = True
    bench.pass_time(EVERY_S * (COUNT + 2))
    assert (quality(), trust()) == (Condition.HEALTHY, 1.0)


SAME = ({"a": -0.5, "b": -1.5},) * 5
OTHER = ({"a": -0.7, "b": -1.5},) * 5


def test_log_probabilities_are_asked_for_every_ten_minutes_where_there_are_any():
    bench = Watched()
    bench.logprobs = SAME
    bench.pass_time(6 * LOGPROBS_EVERY_S)
    assert [number for _, number in bench.asked].count(None) in (5, 6)
    silent = Watched()
    silent.pass_time(6 * LOGPROBS_EVERY_S)
    assert [number for _, number in silent.asked].count(None) == 1


def test_one_that_failed_for_once_is_asked_for_log_probabilities_again():
    bench = Watched()
    bench.logprobs = None
    bench.pass_time(2 * LOGPROBS_EVERY_S)
    bench.logprobs = SAME
    bench.pass_time(4 * LOGPROBS_EVERY_S)
    assert [number for _, number in bench.asked].count(None) in (5, 6)


def test_other_log_probabilities_put_the_model_in_doubt():
    bench = Watched()
    bench.logprobs = SAME
    bench.pass_time(5 * LOGPROBS_EVERY_S)
    assert bench.router.snapshot(bench.now_s).views[0].trust == 1.0
    bench.logprobs = OTHER
    bench.pass_time(2.5 * LOGPROBS_EVERY_S)
    assert bench.router.snapshot(bench.now_s).views[0].trust == 0.9
    (learned,) = bench.router.inside(bench.now_s).learned
    text = {one.axis: one.text for one in learned.findings}[Axis.QUALITY]
    assert "first-token probabilities" in text


def test_an_answer_of_an_older_generation_changes_nothing():
    bench = Watched()
    bench.pass_time(2 * EVERY_S)
    assert bench.send(CanaryAnswered(bench.now_s, "c", 99, 0, right=False)) == []


def test_one_that_comes_back_after_they_were_switched_off_does_not_end_them():
    bench = Watched()
    bench.takes_s = 5.0
    bench.pass_time(EVERY_S + 2.0)
    assert len(bench.asked) == 1
    on = bench.router.config
    bench.send(ConfigChanged(bench.now_s, replace(on, limits=Limits(canary_ratio=0.0))))
    bench.pass_time(60.0)
    assert len(bench.asked) == 1
    bench.send(ConfigChanged(bench.now_s, on))
    bench.pass_time(2 * EVERY_S)
    assert len(bench.asked) > 1
