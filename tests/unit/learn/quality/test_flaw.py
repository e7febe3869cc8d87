"""Whose fault a flaw in answers is."""

from __future__ import annotations

from random import Random

import pytest

from zeta_router.learn.quality.flaw import LEAST_SEEN, Flaw


def seen(**counts: tuple[int, int]) -> Flaw:
    """After so many answers of each model, and so many of them flawed, in a mixed order."""
    flaw = Flaw()
    answers = [
        (model, number < flawed)
        for model, (count, flawed) in counts.items()
        for number in range(count)
    ]
    Random(1).shuffle(answers)
    for model, there in answers:
        flaw.add(model, there=there)
    return flaw


def test_a_model_that_does_what_others_do_not_is_at_fault() -> None:
    assert seen(a=(50, 50), b=(50, 1), c=(50, 0)).is_fault_of("a")


def test_what_all_do_is_nobodys_fault() -> None:
    flaw = seen(a=(50, 50), b=(50, 48), c=(50, 50))
    assert not any(flaw.is_fault_of(model) for model in "abc")


def test_with_two_broken_models_of_three_both_are_at_fault() -> None:
    flaw = seen(a=(50, 50), b=(50, 50), c=(50, 0))
    assert flaw.is_fault_of("a")
    assert flaw.is_fault_of("b")


@pytest.mark.parametrize("others", [0, LEAST_SEEN - 1])
def test_before_others_were_seen_nothing_is_known(others: int) -> None:
    assert not seen(a=(50, 50), b=(others, 0)).is_fault_of("a")
    assert seen(a=(50, 50), b=(LEAST_SEEN, 0)).is_fault_of("a")


def test_of_a_model_alone_nothing_is_known() -> None:
    assert not seen(a=(500, 500)).is_fault_of("a")
    assert not Flaw().is_fault_of("a")


def test_it_follows_others_that_mend() -> None:
    flaw = seen(a=(50, 50), b=(50, 50))
    assert not flaw.is_fault_of("a")
    for _ in range(20):
        flaw.add("b", there=False)
    assert flaw.is_fault_of("a")
