from __future__ import annotations

from math import erf, inf, log, nan, sqrt

import pytest

from support.candidates import candidate
from zeta_router.core.query import Slo
from zeta_router.policy.score import SIGMA_MAX, SIGMA_MIN, held, p_slo, p_within


def test_the_formula() -> None:
    expected = 0.5 * (1 + erf(log(2.0 / 0.7) / (0.6 * sqrt(2.0))))
    assert p_within(2.0, 0.7, 0.6) == pytest.approx(expected)


def test_a_prediction_at_the_target_is_a_coin() -> None:
    assert p_within(2.0, 2.0, 0.6) == 0.5


@pytest.mark.parametrize(
    ("target_s", "predicted_s", "log_sigma", "probability"),
    [
        (None, 1e9, 0.6, 1.0),
        (None, nan, 0.6, 1.0),
        (0.0, 0.1, 0.6, 0.0),
        (-1.0, 0.1, 0.6, 0.0),
        (1.0, nan, 0.6, 0.0),
        (1.0, inf, 0.6, 0.0),
        (1.0, -1.0, 0.6, 0.0),
        (1.0, 0.5, nan, 0.0),
        (1.0, 0.0, 0.6, 1.0),
        (2.0, 5e-324, 0.6, 1.0),
        (1.0, 1.0, 0.0, 1.0),
        (1.0, 1.01, 0.0, 0.0),
    ],
)
def test_edges(
    target_s: float | None, predicted_s: float, log_sigma: float, probability: float
) -> None:
    assert p_within(target_s, predicted_s, log_sigma) == probability


def test_no_objective_is_always_met() -> None:
    assert p_slo(candidate("a", ttft_s=1e6), Slo()) == 1.0


def test_the_least_part_counts_and_not_the_product() -> None:
    one = candidate("a", ttft_s=1.0, tpot_s=0.04, output_tokens=101.0, log_sigma=0.6)
    parts = (p_within(2.0, 1.0, 0.6), p_within(0.05, 0.04, 0.6), p_within(6.0, 5.0, 0.6))
    assert p_slo(one, Slo(2.0, 0.05, 6.0)) == pytest.approx(min(parts))
    assert p_slo(one, Slo(2.0, 0.05, 6.0)) > parts[0] * parts[1] * parts[2]


def test_the_wait_so_far_counts_from_arrival() -> None:
    one = candidate("a", ttft_s=1.0, tpot_s=0.0, log_sigma=0.6)
    assert p_slo(one, Slo(ttft_s=3.0), 1.0) == pytest.approx(p_within(2.0, 1.0, 0.6))
    assert p_slo(one, Slo(e2e_s=3.0), 1.0) == pytest.approx(p_within(2.0, 1.0, 0.6))
    assert p_slo(one, Slo(ttft_s=3.0), 3.0) == 0.0


def test_the_rate_does_not_wait() -> None:
    one = candidate("a", tpot_s=0.04, output_tokens=50.0)
    assert p_slo(one, Slo(tpot_s=0.05), 100.0) == p_slo(one, Slo(tpot_s=0.05))


@pytest.mark.parametrize("tokens", [0.0, 1.0])
def test_one_token_has_no_rate(tokens: float) -> None:
    slow = candidate("a", tpot_s=9.0, output_tokens=tokens)
    assert p_slo(slow, Slo(tpot_s=0.05)) == 1.0


def test_the_spread_of_the_length_blurs_the_end_only() -> None:
    sure = candidate("a", ttft_s=1.0, tpot_s=0.02, output_tokens=101.0, log_sigma=0.6)
    unsure = sure._replace(length_log_sigma=0.8)
    for slo in (Slo(ttft_s=2.0), Slo(tpot_s=0.05)):
        assert p_slo(unsure, slo) == p_slo(sure, slo)
    assert p_slo(unsure, Slo(e2e_s=6.0)) == pytest.approx(p_within(6.0, 3.0, 1.0))


def test_spread_is_held_in_its_range() -> None:
    assert held(0.01) == SIGMA_MIN
    assert held(7.0) == SIGMA_MAX
    assert held(0.8) == 0.8
    narrow, wide = candidate("a", log_sigma=0.01), candidate("a", log_sigma=9.0)
    assert p_slo(narrow, Slo(ttft_s=0.3)) == pytest.approx(p_within(0.3, 0.2, SIGMA_MIN))
    assert p_slo(wide, Slo(ttft_s=0.3)) == pytest.approx(p_within(0.3, 0.2, SIGMA_MAX))


@pytest.mark.parametrize(
    "field", ["ttft_s", "tpot_s", "output_tokens", "log_sigma", "length_log_sigma"]
)
def test_no_prediction_no_promise(field: str) -> None:
    assert p_slo(candidate("a", **{field: nan}), Slo(2.0, 0.05, 10.0)) == 0.0


@pytest.mark.parametrize("broken", [{"ttft_s": -1.0}, {"tpot_s": -1.0}, {"ttft_s": inf}])
def test_a_broken_prediction_promises_nothing(broken: dict[str, float]) -> None:
    assert p_slo(candidate("a", **broken), Slo()) == 0.0
