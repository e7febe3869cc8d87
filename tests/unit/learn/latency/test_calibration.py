import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.iterations import Truth, heard
from zeta_router.learn.latency.calibration import FASTEST_TOKENS_PER_S, Calibration, fit
from zeta_router.learn.latency.calibration_windows import Heard

ASKS = [(20, 20), (600, 24), (100, 30), (300, 22), (40, 28), (900, 26), (60, 24), (200, 20)]


def fitted(truth: Truth, noise: float = 0.0, levels: tuple[int, ...] = (1, 2, 4)) -> Calibration:
    runs = [heard(truth, ASKS, k, noise=noise, seed=k, pause_s=0.0) for k in levels]
    calibration = fit(runs)
    assert calibration is not None
    return calibration


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-5, 0.02), st.floats(0.001, 0.1), st.floats(1e-4, 0.02), st.floats(0.0, 0.05))
def test_the_constants_of_an_exact_engine_come_back(
    prefill: float, step: float, per_seq: float, overhead: float
) -> None:
    truth = Truth(overhead, prefill, step, per_seq)
    found = fitted(truth)
    assert found.ttft_s(500) == pytest.approx(overhead + step + per_seq + 500 * prefill, rel=0.03)
    assert found.tpot_s(1) == pytest.approx(step + per_seq, rel=0.02)
    assert found.tpot_s(4) == pytest.approx(step + 4 * per_seq, rel=0.02)
    assert found.prefill_s_per_token == pytest.approx(prefill, rel=0.03, abs=step / 500)


def test_every_constant_of_one_engine_comes_back() -> None:
    truth = Truth(0.02, 1 / 8000, 0.013, 0.0004)
    found = fitted(truth)
    assert found.overhead_s == pytest.approx(0.02, rel=0.01)
    assert found.base_ttft_s == pytest.approx(0.0334, rel=0.01)
    speed = found.speed(8)
    assert speed.prefill_tokens_per_s == pytest.approx(8000, rel=0.01)
    assert speed.step_s == pytest.approx(0.013, rel=0.01)
    assert speed.step_per_seq_s == pytest.approx(0.0004, rel=0.05)
    assert speed.slots == 8


def test_what_the_cache_costs_is_found_and_made_part_of_a_sequence() -> None:
    truth = Truth(0.003, 0.0095, 0.001, 0.0135, 1.7e-5, slots=4)
    found = fitted(truth)
    assert found.step_per_kv_token_s == pytest.approx(1.7e-5, rel=0.05)
    at = found.context_tokens
    assert found.speed(4).step_per_seq_s == pytest.approx(0.0135 + at * 1.7e-5, rel=0.05)


@pytest.mark.parametrize("noise", [0.05, 0.15])
def test_noise_moves_predictions_by_less_than_itself(noise: float) -> None:
    found = fitted(Truth(0.0, 1e-4, 0.01, 0.001), noise)
    assert found.tpot_s(4) == pytest.approx(0.014, rel=noise)
    assert found.ttft_s(600) == pytest.approx(0.071, rel=noise)


def test_a_disturbed_stretch_hardly_counts() -> None:
    truth = Truth(0.0, 1e-4, 0.01, 0.001)
    runs = [heard(truth, ASKS, k) for k in (1, 1, 2, 4)]
    whole = runs[0]
    late = [Heard(h.sent_at_s, tuple(t + 1.0 for t in h.token_at_s), 40) for h in whole[:2]]
    found = fit([late, *runs])
    assert found is not None
    assert found.ttft_s(600) == pytest.approx(0.071, rel=0.05)


def test_one_at_a_time_cannot_tell_a_sequence_from_a_step_but_foretells_itself() -> None:
    found = fitted(Truth(0.0, 1e-4, 0.01, 0.001, slots=1), levels=(1,))
    assert found.tpot_s(1) == pytest.approx(0.011, rel=0.01)


def test_prompts_that_take_no_time_get_the_fastest_rate() -> None:
    speed = fitted(Truth(0.0, 0.0, 0.01, 0.001)).speed(4)
    assert speed.prefill_tokens_per_s == FASTEST_TOKENS_PER_S


def test_a_step_is_above_zero_as_a_fleet_file_wants_it() -> None:
    speed = Calibration(0.0, 0.01, 0.0, 0.015, 0.0, 100.0, 40).speed(4)
    assert 0.0 < speed.step_s < 1e-4
    assert Calibration(0.0, 0.01, 0.0, 0.0, 0.0, 100.0, 40).speed(4).step_s > 0.0


def test_too_little_is_no_fit() -> None:
    assert fit([]) is None
    assert fit([[Heard(0.0, (1.0, 1.1), 10)]]) is None


def test_drift_is_about_predictions() -> None:
    one = Calibration(0.0, 1e-4, 0.010, 0.001, 0.0, 300.0, 40)
    same = Calibration(0.0, 1e-4, 0.010, 0.0004, 2e-6, 300.0, 40)
    slower = Calibration(0.0, 2e-4, 0.010, 0.001, 0.0, 300.0, 40)
    assert one.drift_ratio(one, 8) == 0.0
    assert one.drift_ratio(same, 8) == pytest.approx(0.0, abs=0.06)
    assert one.drift_ratio(slower, 8) == pytest.approx(0.46, abs=0.03)
