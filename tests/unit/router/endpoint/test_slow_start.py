from __future__ import annotations

from zeta_router.router.endpoint.slow_start import SlowStart


def test_one_slot_more_for_each_good_answer_until_all_are_open() -> None:
    start = SlowStart()
    assert start.of(16) == 16
    start.begin(16, in_flight=1)
    seen = [start.of(16)]
    for _ in range(16):
        start.proved(16)
        seen.append(start.of(16))
    assert seen == [*range(3, 17), 16, 16, 16]


def test_there_is_always_one_slot() -> None:
    start = SlowStart()
    start.begin(1, in_flight=0)
    assert start.of(1) == 1
    start.proved(1)
    assert start.of(4) == 4, "it is over"
