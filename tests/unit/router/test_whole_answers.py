"""Clients that never stream: only ends are seen, and the fleet is known by them."""

from __future__ import annotations

from random import Random

import pytest

from support.bench import ERROR_500, OK, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.control.ejection import BAD_IN_A_ROW, FIRST_S, GOOD_TO_CLOSE, Circuit
from zeta_router.core.fleet import Limits, SimulatedSpeed
from zeta_router.core.outcome import Outcome, Status

PRIOR = SimulatedSpeed(1000.0, 0.04, 0.001, 8)
"""What is said of the engine: 41 ms a token, 50 ms for the prompts of these tests."""


def ended(e2e_s: float, tokens: int | None) -> Outcome:
    return Outcome(Status.OK, started=True, e2e_s=e2e_s, output_tokens=tokens, http_status=200)


class Whole:
    """One engine that takes a fraction of what is said of it, asked for whole answers."""

    def __init__(self, share: float, slots: int = 8) -> None:
        self.share = share
        one = endpoint("e", "coder", slots=slots, simulate=PRIOR)
        self.bench = Bench(fleet(one, policy="joint", limits=Limits(queue=50)))
        self.number = 0

    def e2e_s(self, tokens: int) -> float:
        return self.share * (0.05 + 0.041 * tokens)

    def ask(self) -> str:
        """Send a query; its id."""
        self.number += 1
        name = f"q{self.number}"
        asked = query(name, at_s=self.bench.now_s, max_output_tokens=200)
        self.bench.arrive(asked)
        return name

    def answer(self, name: str, tokens: int | None = 100) -> None:
        """The engine takes its time and answers."""
        took_s = self.e2e_s(tokens or 100)
        self.bench.advance(self.bench.now_s + took_s)
        self.bench.finish(name, ended(took_s, tokens))

    def predicted_s(self, tokens: int) -> float:
        """How long an answer of so many tokens would take on the idle engine."""
        decision = self.bench.router.dry_run(query("dry", at_s=self.bench.now_s))
        (candidate,) = decision.candidates
        return candidate.ttft_s + (tokens - 1) * candidate.tpot_s


@pytest.mark.parametrize("share", [0.02, 0.2, 1.0, 3.0])
def test_an_engine_is_known_by_its_whole_answers(share: float) -> None:
    whole = Whole(share)
    draw = Random(1)
    for _ in range(60):
        whole.answer(whole.ask(), tokens=draw.randint(20, 180))
    for tokens in (40, 100, 160):
        assert whole.predicted_s(tokens) == pytest.approx(whole.e2e_s(tokens), rel=0.25)


def test_nobody_is_refused_by_engines_faster_than_is_said_of_them() -> None:
    """200 queries a second, never more than four at once: by the priors it could be six."""
    models = ("small", "coder", "thinker")
    ends = (endpoint(name, name, slots=8, simulate=PRIOR) for name in models)
    bench = Bench(fleet(*ends, policy="joint"))
    running: list[str] = []
    for number in range(1_000):
        bench.advance(bench.now_s + 0.005)
        if len(running) == 4:
            bench.finish(running.pop(0), ended(0.008, 100))
        name = f"q{number}"
        bench.arrive(query(name, at_s=bench.now_s, max_output_tokens=200))
        if name in bench.running:
            running.append(name)
    assert len(bench.rejected) <= 10, [each.decision.reason for each in bench.rejected.values()]


def test_who_waited_for_a_slot_says_nothing_of_the_engine() -> None:
    whole = Whole(share=1.0, slots=1)
    for _ in range(20):
        whole.answer(whole.ask())
    before = whole.predicted_s(100)
    state = whole.bench.router._fleet.endpoints["e"]
    name = whole.ask()
    state.attempts[name].batch = 1
    whole.bench.finish(name, ended(60.0, 100))
    assert whole.predicted_s(100) == pytest.approx(before)


