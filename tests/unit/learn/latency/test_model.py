from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from zeta_router.learn.latency.model import LOG_SIGMA_RANGE, LatencyHead, spread
from zeta_router.learn.latency.roofline import LatencyPrior

PRIOR = LatencyPrior(
    prefill_s_per_token=1e-3, base_ttft_s=0.05, step_s=0.02, step_per_seq_s=0.001, slots=4
)
BAD = (math.nan, math.inf, -math.inf, 0.0, -1.0)


def teach(
    head: LatencyHead,
    observations: int,
    *,
    seed: int = 1,
    slower: float = 1.0,
    noise: float = 0.1,
) -> None:
    """A real engine: 80 ms + .4 ms a token; step 30 ms + 2 ms a sequence + .5 ms a stolen token."""
    rng = random.Random(seed)
    for _ in range(observations):
        tokens = rng.randint(20, 4000)
        ttft_s = slower * (0.08 + 4e-4 * tokens) * rng.lognormvariate(0.0, noise)
        head.observe_ttft(ttft_s, prompt_tokens=tokens)
        batch, stolen = rng.randint(1, 4), rng.uniform(0, 3000)
        tpot_s = slower * (0.03 + 0.002 * batch + 5e-4 * stolen / 199)
        tpot_s *= rng.lognormvariate(0.0, noise)
        head.observe_tpot(tpot_s, batch=batch, output_tokens=200, prefill_tokens_during=stolen)


def test_an_idle_engine_by_hand() -> None:
    ttft_s, tpot_s = LatencyHead(PRIOR).predict(prompt_tokens=100, cached_tokens=40, batch=0)
    assert ttft_s == pytest.approx(0.05 + 1e-3 * 60)
    assert tpot_s == pytest.approx(0.02 + 0.001)


def test_a_full_engine_makes_it_wait_by_hand() -> None:
    """Σô = 300 waiting, half an answer of 256; step(4) = 24 ms, 3 more than idle; 4 slots."""
    ttft_s, tpot_s = LatencyHead(PRIOR).predict(
        prompt_tokens=100, batch=4, pending_prefill_tokens=50, waiting=2, waiting_output_tokens=300
    )
    assert ttft_s == pytest.approx(0.053 + 0.15 + (300 + 128) * 0.024 / 4)
    assert tpot_s == pytest.approx(0.024)


def test_the_caller_may_know_other_slots() -> None:
    head = LatencyHead(PRIOR)
    one = head.predict(prompt_tokens=10, batch=5, slots=8)
    head.slots = 8
    assert one == head.predict(prompt_tokens=10, batch=5)
    head.slots = 0
    assert head.slots == 1


def test_work_by_hand() -> None:
    """Engine-seconds at full batch: 60 tokens of prefill and 100 of output at 24 ms / 4."""
    assert LatencyHead(PRIOR).work_s(60, 100) == pytest.approx(60 * 1e-3 + 100 * 0.024 / 4)


def test_it_recovers_the_engine_from_noise() -> None:
    """3,000 answers with 10 % noise; the tolerance is about four standard errors."""
    head = LatencyHead(PRIOR)
    teach(head, 3000)
    for tokens in (50, 500, 4000):
        ttft_s, _ = head.predict(prompt_tokens=tokens, batch=0)
        assert ttft_s == pytest.approx(0.08 + 4e-4 * tokens, rel=0.05)
    stall_s = 5e-4 * 1500 / 199
    for batch in (0, 1, 3):
        _, tpot_s = head.predict(prompt_tokens=50, batch=batch)
        assert tpot_s == pytest.approx(0.03 + 0.002 * (batch + 1) + stall_s, rel=0.06)


