"""Constants are found again from what an engine of known constants did."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.replay.fit import LEAST_REQUESTS, Seen, fit_engine, typical
from zeta_router.sim.replay.fit import _played as played

TRUE = EngineSpec(4000.0, 0.02, 0.0015, 8)


def requests(count: int, rate_per_s: float, seed: int = 1) -> list[Seen]:
    random = Random(seed)
    at_s, asked = 0.0, []
    for _ in range(count):
        at_s += random.expovariate(rate_per_s)
        prompt, output = random.randint(50, 1500), random.randint(2, 80)
        asked.append(Seen(at_s, prompt, output, None, 0.0))
    return asked


@pytest.mark.parametrize("rate_per_s", [0.5, 2.0])
def test_finds_an_engines_constants(rate_per_s: float) -> None:
    fit = fit_engine(played(requests(150, rate_per_s), TRUE), slots=8)
    assert fit is not None
    assert fit.spec.prefill_tokens_per_s == pytest.approx(4000.0, rel=0.1)
    assert fit.spec.step_time_s(1) == pytest.approx(TRUE.step_time_s(1), rel=0.1)
    assert fit.spec.step_time_s(6) == pytest.approx(TRUE.step_time_s(6), rel=0.1)
    assert fit.ttft_error is not None
    assert fit.ttft_error < 0.05
    assert fit.tpot_error is not None
    assert fit.tpot_error < 0.05


def test_what_every_answer_takes_besides_is_told_apart_from_the_engine() -> None:
    late = [
        replace(s, ttft_s=(s.ttft_s or 0.0) + 0.05, e2e_s=s.e2e_s + 0.05)
        for s in played(requests(150, 1.0), TRUE)
    ]
    fit = fit_engine(late, slots=8)
    assert fit is not None
    assert fit.overhead_s == pytest.approx(0.05, abs=0.01)
    assert fit.spec.prefill_tokens_per_s == pytest.approx(4000.0, rel=0.1)


def test_a_saturated_engine_is_told_as_it_was_seen() -> None:
    """Its step alone was never seen, so that only what it did can be compared."""
    fit = fit_engine(played(requests(150, 4.0), TRUE), slots=8)
    assert fit is not None
    assert fit.spec.step_time_s(7) == pytest.approx(TRUE.step_time_s(7), rel=0.15)
    assert fit.e2e_error is not None
    assert fit.e2e_error < 0.05


def test_answers_in_one_piece_are_fitted_by_their_end() -> None:
    whole = [
        Seen(s.sent_at_s, s.prompt_tokens, 1, None, s.e2e_s)
        for s in played(
            [Seen(r.sent_at_s, r.prompt_tokens, 1, None, 0) for r in requests(80, 2)], TRUE
        )
    ]
    fit = fit_engine(whole, slots=8)
    assert fit is not None
    assert fit.ttft_error is None
    assert fit.tpot_error is None
    assert fit.e2e_error is not None
    assert fit.e2e_error < 0.1


def test_too_few_requests_give_nothing() -> None:
    assert fit_engine(played(requests(LEAST_REQUESTS - 1, 4.0), TRUE), slots=8) is None


def test_an_unknown_endpoint_is_taken_to_be_like_its_fellows() -> None:
    fit = fit_engine(played(requests(40, 4.0), TRUE), slots=8)
    assert fit is not None
    spec = typical([fit], slots=3)
    assert spec is not None
    assert spec.slots == 3
    assert spec.step_s == pytest.approx(fit.spec.step_s)
    assert typical([], slots=3) is None
