"""Who asks the same again is noticed, from hashes; who asks something else is left alone."""

from __future__ import annotations

import pytest

from support.fleets import query
from zeta_router.core.query import Fingerprint, Query
from zeta_router.gateway.reading.fingerprint import fingerprint_of, smallest_words
from zeta_router.router.query.asked_again import AGAIN_S, REMEMBERED, AskedAgain, common_words

ASK = "Write a function that sorts a list of dates in Python"
REPHRASED = "Write a Python function that sorts a list of dates, please"
OTHER = "Why is the sky blue and the sunset red"


def asked(
    id_: str, text: str = ASK, *, history: str = "", session: str = "s", asker: str = "me"
) -> Query:
    before = [history.encode()] if history else []
    mark = fingerprint_of(before, [text.encode()], text, talk=bool(session))
    return query(id_, session_id=session, asker=asker, fingerprint=mark)


def after(first: Query, second: Query, wait_s: float = 30.0) -> str | None:
    again = AskedAgain()
    again.answered(first, 100.0)
    return again.arrived(second, 100.0 + wait_s)


def test_the_very_same_again() -> None:
    assert after(asked("1"), asked("2")) == "1"
    unnamed = [asked(id_, session="", history="hi, hello") for id_ in "12"]
    assert after(*unnamed) == "1"


def test_a_rephrased_question_of_the_same_conversation() -> None:
    assert after(asked("1"), asked("2", REPHRASED, history="x")) == "1"
    assert after(asked("1", session=""), asked("2", REPHRASED, session="")) is None


def test_another_question_in_the_same_place() -> None:
    edited = asked("2", OTHER, history="earlier turns")
    assert after(asked("1", history="earlier turns"), edited) == "1"
    assert after(asked("1"), asked("2", OTHER)) is None  # two first questions have no place


@pytest.mark.parametrize(
    "second",
    [
        asked("2", OTHER),
        asked("2", OTHER, history="the first question and its answer"),
        asked("2", session="other"),
        asked("2", session=""),
        query("2", session_id="s"),
    ],
)
def test_what_is_not_asking_again(second: Query) -> None:
    assert after(asked("1"), second) is None


def test_it_has_to_come_soon_and_counts_once() -> None:
    assert after(asked("1"), asked("2"), AGAIN_S) == "1"
    assert after(asked("1"), asked("2"), AGAIN_S + 1.0) is None
    again = AskedAgain()
    again.answered(asked("1"), 0.0)
    assert again.arrived(asked("2"), 1.0) == "1"
    assert again.arrived(asked("3"), 2.0) is None


def test_a_program_may_ask_the_same_first_question_all_day() -> None:
    assert after(asked("1", session=""), asked("2", session="")) is None


def test_who_cannot_be_told_apart_is_not_compared() -> None:
    again = AskedAgain()
    nobody = asked("1", session="", asker="", history="x")
    assert not again.answered(nobody, 0.0)
    assert again.arrived(asked("2", session="", asker="", history="x"), 1.0) is None
    assert len(again) == 0


def test_memory_is_bounded() -> None:
    again = AskedAgain()
    mark = Fingerprint(1, 0)
    for number in range(REMEMBERED + 10):
        again.answered(query(str(number), session_id=str(number), fingerprint=mark), 0.0)
    assert len(again) == REMEMBERED
    assert again.arrived(query("x", session_id="0", fingerprint=mark), 1.0) is None
    last = str(REMEMBERED + 9)
    assert again.arrived(query("x", session_id=last, fingerprint=mark), 1.0) == last


def test_common_words_are_estimated_from_the_smallest_hashes() -> None:
    words = [f"word{number}" for number in range(60)]
    half = smallest_words(" ".join(words[:40])), smallest_words(" ".join(words[20:]))
    assert common_words(*half) == pytest.approx(1 / 3, abs=0.25)
    assert common_words(half[0], half[0]) == 1.0
    assert common_words(half[0], smallest_words("nothing of the sort here")) == 0.0
    assert common_words((1, 2, 3), (1, 2, 3)) == 0.0  # three words say too little
