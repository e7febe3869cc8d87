from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache

import pytest

from support.virtual_engine import Emulated, virtually
from zeta_router.app.calibrate.measuring import LATEST_RATIO, Measured, Measuring
from zeta_router.app.calibrate.stream import AskError
from zeta_router.app.calibrate.verdict import judge
from zeta_router.learn.latency.calibration_windows import Heard
from zeta_router.sim.engine.spec import EngineSpec

GPU = EngineSpec(prefill_tokens_per_s=8000, step_s=0.013, step_per_seq_s=0.0004, slots=8)
CPU = EngineSpec(prefill_tokens_per_s=105, step_s=0.002, step_per_seq_s=0.014, slots=4)
SLOW = EngineSpec(prefill_tokens_per_s=27, step_s=0.01, step_per_seq_s=0.045, slots=4)


@lru_cache
def measured(
    spec: EngineSpec, *, budget_s: float = 60.0, told: bool = True, overhead_s: float = 0.0
) -> tuple[Measured, list[str], list[str]]:
    """A calibration in virtual time: its result, what it asked and what it told."""
    lines: list[str] = []

    async def main() -> tuple[Measured, list[str]]:
        engine = Emulated(spec, overhead_s)
        measuring = Measuring(
            engine.ask,
            asyncio.get_running_loop().time,
            budget_s=budget_s,
            slots=spec.slots if told else None,
            context_tokens=2048,
            tell=lines.append,
        )
        return await measuring.run(), engine.asked

    result, asked = virtually(main())
    return result, asked, lines


@pytest.mark.parametrize("spec", [GPU, CPU, SLOW])
def test_an_engine_s_speeds_come_back_within_three_percent_and_the_time(spec: EngineSpec) -> None:
    budget_s = 85.0 if spec is SLOW else 60.0
    result, _, _ = measured(spec, budget_s=budget_s)
    assert result.calibration is not None
    speed = result.calibration.speed(result.slots)
    assert speed.prefill_tokens_per_s == pytest.approx(spec.prefill_tokens_per_s, rel=0.03)
    assert speed.step_s + speed.step_per_seq_s == pytest.approx(spec.step_time_s(1), rel=0.03)
    full_s = speed.step_s + speed.slots * speed.step_per_seq_s
    assert full_s == pytest.approx(spec.step_time_s(spec.slots), rel=0.03)
    assert speed.slots == spec.slots
    assert result.stable
    assert result.took_s < budget_s


@pytest.mark.parametrize("spec", [GPU, CPU, SLOW])
def test_answers_that_the_fit_did_not_see_are_foretold(spec: EngineSpec) -> None:
    verdict = judge(measured(spec, budget_s=85.0 if spec is SLOW else 60.0)[0])
    assert verdict is not None
    assert verdict.held_out
    assert verdict.answers >= 6
    assert verdict.ttft.p90 < 0.1
    assert verdict.tpot.p90 < 0.1


def test_a_fast_engine_takes_a_fraction_of_the_time() -> None:
    assert measured(GPU, budget_s=60.0)[0].took_s < 40.0


def test_the_way_there_and_back_is_told_apart_from_the_step() -> None:
    result, _, _ = measured(GPU, overhead_s=0.03, budget_s=20.0)
    assert result.calibration is not None
    assert result.calibration.overhead_s == pytest.approx(0.03, rel=0.1)
    assert result.calibration.tpot_s(1) == pytest.approx(GPU.step_time_s(1), rel=0.03)
    assert result.calibration.base_ttft_s == pytest.approx(0.03 + GPU.step_time_s(1), rel=0.1)


@pytest.mark.parametrize("slots", [1, 3, 8])
def test_slots_that_nobody_tells_are_seen(slots: int) -> None:
    spec = EngineSpec(4000, 0.012, 0.001, slots)
    result, _, _ = measured(spec, told=False)
    assert (result.slots, result.slots_from) == (slots, "seen")


def test_no_two_prompts_begin_alike() -> None:
    _, asked, _ = measured(GPU, budget_s=60.0)
    assert len({text[:20] for text in asked}) == len(asked)


def test_it_tells_what_it_does() -> None:
    _, _, lines = measured(CPU, budget_s=60.0)
    assert any("4 at once: " in line and "prompt tokens/s" in line for line in lines)
    assert any("held out" in line for line in lines)


def alone(ask: Callable[[str, int], object]) -> Measured:
    async def main() -> Measured:
        clock = asyncio.get_running_loop().time
        return await Measuring(ask, clock, budget_s=20.0, slots=2).run()  # type: ignore[arg-type]

    return virtually(main())


def test_an_engine_that_never_answers_ends_with_its_reason() -> None:
    async def refuses(text: str, output_tokens: int) -> Heard:
        raise AskError("HTTP 500: out of memory")

    with pytest.raises(AskError, match="out of memory"):
        alone(refuses)


def test_single_failures_are_counted_and_left_out() -> None:
    async def main() -> Measured:
        engine = Emulated(GPU)
        turn = 0

        async def sometimes(text: str, output_tokens: int) -> Heard:
            nonlocal turn
            turn += 1
            if turn % 7 == 0:
                raise AskError("HTTP 503: busy")
            return await engine.ask(text, output_tokens)

        clock = asyncio.get_running_loop().time
        return await Measuring(sometimes, clock, budget_s=20.0, slots=4).run()

    result = virtually(main())
    assert result.failed >= 2
    assert result.problem == "HTTP 503: busy"
    assert result.calibration is not None
    assert result.calibration.tpot_s(1) == pytest.approx(GPU.step_time_s(1), rel=0.03)


def test_an_engine_that_hangs_is_cut_off_in_time() -> None:
    async def main() -> Measured:
        engine = Emulated(CPU)
        turn = 0

        async def hangs(text: str, output_tokens: int) -> Heard:
            nonlocal turn
            turn += 1
            if turn > 12:
                await asyncio.sleep(1000.0)
            return await engine.ask(text, output_tokens)

        clock = asyncio.get_running_loop().time
        return await Measuring(hangs, clock, budget_s=30.0, slots=4).run()

    result = virtually(main())
    assert result.took_s <= LATEST_RATIO * 30.0 + 3.0
    assert not result.held_out
    assert result.calibration is not None
    verdict = judge(result)
    assert verdict is not None
    assert not verdict.held_out