@pytest.mark.parametrize("outcome", [ended(60.0, None), ended(60.0, 0)])
def test_of_an_answer_whose_length_is_unknown_nothing_is_learned(outcome: Outcome) -> None:
    whole = Whole(share=1.0)
    for _ in range(20):
        whole.answer(whole.ask())
    before = whole.predicted_s(100)
    whole.bench.finish(whole.ask(), outcome)
    assert whole.predicted_s(100) == pytest.approx(before)


def test_a_stream_teaches_what_its_first_token_showed() -> None:
    whole = Whole(share=1.0)
    for _ in range(40):
        name = whole.ask()
        whole.bench.advance(whole.bench.now_s + 0.4)
        whole.bench.first_token(name)
        whole.bench.advance(whole.bench.now_s + 0.99)
        outcome = Outcome(Status.OK, started=True, ttft_s=0.4, e2e_s=1.39, output_tokens=100)
        whole.bench.finish(name, outcome)
    (candidate,) = whole.bench.router.dry_run(query("d", at_s=whole.bench.now_s)).candidates
    assert candidate.ttft_s == pytest.approx(0.4, rel=0.2)
    assert candidate.tpot_s == pytest.approx(0.01, rel=0.2)


def test_peak_ewma_hears_of_whole_answers_too() -> None:
    whole = Whole(share=1.0)
    whole.answer(whole.ask())
    (view,) = whole.bench.router.snapshot(whole.bench.now_s).views
    assert view.peak_ewma_s is not None
    assert view.peak_ewma_s > 0.0


def test_embeddings_are_learned_by_their_only_byte() -> None:
    """Their end is their first token, so that nothing is to be split."""
    one = endpoint("e", "coder", slots=8, simulate=PRIOR)
    bench = Bench(fleet(one, policy="joint"))
    assert bench.arrive(query("q")) == "e"
    bench.advance(0.2)
    bench.first_token("q")
    bench.finish("q", ended(0.2, None))
    (view,) = bench.router.snapshot(bench.now_s).views
    assert view.peak_ewma_s == pytest.approx(0.2)


class TestUncounted:
    """Engines that do not say how many tokens an answer has."""

    def two(self) -> Bench:
        ends = (endpoint("a", "coder", slots=8), endpoint("b", "coder", slots=8))
        return Bench(fleet(*ends, limits=Limits(queue=10, max_wait_s=60.0)))

    def end_on(self, bench: Bench, wanted: str, outcome: Outcome) -> None:
        """Ask until an answer of one of the two ended so; the other one's end well."""
        for number in range(20):
            name = f"{bench.now_s}-{number}"
            place = bench.arrive(query(name, at_s=bench.now_s))
            bench.finish(name, outcome if place == wanted else OK)
            if name in bench.running:
                bench.finish(name)
            if place == wanted:
                return
        raise AssertionError("nothing goes there")

    def circuit(self, bench: Bench) -> Circuit:
        return bench.router.vitals(bench.now_s)["a"].circuit

    def test_good_answers_part_the_errors_before_and_after(self) -> None:
        bench = self.two()
        for _ in range(BAD_IN_A_ROW):
            self.end_on(bench, "a", ERROR_500)
            bench.advance(bench.now_s + 60.0)
            self.end_on(bench, "a", ended(1.0, None))
            bench.advance(bench.now_s + 60.0)
        assert self.circuit(bench) is Circuit.CLOSED

    def test_good_answers_bring_it_back(self) -> None:
        bench = self.two()
        for number in range(BAD_IN_A_ROW):
            bench.now_s = 0.1 * number
            self.end_on(bench, "a", ERROR_500)
        assert self.circuit(bench) is Circuit.OPEN
        bench.advance(bench.now_s + FIRST_S + 0.1)
        bench.probe("a", alive=True)
        for number in range(GOOD_TO_CLOSE):
            bench.now_s += 0.1 * number
            self.end_on(bench, "a", ended(1.0, None))
        assert self.circuit(bench) is Circuit.CLOSED
