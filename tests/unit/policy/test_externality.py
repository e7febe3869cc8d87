from __future__ import annotations

from math import nan, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.candidates import candidate
from zeta_router.core.query import Slo
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.externality import VALUE_OF_RUNNING, batch_slowdown, prefill_slowdown

TPOT = Slo(tpot_s=0.05)
LAX = Slo(tpot_s=2.0)


def busy(running: int, tpot_s: float = 0.04, **more: float) -> Candidate:
    fields = {"tpot_slope_s": 0.001, "tpot_log_sigma": 0.5, **more}
    return candidate("a", slots=64, in_flight=running, tpot_s=tpot_s, **fields)


def test_at_the_limit_it_is_the_derivative_of_what_runs() -> None:
    """At z = 0 one more lengthens a step by 1 ms of 50: 2 % of ln TPOT."""
    expected = 0.5 * VALUE_OF_RUNNING * 20 * 0.02 / sqrt(2 * pi) / 0.5
    assert batch_slowdown(busy(20, 0.05), TPOT) == pytest.approx(expected)


def test_nobody_running_nobody_harmed() -> None:
    assert batch_slowdown(busy(0, 0.05), TPOT) == 0.0


@pytest.mark.parametrize("slo", [Slo(), Slo(ttft_s=1.0, e2e_s=2.0)])
def test_without_a_rate_objective_nothing_is_lost(slo: Slo) -> None:
    assert batch_slowdown(busy(20), slo) == 0.0


def test_far_from_the_limit_it_vanishes() -> None:
    assert batch_slowdown(busy(20, 0.005), TPOT) < 0.01 * batch_slowdown(busy(20, 0.05), TPOT, 0.05)


def test_it_rises_with_the_batch_and_with_the_rate_even_past_the_limit() -> None:
    by_batch = [batch_slowdown(busy(n), TPOT) for n in range(1, 60)]
    by_rate = [batch_slowdown(busy(20, t / 1000), TPOT) for t in range(1, 200)]
    assert by_batch == sorted(by_batch)
    assert by_rate == sorted(by_rate)


def test_an_unknown_rate_costs_as_much_as_the_limit() -> None:
    assert batch_slowdown(busy(20, nan), TPOT) == batch_slowdown(busy(20, 0.05), TPOT)


@pytest.mark.parametrize("more", [{"output_tokens": 1.0}, {"tpot_s": 0.0}, {"tpot_s": 5e-324}])
def test_what_joins_no_step_delays_no_step(more: dict[str, float]) -> None:
    assert batch_slowdown(busy(20, **more), LAX, 0.05) == 0.0


def test_it_can_be_switched_off() -> None:
    assert batch_slowdown(busy(20, 0.05), TPOT, 0.0) == 0.0


class TestPrefill:
    def test_a_stall_that_takes_all_over_the_limit_costs_all_of_them(self) -> None:
        """A batch at 80 % of its bound, a prompt that adds half: nobody is in time any more."""
        lost = prefill_slowdown(10, 0.8, 0.5, 0.05)
        assert lost == pytest.approx(VALUE_OF_RUNNING * 10, rel=0.01)

    def test_there_is_room_for_a_short_prompt(self) -> None:
        assert prefill_slowdown(10, 0.8, 0.01, 0.05) < 1e-3

    def test_nobody_running_or_nothing_to_read(self) -> None:
        assert prefill_slowdown(0, 0.9, 0.5, 0.1) == 0.0
        assert prefill_slowdown(10, 0.9, 0.0, 0.1) == 0.0
        assert prefill_slowdown(10, 0.9, nan, 0.1) == 0.0

    def test_what_is_unknown_counts_as_the_worst(self) -> None:
        worst = prefill_slowdown(10, nan, 0.1, 0.1)
        assert worst == max(prefill_slowdown(10, n / 100, 0.1, 0.1) for n in range(300))

    @given(
        st.integers(1, 60),
        st.floats(0.0, 5.0),
        st.floats(0.0, 5.0),
        st.floats(0.02, 1.2),
        st.floats(0.0, 2.0),
    )
    def test_never_falls_with_load_rate_or_length(
        self, running: int, used: float, stall: float, sigma: float, more: float
    ) -> None:
        least = prefill_slowdown(running, used, stall, sigma) - 1e-9
        assert 0.0 <= least + 1e-9 <= VALUE_OF_RUNNING * running
        assert prefill_slowdown(running + 1, used, stall, sigma) >= least
        assert prefill_slowdown(running, used + more, stall, sigma) >= least
        assert prefill_slowdown(running, used, stall + more, sigma) >= least

    @pytest.mark.parametrize("value", [0.0, 5e-324, 1e308])
    def test_extreme_numbers_do_not_raise(self, value: float) -> None:
        for used, stall in ((value, 0.1), (0.5, value), (value, value)):
            assert prefill_slowdown(5, used, stall, 0.02) >= 0.0
