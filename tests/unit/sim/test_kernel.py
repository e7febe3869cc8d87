import pytest

from zeta_router.core.errors import BugError
from zeta_router.sim.kernel import Kernel


def test_actions_run_by_time_and_at_equal_times_in_the_order_asked() -> None:
    kernel, seen = Kernel(), []
    for at_s, name in [(2.0, "c"), (1.0, "a"), (2.0, "d"), (1.0, "b")]:
        kernel.at(at_s, seen.append, name)
    kernel.run()
    assert seen == ["a", "b", "c", "d"]
    assert kernel.now_s == 2.0
    assert kernel.executed == 4


def test_an_action_may_ask_for_another_one_at_the_same_instant() -> None:
    kernel, seen = Kernel(), []

    def first() -> None:
        seen.append(("first", kernel.now_s))
        kernel.at(kernel.now_s, lambda: seen.append(("second", kernel.now_s)))

    kernel.at(3.0, first)
    kernel.run()
    assert seen == [("first", 3.0), ("second", 3.0)]


def test_running_until_a_time_leaves_later_actions_alone() -> None:
    kernel, seen = Kernel(), []
    kernel.at(1.0, seen.append, 1)
    kernel.at(5.0, seen.append, 5)
    kernel.run(until_s=4.0)
    assert (seen, kernel.now_s, len(kernel)) == ([1], 4.0, 1)
    assert kernel.step()
    assert not kernel.step()


@pytest.mark.parametrize("at_s", [0.5, float("nan")])
def test_the_past_is_refused(at_s: float) -> None:
    kernel = Kernel()
    kernel.at(1.0, lambda: None)
    kernel.run()
    with pytest.raises(BugError, match=r"1\.0 s already"):
        kernel.at(at_s, lambda: None)
