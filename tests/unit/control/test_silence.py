from __future__ import annotations

import pytest

from zeta_router.control.silence import (
    LEAST_LOADING_S,
    LEAST_S,
    LEAST_UNKNOWN_S,
    LEAST_UNKNOWN_WHOLE_S,
    LEAST_WHOLE_S,
    LONGEST_TOLERANCE,
    TOLERANCE,
    UNBOUNDED_TOKENS,
    patience_s,
)

QUICK = {"ttft_s": 0.1, "tpot_s": 0.001, "output_tokens": 20.0, "most_tokens": 20}
SLOW = {"ttft_s": 2.0, "tpot_s": 0.2, "output_tokens": 100.0, "most_tokens": 100}


@pytest.mark.parametrize(
    ("streams", "known", "least_s"),
    [
        (True, True, LEAST_S),
        (False, True, LEAST_WHOLE_S),
        (True, False, LEAST_UNKNOWN_S),
        (False, False, LEAST_UNKNOWN_WHOLE_S),
    ],
)
def test_a_short_silence_says_nothing(streams: bool, known: bool, least_s: float) -> None:
    assert patience_s(streams=streams, known=known, **QUICK) == least_s


def test_a_stream_is_judged_by_its_first_token_and_a_whole_answer_by_its_last() -> None:
    assert patience_s(streams=True, **SLOW) == pytest.approx(TOLERANCE * 2.0)
    assert patience_s(streams=False, **SLOW) == pytest.approx(TOLERANCE * 22.0)
    assert patience_s(streams=False, known=False, **SLOW) == pytest.approx(TOLERANCE * 22.0)


@pytest.mark.parametrize(("limit", "tokens"), [(1000, 1000), (None, UNBOUNDED_TOKENS)])
def test_a_whole_answer_may_be_as_long_as_was_asked_for(limit: int | None, tokens: int) -> None:
    """Though those of late were short."""
    given = {"ttft_s": 1.0, "tpot_s": 0.05, "output_tokens": 10.0, "most_tokens": limit}
    assert patience_s(streams=False, **given) == LONGEST_TOLERANCE * (1.0 + 0.05 * tokens)
    assert patience_s(streams=True, **given) == TOLERANCE


@pytest.mark.parametrize("streams", [True, False])
def test_a_first_load_may_take_minutes(streams: bool) -> None:
    assert patience_s(streams=streams, loading=True, **QUICK) == LEAST_LOADING_S
