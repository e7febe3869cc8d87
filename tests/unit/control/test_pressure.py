"""What a poll says of CPU and memory, before answers show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.pressure import (
    CPU_HIGH,
    MAX_AGE_S,
    MEMORY_FULL,
    MEMORY_HIGH,
    MOST,
    USUAL_OVER_S,
    Pressure,
)
from zeta_router.core.signal import EngineSample, Signal

GB = 1e9


def said(at_s: float, cpu: float | None = None, used: float | None = None) -> EngineSample:
    """A poll: CPU share, and the share in use of ten gigabytes."""

    def signal(value: float | None) -> Signal | None:
        return Signal(value, at_s, "test") if value is not None else None

    left = (1.0 - used) * 10 * GB if used is not None else None
    return EngineSample(
        cpu_ratio=signal(cpu),
        rss_bytes=signal(used * 10 * GB if used is not None else None),
        memory_left_bytes=signal(left),
    )


def after(cpus: list[float], step_s: float = 60.0, busy: bool = True) -> Pressure:
    """Pressure after polls of these CPU shares."""
    pressure = Pressure()
    for number, cpu in enumerate(cpus):
        pressure.on_sample(number * step_s, said(number * step_s, cpu), busy)
    return pressure


def test_a_gpu_engine_whose_cpu_fills_up_is_expected_to_slow_down() -> None:
    assert after([0.3] * 60).slowdown == 1.0
    assert after([0.3] * 60 + [0.85]).slowdown == MOST
    assert 1.0 < after([0.75] * 60 + [0.85]).slowdown < MOST


def test_a_cpu_engine_that_is_always_full_is_as_fast_as_ever() -> None:
    assert after([0.97, 0.95, 0.99] * 30).slowdown == pytest.approx(1.0)


def test_a_cpu_that_stays_full_becomes_usual() -> None:
    minutes = int(10 * USUAL_OVER_S / 60)
    assert after([0.3] * 60 + [0.95] * minutes).slowdown == pytest.approx(1.0, abs=0.01)


def test_idle_polls_do_not_make_idleness_usual() -> None:
    pressure = after([0.95] * 30)
    for number in range(30, 90):
        pressure.on_sample(number * 60.0, said(number * 60.0, 0.02), busy=False)
    pressure.on_sample(5460.0, said(5460.0, 0.95), busy=True)
    assert pressure.slowdown == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("used", "slowdown", "capped"),
    [
        (0.5, 1.0, False),
        (MEMORY_HIGH, 1.0, False),
        ((MEMORY_HIGH + MEMORY_FULL) / 2, (1.0 + MOST) / 2, False),
        (MEMORY_FULL, MOST, True),
        (1.0, MOST, True),
    ],
)
def test_memory_slows_when_it_runs_out(used: float, slowdown: float, capped: bool) -> None:
    pressure = Pressure()
    pressure.on_sample(0.0, said(0.0, used=used + 1e-12), busy=True)
    assert (pressure.slowdown, pressure.capped) == (pytest.approx(slowdown), capped)


def test_a_cpu_limit_caps_only_where_it_is_set() -> None:
    pressure = after([0.99])
    assert not pressure.capped
    pressure.cpu_limit = 0.9
    pressure.on_sample(60.0, said(60.0, 0.95), busy=True)
    assert pressure.capped
    pressure.on_sample(120.0, said(120.0, 0.9), busy=True)
    assert not pressure.capped


def test_absent_is_neither_full_nor_empty() -> None:
    pressure = after([0.2] * 10)
    pressure.on_sample(600.0, EngineSample(), busy=True)
    assert (pressure.slowdown, pressure.capped, pressure.memory_ratio) == (1.0, False, None)


def test_an_old_word_is_forgotten() -> None:
    pressure = Pressure()
    pressure.on_sample(0.0, said(0.0, used=0.99), busy=True)
    pressure.expire(MAX_AGE_S - 0.1)
    assert pressure.capped
    pressure.expire(MAX_AGE_S)
    assert (pressure.slowdown, pressure.capped) == (1.0, False)


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.booleans()), max_size=50))
def test_it_stays_in_bounds(polls: list[tuple[float, float, bool]]) -> None:
    pressure = Pressure()
    for number, (cpu, used, busy) in enumerate(polls):
        pressure.on_sample(float(number), said(float(number), cpu, used), busy)
        assert 1.0 <= pressure.slowdown <= MOST
        if cpu <= CPU_HIGH and used <= MEMORY_HIGH:
            assert pressure.slowdown == 1.0