def test_busy_steps_neither_pass_for_prefill_nor_hide_it() -> None:
    """First tokens come a step and a half after dispatch, beside .4 ms a token of prefill."""
    rng = random.Random(3)
    head = LatencyHead(PRIOR)
    for _ in range(2000):
        tokens, batch = rng.randint(20, 300), rng.randint(0, 3)
        step_s = 0.03 + 0.02 * (batch + 1)
        ttft_s = (0.01 + 1.5 * step_s + 4e-4 * tokens) * rng.lognormvariate(0.0, 0.2)
        head.observe_ttft(ttft_s, prompt_tokens=tokens, batch=batch)
        head.observe_tpot(step_s * rng.lognormvariate(0.0, 0.05), batch=batch + 1)
    assert head.work_s(1000, 0) == pytest.approx(0.4, rel=0.25)
    for batch in range(4):
        ttft_s, _ = head.predict(prompt_tokens=100, batch=batch)
        assert ttft_s == pytest.approx(0.05 + 1.5 * (0.03 + 0.02 * (batch + 1)), rel=0.08)


def test_tpot_is_predicted_for_the_batch_that_will_be_and_work_from_the_one_that_was() -> None:
    """A busy endpoint: whoever meets 0 … 3 others shares its steps with 3 on average."""
    rng = random.Random(4)
    head = LatencyHead(PRIOR)
    for _ in range(1500):
        met, during = rng.randint(0, 3), 2.5 + rng.random() * 1.5
        tpot_s = (0.03 + 0.02 * during) * rng.lognormvariate(0.0, 0.03)
        head.observe_tpot(tpot_s, batch=during, met_batch=met, output_tokens=100)
    for batch in (0, 2):
        _, tpot_s = head.predict(prompt_tokens=10, batch=batch)
        assert tpot_s == pytest.approx(0.03 + 0.02 * 3.25, rel=0.06)
    assert head.work_s(0, 1000) == pytest.approx(1000 * (0.03 + 0.02 * 4) / 4, rel=0.06)


def test_prefill_of_others_is_not_counted_as_work_twice() -> None:
    """Work leaves out the stall: 1,000 output tokens at (30 + 2·4) ms / 4, not at the TPOT seen."""
    head = LatencyHead(PRIOR)
    teach(head, 3000)
    assert head.work_s(0, 1000) == pytest.approx(1000 * 0.038 / 4, rel=0.06)


def test_a_handful_of_answers_beats_a_wrong_prior() -> None:
    wrong = LatencyPrior(
        prefill_s_per_token=4e-3, base_ttft_s=0.5, step_s=0.3, step_per_seq_s=0.01, slots=4
    )
    head = LatencyHead(wrong)
    teach(head, 20)
    ttft_s, tpot_s = head.predict(prompt_tokens=2000, batch=2)
    assert ttft_s == pytest.approx(0.88, rel=0.25)
    assert tpot_s == pytest.approx(0.036 + 5e-4 * 1500 / 199, rel=0.25)


def test_three_times_slower_is_caught_within_40_answers_by_the_rates() -> None:
    head = LatencyHead(PRIOR)
    teach(head, 1000)
    before = head.predict(prompt_tokens=1000, batch=2)
    teach(head, 40, seed=2, slower=3.0)
    after = head.predict(prompt_tokens=1000, batch=2)
    assert after[0] / before[0] == pytest.approx(3.0, rel=0.15)
    assert after[1] / before[1] == pytest.approx(3.0, rel=0.15)
    assert min(head.rates) > 2.0
    teach(head, 60, seed=3)
    again = head.predict(prompt_tokens=1000, batch=2)
    assert again[0] / before[0] == pytest.approx(1.0, rel=0.15)
    assert again[1] / before[1] == pytest.approx(1.0, rel=0.15)


def test_one_stall_hardly_moves_it() -> None:
    head = LatencyHead(PRIOR)
    teach(head, 500)
    before = head.predict(prompt_tokens=1000, batch=2)
    head.observe_ttft(60.0, prompt_tokens=1000)
    head.observe_tpot(10.0, batch=2, output_tokens=200)
    after = head.predict(prompt_tokens=1000, batch=2)
    assert after == pytest.approx(before, rel=0.16)


