"""Who asks how much, and what a vote in that name may weigh."""

from __future__ import annotations

import json

import pytest

from zeta_router.learn.quality.askers import LEAST, MOST_ASKERS, STRANGERS, Askers


def asked(**counts: int) -> Askers:
    """Askers who took turns."""
    askers = Askers()
    left = dict(counts)
    while left:
        for name in sorted(left):
            askers.add(name)
            left[name] -= 1
        left = {name: count for name, count in left.items() if count}
    return askers


def test_a_lone_asker_has_the_whole_say() -> None:
    assert asked(me=1).voice("me") == ("me", 1.0)
    assert asked(me=500).share("me") == pytest.approx(1.0)


def test_the_say_is_the_share_of_the_traffic() -> None:
    askers = asked(a=900, b=100)
    assert askers.share("a") + askers.share("b") == pytest.approx(1.0)
    assert askers.voice("b")[1] == pytest.approx(0.1, abs=0.02)


def test_the_smallest_asker_still_has_a_vote() -> None:
    askers = asked(a=1000, b=1)
    assert askers.voice("b") == ("b", LEAST)


def test_names_that_never_asked_share_one_small_say() -> None:
    askers = asked(a=100)
    assert askers.voice("invented") == (STRANGERS, LEAST)
    assert askers.voice("another") == (STRANGERS, LEAST)
    assert Askers().voice("first") == (STRANGERS, LEAST)


def test_old_traffic_fades() -> None:
    askers = asked(old=2000)
    for _ in range(2000):
        askers.add("new")
    assert askers.share("new") == pytest.approx(0.73, abs=0.02)  # e / (1 + e)


def test_long_runs_stay_finite_and_names_are_bounded() -> None:
    askers = Askers()
    for index in range(70_000):
        askers.add(f"n{index % 3}")
    assert askers.share("n0") == pytest.approx(1 / 3, abs=0.01)
    for index in range(3 * MOST_ASKERS):
        askers.add(f"x{index}")
    assert len(askers.state()["askers"]) <= MOST_ASKERS
    assert askers.share("n0") > askers.share("x0")


def test_a_state_comes_back() -> None:
    askers, copy = asked(a=30, b=10), Askers()
    copy.restore(json.loads(json.dumps(askers.state())))
    for each in (askers, copy):
        each.add("b")
    assert copy.share("b") == pytest.approx(askers.share("b"))
