"""An allowance never gives more than it holds and gets."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.core.bucket import Bucket


@given(
    st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 3.0)), max_size=100),
    st.floats(0.1, 10.0),
    st.floats(0.01, 10.0),
)
def test_a_bucket_never_gives_more_than_it_holds_and_gets(
    steps: list[tuple[float, float]], most: float, per_s: float
) -> None:
    bucket, now_s, taken = Bucket(most, per_s, 0.0), 0.0, 0.0
    for gap_s, amount in steps:
        now_s += gap_s
        if bucket.wait_s(amount, now_s) == 0.0:
            bucket.take(amount, now_s)
            taken += amount
        assert taken <= most + per_s * now_s + 1e-6


def test_what_is_owed_is_waited_for() -> None:
    bucket = Bucket(10.0, 2.0, 0.0)
    bucket.take(14.0, 0.0)
    assert bucket.wait_s(1.0, 0.0) == 2.5
    assert not bucket.spare_one(2.4)
    assert bucket.spare_one(2.5)


def test_one_that_never_fills_is_waited_for_for_ever() -> None:
    bucket = Bucket(1.0, 0.0, 0.0)
    assert bucket.spare_one(0.0)
    assert bucket.wait_s(1.0, 1e9) == inf
