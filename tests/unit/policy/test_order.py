from __future__ import annotations

from math import inf, isnan, nan

import pytest

from support.candidates import candidate, view
from zeta_router.policy.order import (
    busy_key,
    by_id,
    ends_in_s,
    least_busy,
    load,
    quality_of,
    usable,
)


def test_load_counts_the_work_of_others() -> None:
    assert load(view("a", in_flight=2, foreign_in_flight=3)) == 5


def test_less_busy_means_a_smaller_share_of_slots() -> None:
    pool = [candidate("a", in_flight=2, slots=4), candidate("b", in_flight=3, slots=32)]
    assert least_busy(pool, [0, 1]) == 1


def test_ties_go_to_the_least_recently_used_before_the_id() -> None:
    older, newer = view("z", dispatched_seq=1), view("a", dispatched_seq=2)
    assert busy_key(older) < busy_key(newer)
    assert busy_key(view("a")) < busy_key(view("b"))


def test_by_id() -> None:
    pool = [candidate("c"), candidate("a"), candidate("b")]
    assert by_id(pool, [0, 1, 2]) == [1, 2, 0]


@pytest.mark.parametrize("value", [None, nan, inf, -inf, -1e-9])
def test_what_cannot_be_compared_is_not_usable(value: float | None) -> None:
    assert not usable(value)


def test_zero_is_usable() -> None:
    assert usable(0.0)


def test_unknown_quality_is_below_every_known_one() -> None:
    assert quality_of(candidate("a", quality=nan)) < quality_of(candidate("a", quality=0.0))


@pytest.mark.parametrize(("tokens", "end_s"), [(0.0, 0.5), (1.0, 0.5), (2.0, 0.6), (101.0, 10.5)])
def test_the_first_token_comes_with_the_ttft(tokens: float, end_s: float) -> None:
    found = ends_in_s(candidate("a", ttft_s=0.5, tpot_s=0.1, output_tokens=tokens))
    assert found == pytest.approx(end_s)


@pytest.mark.parametrize("field", ["ttft_s", "tpot_s", "output_tokens"])
def test_an_unknown_part_makes_the_end_unknown(field: str) -> None:
    assert isnan(ends_in_s(candidate("a", **{field: nan})))
