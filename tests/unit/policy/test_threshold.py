from __future__ import annotations

from math import nan

import pytest

from support.candidates import NOW_S, candidate, choose, chosen_id, context, cpu
from zeta_router.core.reasons import Reason
from zeta_router.core.signal import NO_SAMPLE, EngineSample
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.protocol import WAIT
from zeta_router.policy.threshold import CPU_MAX_AGE_S, Threshold

THRESHOLD = Threshold()
WITH_CPU = Threshold(cpu_limit=0.8)


def coder(in_flight: int, id_: str = "a", sample: EngineSample = NO_SAMPLE) -> Candidate:
    return candidate(id_, slots=10, in_flight=in_flight, sample=sample)


SMALL = candidate("s", "small")


def test_at_the_limit_it_is_static() -> None:
    choice = choose(THRESHOLD, [coder(8), SMALL])
    assert (choice.index, choice.reason) == (0, Reason.ROUTE)


def test_above_the_limit_it_overflows_and_returns_under_it() -> None:
    choice = choose(THRESHOLD, [coder(9), SMALL])
    assert (choice.index, choice.reason) == (1, Reason.OVERFLOW)
    assert chosen_id(THRESHOLD, [coder(8), SMALL]) == "a"


def test_one_calm_replica_keeps_the_model() -> None:
    assert chosen_id(THRESHOLD, [coder(9, "a"), coder(7, "b"), SMALL]) == "b"


def test_everybody_busy_the_least_busy_answers() -> None:
    busier = candidate("s", "small", slots=20, in_flight=19)
    choice = choose(THRESHOLD, [coder(9), busier])
    assert (choice.index, choice.reason) == (0, Reason.ROUTE)


def test_everything_full_waits() -> None:
    assert choose(THRESHOLD, [coder(10), candidate("s", "small", in_flight=4)]) == WAIT


def test_falls_back_like_static_when_its_model_is_down() -> None:
    assert choose(THRESHOLD, [SMALL]).reason is Reason.FALLBACK


def test_the_cpu_rule_is_off_by_default() -> None:
    assert chosen_id(THRESHOLD, [coder(1, sample=cpu(0.99)), SMALL]) == "a"


def test_the_cpu_rule_overflows() -> None:
    hot = coder(1, sample=cpu(0.81))
    assert choose(WITH_CPU, [hot, SMALL]).reason is Reason.OVERFLOW
    assert chosen_id(WITH_CPU, [coder(1, sample=cpu(0.8)), SMALL]) == "a"


def test_overflow_prefers_an_endpoint_that_is_not_hot_itself() -> None:
    hot = candidate("s", "small", sample=cpu(0.9))
    calm = candidate("t", "thinker", in_flight=2)
    assert chosen_id(WITH_CPU, [coder(1, sample=cpu(0.9)), hot, calm]) == "t"


@pytest.mark.parametrize(
    "sample", [NO_SAMPLE, cpu(None), cpu(nan), cpu(0.99, NOW_S - CPU_MAX_AGE_S - 0.1)]
)
def test_a_cpu_reading_that_is_not_there_decides_nothing(sample: EngineSample) -> None:
    assert chosen_id(WITH_CPU, [coder(1, sample=sample), SMALL]) == "a"


def test_a_reading_of_ten_seconds_still_counts() -> None:
    sample = cpu(0.99, NOW_S - CPU_MAX_AGE_S)
    assert chosen_id(WITH_CPU, [coder(1, sample=sample), SMALL]) == "s"


def test_without_admission_it_overflows_all_the_same() -> None:
    given = context(capped=False)
    full = candidate("s", "small", slots=4, in_flight=4)
    assert chosen_id(THRESHOLD, [coder(30), full], given=given) == "s"