def test_ttft_of_a_query_that_had_to_wait_teaches_nothing_about_prefill() -> None:
    head = LatencyHead(PRIOR)
    before = head.state()
    head.observe_ttft(30.0, prompt_tokens=100, batch=4)
    assert head.state() == before
    head.observe_ttft(30.0, prompt_tokens=100, batch=4, slots=8)
    assert head.state() != before


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "observe",
    [
        lambda head, bad: head.observe_ttft(bad, prompt_tokens=10),
        lambda head, bad: head.observe_tpot(bad, batch=1, output_tokens=10),
    ],
)
def test_impossible_times_are_ignored(
    observe: Callable[[LatencyHead, float], None], bad: float
) -> None:
    head = LatencyHead(PRIOR)
    before = head.state()
    observe(head, bad)
    assert head.state() == before


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_impossible_loads_are_ignored(bad: float) -> None:
    head = LatencyHead(PRIOR)
    before = head.state()
    head.observe_ttft(1.0, prompt_tokens=10, pending_prefill_tokens=bad)
    head.observe_tpot(1.0, batch=bad)
    head.observe_tpot(1.0, batch=1, output_tokens=bad)
    head.observe_tpot(1.0, batch=1, prefill_tokens_during=bad)
    head.observe_tpot(1.0, batch=1, met_batch=bad)
    head.observe_ttft(1.0, prompt_tokens=bad)
    head.observe_ttft(1.0, prompt_tokens=10, cached_tokens=bad)
    assert head.state() == before


def test_spread_shows_the_noise_within_bounds() -> None:
    low, high = LOG_SIGMA_RANGE
    quiet, noisy = LatencyHead(PRIOR), LatencyHead(PRIOR)
    teach(quiet, 500, noise=0.05)
    teach(noisy, 500, noise=0.7)
    assert quiet.log_sigma == low
    assert noisy.log_sigma == pytest.approx(0.7, abs=0.15)
    wild = LatencyHead(PRIOR)
    teach(wild, 500, noise=3.0)
    assert wild.log_sigma == high


def test_spread_of_both_parts_by_hand() -> None:
    assert spread(0.6, 0.8) == pytest.approx(1.0)
    assert spread(0.1, 0.1) == 0.45
    assert spread(3.0, 3.0) == 1.2


def test_what_is_kept_of_a_prediction_adds_up_to_it_to_the_last_bit() -> None:
    head, draw = LatencyHead(PRIOR), random.Random(3)
    for batch in range(40):
        head.observe_ttft(draw.uniform(0.05, 0.5), prompt_tokens=100 * batch, batch=batch)
        head.observe_tpot(draw.uniform(0.01, 0.1), batch=1 + batch, output_tokens=50 + batch)
        state: dict[str, Any] = {
            "batch": batch,
            "pending_prefill_tokens": 7 * batch,
            "waiting_output_tokens": 3.3 * batch,
            "slots": 20,
        }
        kept = head.outlook(**state)
        for tokens in (0, 1, 333, 12_345):
            prefill_s = kept.s_per_token * (kept.pending_tokens + tokens)
            ttft_s = kept.start_s + prefill_s + kept.step_s + kept.wait_s
            assert (ttft_s, kept.tpot_s) == head.predict(prompt_tokens=tokens, **state)
            work_s = tokens * kept.s_per_token + 70.5 * kept.s_per_output
            assert work_s == head.work_s(tokens, 70.5)
        spreads = (kept.log_sigma, kept.tpot_log_sigma, kept.tpot_slope_s)
        assert spreads == (head.log_sigma, head.tpot_log_sigma, head.tpot_slope_s)


def test_restored_it_predicts_and_learns_the_same() -> None:
    head, copy = LatencyHead(PRIOR), LatencyHead(PRIOR)
    teach(head, 200)
    copy.restore(json.loads(json.dumps(head.state())))
    ask = {"prompt_tokens": 700, "batch": 4, "waiting": 3, "waiting_output_tokens": 100.0}
    assert copy.predict(**ask) == head.predict(**ask)  # type: ignore[arg-type]
    assert (copy.log_sigma, copy.observations) == (head.log_sigma, head.observations)
    teach(head, 20, seed=5)
    teach(copy, 20, seed=5)
    assert copy.state() == head.state()
