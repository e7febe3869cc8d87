"""Ejection: what takes an endpoint out, for how long, and how it comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.ejection import (
    BAD_IN_A_ROW,
    FIRST_S,
    FORGIVEN_S,
    GOOD_TO_CLOSE,
    LONGEST_S,
    PROBE_EVERY_S,
    Circuit,
    Ejection,
)


def ejected(now_s: float = 0.0) -> Ejection:
    one = Ejection()
    for _ in range(BAD_IN_A_ROW):
        one.on_bad(now_s, "errors")
    return one


def half_open(now_s: float = 0.0) -> Ejection:
    one = ejected(now_s)
    one.on_answer(now_s + FIRST_S, fit=True)
    return one


def closed_again(one: Ejection, now_s: float) -> None:
    for _ in range(GOOD_TO_CLOSE):
        one.on_good(now_s)
    assert one.circuit is Circuit.CLOSED


class TestOut:
    def test_it_takes_several_bad_answers_in_a_row(self):
        one = Ejection()
        results = [one.on_bad(1.0, "errors") for _ in range(BAD_IN_A_ROW)]
        assert results == [False] * (BAD_IN_A_ROW - 1) + [True]
        assert (one.circuit, one.reason, one.since_s) == (Circuit.OPEN, "errors", 1.0)

    def test_a_good_answer_between_starts_the_count_anew(self):
        one = Ejection()
        for _ in range(100):
            for _ in range(BAD_IN_A_ROW - 1):
                one.on_bad(1.0, "errors")
            one.on_good(1.0)
        assert one.circuit is Circuit.CLOSED

    def test_what_was_sent_before_does_not_eject_it_again(self):
        one = ejected()
        before = one.next_probe_s
        assert not one.on_bad(1.0, "errors")
        one.on_good(2.0)
        assert (one.circuit, one.times, one.next_probe_s) == (Circuit.OPEN, 1, before)


class TestBack:
    def test_it_is_asked_when_its_time_is_over_and_then_every_few_seconds(self):
        one = ejected(100.0)
        assert one.next_probe_s == 100.0 + FIRST_S
        one.on_answer(105.5, fit=False)
        assert one.next_probe_s == 105.5 + PROBE_EVERY_S
        assert one.circuit is Circuit.OPEN
        one.on_answer(111.0, fit=True)
        assert (one.circuit, one.next_probe_s) == (Circuit.HALF_OPEN, None)

    def test_an_answer_before_its_time_is_over_counts_for_nothing(self):
        one = ejected(100.0)
        one.on_answer(101.0, fit=True)
        assert one.circuit is Circuit.OPEN

    def test_it_closes_after_several_good_answers(self):
        one = half_open()
        for _ in range(GOOD_TO_CLOSE - 1):
            one.on_good(6.0)
            assert one.circuit is Circuit.HALF_OPEN
        one.on_good(7.0)
        assert (one.circuit, one.since_s) == (Circuit.CLOSED, 7.0)

    def test_one_bad_answer_while_half_open_ejects_it_for_twice_as_long(self):
        one = half_open()
        assert one.on_bad(6.0, "errors")
        assert one.next_probe_s == 6.0 + 2 * FIRST_S

    def test_it_can_come_back_at_once(self):
        one = ejected()
        one.back_at_once(0.5)
        assert (one.circuit, one.next_probe_s) == (Circuit.HALF_OPEN, None)
        closed = Ejection()
        closed.back_at_once(0.5)
        assert closed.circuit is Circuit.CLOSED


class TestRepeats:
    def lengths(self, gap_s: float, count: int) -> list[float]:
        one, now_s, found = Ejection(), 1000.0, []
        for _ in range(count):
            one.eject(now_s, "silent")
            found.append(one.next_probe_s - now_s)
            now_s = one.next_probe_s
            one.on_answer(now_s, fit=True)
            closed_again(one, now_s)
            now_s += gap_s
        return found

    def test_each_one_is_twice_as_long_up_to_ten_minutes(self):
        assert self.lengths(1.0, 9) == [5, 10, 20, 40, 80, 160, 320, LONGEST_S, LONGEST_S]

    def test_five_quiet_minutes_are_forgiven(self):
        assert self.lengths(FORGIVEN_S + 1.0, 4) == [5, 5, 5, 5]

    def test_a_long_outage_is_one_ejection(self):
        one = ejected(0.0)
        now_s = one.next_probe_s
        while now_s < 3600.0:
            one.on_answer(now_s, fit=False)
            now_s = one.next_probe_s
        one.on_answer(now_s, fit=True)
        assert (one.circuit, one.times) == (Circuit.HALF_OPEN, 1)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 60.0), st.sampled_from(["good", "bad", "fit", "unfit", "back"])),
        max_size=80,
    )
)
def test_an_open_circuit_always_has_a_way_back(steps):
    one, now_s = Ejection(), 0.0
    for gap_s, what in steps:
        now_s += gap_s
        if what == "good":
            one.on_good(now_s)
        elif what == "bad":
            one.on_bad(now_s, "errors")
        elif what == "back":
            one.back_at_once(now_s)
        else:
            one.on_answer(now_s, fit=what == "fit")
        assert (one.next_probe_s is not None) == (one.circuit is Circuit.OPEN)
        assert one.next_probe_s is None or one.next_probe_s <= now_s + LONGEST_S
