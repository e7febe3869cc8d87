"""Models that left the configuration are remembered for a while, not for ever."""

from __future__ import annotations

from zeta_router.learn.former import MOST_FORMER, FormerModels


def test_the_latest_to_leave_are_remembered() -> None:
    former = FormerModels(["stays", "new0"])
    forgotten = []
    for number in range(1, MOST_FORMER + 3):
        forgotten += former.outlived(["stays", f"new{number}"], known=["stays"])
    assert forgotten == ["new0", "new1"]


def test_one_that_came_back_is_the_last_to_have_left() -> None:
    former = FormerModels(["back"])
    for present in ("other", "back"):
        assert not former.outlived([present], known=[])
    names = [f"new{number}" for number in range(MOST_FORMER)]
    gone = [former.outlived([name], known=[]) for name in names]
    assert gone == [frozenset()] * (MOST_FORMER - 1) + [{"other"}]


def test_what_was_restored_of_models_that_are_gone_goes_first() -> None:
    former = FormerModels(["a"])
    old = [f"old{number}" for number in range(MOST_FORMER)]
    assert former.outlived(["b"], known=[*old, "a"]) == {"old0"}
    assert former.outlived(["b"], known=[*old[1:], "a"]) == frozenset()
