import pytest

from zeta_router.app.calibrate.plan import (
    LONGEST_PROMPT,
    MOST_OUTPUT,
    SHORTEST_PROMPT,
    first_sight,
    levels,
    sizes_for,
)
from zeta_router.app.calibrate.prompts import prompt
from zeta_router.learn.latency.calibration_windows import Heard
from zeta_router.learn.task.ask import estimate_tokens


@pytest.mark.parametrize(
    ("slots", "tried"),
    [
        (1, (1,)),
        (2, (1, 2)),
        (4, (1, 4, 2)),
        (6, (1, 6, 2, 4)),
        (256, (1, 32, 2, 4, 8, 16)),
        (None, (1, 2, 4, 8, 16, 32)),
    ],
)
def test_levels_begin_with_both_ends_and_never_exceed_the_slots(
    slots: int | None, tried: tuple[int, ...]
) -> None:
    assert levels(slots) == tried


def test_a_fast_engine_gets_long_prompts_and_a_slow_one_fewer() -> None:
    fast = sizes_for(1e-4, 0.01, 9.0, 8192)
    assert max(fast.prompts) == LONGEST_PROMPT
    assert fast.output_tokens <= MOST_OUTPUT
    assert len(fast.prompts) == 8
    slow = sizes_for(0.04, 0.06, 9.0, 2048)
    assert len(slow.prompts) == 4
    assert min(slow.prompts) >= SHORTEST_PROMPT
    assert max(slow.prompts) > 1.5 * min(slow.prompts)


def test_prompts_leave_room_for_the_answer() -> None:
    assert max(sizes_for(1e-4, 0.01, 9.0, 512).prompts) <= 256


def test_a_level_has_a_prompt_for_everybody() -> None:
    assert len(sizes_for(1e-4, 0.01, 9.0, None).at(32)) == 32


def test_first_sight_takes_the_difference_of_two_prompts() -> None:
    short = Heard(0.0, (0.12, 0.13, 0.14), 100)
    longer = Heard(0.0, (0.22, 0.24), 1100)
    assert first_sight(short, longer) == pytest.approx((1e-4, 0.02))


def test_first_sight_survives_a_longer_prompt_that_was_faster() -> None:
    short = Heard(0.0, (0.5,), 100)
    per_token_s, step_s = first_sight(short, Heard(0.0, (0.4,), 1000))
    assert per_token_s == step_s == pytest.approx(0.0004)


@pytest.mark.parametrize("tokens", [60, 300, 1500])
def test_prompts_have_about_the_asked_length(tokens: int) -> None:
    words = len(prompt(7, tokens).split())
    assert words == pytest.approx(tokens, rel=0.2)
    assert estimate_tokens(prompt(7, tokens)) < 2 * tokens
