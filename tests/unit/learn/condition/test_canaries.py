"""Golden prompts: which are known, when some fail, and what is asked next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.learn.condition.canaries import COUNT, FAILED, HOPELESS, KNOWN, Canaries


def taught(known: range) -> Canaries:
    """One that knows these."""
    canaries = Canaries()
    for number in known:
        for _ in range(KNOWN):
            canaries.answered(number, right=True)
    return canaries


def test_what_it_never_knew_may_fail_for_ever():
    canaries = Canaries()
    for _ in range(50):
        for number in range(COUNT):
            canaries.answered(number, right=False)
    assert (canaries.known, canaries.failing, canaries.failed) == (0, 0, False)
    assert canaries.next() is None


def test_one_failure_is_chance_and_two_are_not():
    canaries = taught(range(6))
    for number in range(FAILED):
        assert not canaries.failed
        canaries.answered(number, right=False)
    assert canaries.failed


def test_the_same_one_failing_twice_is_still_one():
    canaries = taught(range(6))
    canaries.answered(3, right=False)
    canaries.answered(3, right=False)
    assert canaries.failing == 1


def test_it_is_well_again_when_they_are_right_again():
    canaries = taught(range(6))
    for number in range(4):
        canaries.answered(number, right=False)
    for number in range(3):
        canaries.answered(number, right=True)
    assert (canaries.failing, canaries.failed) == (1, False)


def test_all_are_asked_in_turn_and_hopeless_ones_no_longer():
    canaries = Canaries()
    assert [canaries.next() for _ in range(COUNT + 2)] == [*range(COUNT), 0, 1]
    for number in (2, 3):
        for _ in range(HOPELESS):
            canaries.answered(number, right=False)
    assert [canaries.next() for _ in range(3)] == [4, 5, 6]
    turn = {canaries.next() for _ in range(COUNT)}
    assert turn == set(range(COUNT)) - {2, 3}


def test_numbers_of_no_prompt_change_nothing():
    canaries = taught(range(3))
    before = canaries.state()
    canaries.answered(COUNT, right=False)
    canaries.answered(-1, right=False)
    assert canaries.state() == before


@given(st.lists(st.tuples(st.integers(0, COUNT - 1), st.booleans()), max_size=60))
def test_a_restored_one_is_the_same(answers):
    canaries, again = Canaries(), Canaries()
    for number, right in answers:
        canaries.answered(number, right)
    again.restore(canaries.state())
    assert again.state() == canaries.state()
    assert (again.known, again.failing, again.next()) == (
        canaries.known,
        canaries.failing,
        canaries.next(),
    )


def test_a_state_of_another_number_of_prompts_is_left_out():
    canaries = Canaries()
    canaries.restore({"right": [5], "wrong": [0], "failing": [], "next": 0})
    assert canaries.known == 0
