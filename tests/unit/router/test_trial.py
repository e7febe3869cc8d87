"""An endpoint that was found slow is tried again, one query at a time."""

from __future__ import annotations

import pytest

from support.bench import GONE, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import SimulatedSpeed
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Slo
from zeta_router.core.signal import NO_SAMPLE
from zeta_router.router.endpoint.state import TRIAL_AFTER_S
from zeta_router.router.events import Sampled

SPEED = SimulatedSpeed(4000.0, 0.02, 0.0005, 8)
SLO = Slo(ttft_s=2.0, tpot_s=0.05)


def answered(step_s: float) -> Outcome:
    """An answer of 101 tokens at this pace."""
    return Outcome(
        Status.OK, started=True, ttft_s=0.05, e2e_s=0.05 + 100 * step_s, output_tokens=101
    )


class Slowed:
    """Two models; the better one's endpoint has become three times slower and lies idle."""

    def __init__(self) -> None:
        best = endpoint("best", "coder", slots=8, simulate=SPEED)
        other = endpoint("other", "small", slots=8, simulate=SPEED)
        self.bench = Bench(fleet(best, other, policy="joint"))
        self.number = 0
        for step_s in [0.0205] * 20 + [0.062] * 40:
            self.ask("coder")
            self.bench.advance(self.bench.now_s + 0.05)
            self.bench.first_token(self.id)
            self.bench.advance(self.bench.now_s + 100 * step_s)
            self.bench.finish(self.id, answered(step_s))
        assert self.tpot_s() > SLO.tpot_s  # type: ignore[operator]

    @property
    def id(self) -> str:
        return f"q{self.number}"

    def ask(self, model: str = "auto") -> str | None:
        """One more query; where it goes."""
        self.number += 1
        now_s = self.bench.now_s
        asked = query(self.id, at_s=now_s, slo=SLO, max_output_tokens=101, model_requested=model)
        return self.bench.arrive(asked)

    def poll(self) -> None:
        self.bench.send(Sampled(self.bench.now_s, "best", 1, NO_SAMPLE))

    def tpot_s(self) -> float:
        """What a query would be told of the endpoint now."""
        asked = query("dry", at_s=self.bench.now_s, slo=SLO)
        best = next(
            c for c in self.bench.router.dry_run(asked).candidates if c.view.endpoint.id == "best"
        )
        return best.tpot_s


def test_it_is_left_alone_for_a_while_and_then_taken_for_what_it_was() -> None:
    slowed = Slowed()
    slow_s = slowed.tpot_s()
    slowed.bench.advance(slowed.bench.now_s + TRIAL_AFTER_S - 1.0)
    slowed.poll()
    assert slowed.tpot_s() == pytest.approx(slow_s)
    slowed.bench.advance(slowed.bench.now_s + 2.0)
    slowed.poll()
    assert slowed.tpot_s() < slow_s


def test_while_it_is_tried_everybody_else_keeps_away() -> None:
    slowed = Slowed()
    slow_s = slowed.tpot_s()
    slowed.bench.advance(slowed.bench.now_s + TRIAL_AFTER_S + 1.0)
    slowed.poll()
    assert slowed.ask("coder") == "best"
    assert slowed.tpot_s() >= 0.99 * slow_s


def test_a_fast_answer_is_believed_at_once() -> None:
    slowed = Slowed()
    slow_s = slowed.tpot_s()
    slowed.bench.advance(slowed.bench.now_s + TRIAL_AFTER_S + 1.0)
    slowed.poll()
    slowed.ask("coder")
    slowed.bench.first_token(slowed.id)
    slowed.bench.advance(slowed.bench.now_s + 2.0)
    slowed.bench.finish(slowed.id, answered(0.0205))
    assert slowed.tpot_s() < 0.7 * slow_s


def test_a_slow_answer_ends_the_trial() -> None:
    slowed = Slowed()
    slow_s = slowed.tpot_s()
    slowed.bench.advance(slowed.bench.now_s + TRIAL_AFTER_S + 1.0)
    slowed.poll()
    slowed.ask("coder")
    slowed.bench.first_token(slowed.id)
    slowed.bench.advance(slowed.bench.now_s + 6.2)
    slowed.bench.finish(slowed.id, answered(0.062))
    slowed.poll()
    assert slowed.tpot_s() > 0.8 * slow_s


def test_a_client_that_leaves_decides_nothing() -> None:
    slowed = Slowed()
    slow_s = slowed.tpot_s()
    slowed.bench.advance(slowed.bench.now_s + TRIAL_AFTER_S + 1.0)
    slowed.poll()
    slowed.ask("coder")
    slowed.bench.finish(slowed.id, GONE)
    assert slowed.tpot_s() < slow_s, "the next one may try"


def test_one_that_is_as_fast_as_ever_is_not_tried() -> None:
    bench = Bench(fleet(endpoint("best", "coder", slots=8, simulate=SPEED), policy="joint"))
    asked = query("dry", slo=SLO)
    before_s = bench.router.dry_run(asked).candidates[0].tpot_s
    bench.advance(1000.0)
    bench.send(Sampled(1000.0, "best", 1, NO_SAMPLE))
    assert bench.router.dry_run(asked).candidates[0].tpot_s == before_s
