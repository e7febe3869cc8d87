"""Where conversations are remembered to be, and for how long."""

from __future__ import annotations

from zeta_router.control import sessions
from zeta_router.control.sessions import KEPT_S, Sessions


def test_the_latest_place_counts_per_tenant() -> None:
    places = Sessions()
    places.served("t", "s", "a", 0.0)
    places.served("t", "s", "b", 1.0)
    assert places.place("t", "s", 2.0) == "b"
    assert places.place("other", "s", 2.0) == ""


def test_without_an_id_there_is_no_conversation() -> None:
    places = Sessions()
    places.served("t", "", "a", 0.0)
    assert places.place("t", "", 0.0) == ""
    assert len(places) == 0


def test_a_place_grows_cold() -> None:
    places = Sessions()
    places.served("t", "s", "a", 0.0)
    assert places.place("t", "s", KEPT_S) == "a"
    assert places.place("t", "s", KEPT_S + 1.0) == ""


def test_the_oldest_is_forgotten_first() -> None:
    places = Sessions()
    for number in range(sessions.REMEMBERED + 1):
        places.served("t", str(number), "a", 0.0)
    assert len(places) == sessions.REMEMBERED
    assert places.place("t", "0", 0.0) == ""
    assert places.place("t", "1", 0.0) == "a"
