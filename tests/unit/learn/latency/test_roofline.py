from __future__ import annotations

import pytest

from zeta_router.core.fleet import DEFAULT_SLOTS, SimulatedSpeed
from zeta_router.learn.latency.roofline import BASE_TTFT_S, Hardware, prior_of


def test_a_stated_speed_is_believed() -> None:
    prior = prior_of(7.0, SimulatedSpeed(8000.0, 0.013, 0.0004, 32))
    assert prior.prefill_s_per_token == pytest.approx(1 / 8000)
    assert (prior.step_s, prior.step_per_seq_s, prior.slots) == (0.013, 0.0004, 32)


def test_the_roofline_by_hand() -> None:
    box = Hardware(memory_bytes_per_s=1e12, operations_per_s=100e12, bytes_per_param=2.0)
    prior = prior_of(7.0, hardware=box)
    assert prior.step_s == pytest.approx(14e9 / 1e12)
    assert prior.prefill_s_per_token == pytest.approx(14e9 / 50e12)
    assert prior.step_per_seq_s == pytest.approx(prior.step_s / 200)
    assert prior.base_ttft_s == pytest.approx(BASE_TTFT_S + prior.step_s)
    assert prior.slots == DEFAULT_SLOTS


def test_time_grows_in_proportion_to_size() -> None:
    small, large = prior_of(4.0), prior_of(14.0)
    assert large.step_s == pytest.approx(3.5 * small.step_s)
    assert large.prefill_s_per_token == pytest.approx(3.5 * small.prefill_s_per_token)


@pytest.mark.parametrize("unknown", [None, 0.0, -1.0])
def test_nothing_known_gives_a_usable_prior(unknown: float | None) -> None:
    assert prior_of(unknown) == prior_of(7.0)


def test_configured_slots_win() -> None:
    speed = SimulatedSpeed(8000.0, 0.013, 0.0004, 32)
    assert prior_of(7.0, speed, slots=2).slots == 2
    assert prior_of(7.0, slots=2).slots == 2
