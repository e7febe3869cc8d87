"""Ids that no two queries share and nobody guesses."""

from __future__ import annotations

from zeta_router.app.wiring.query_ids import query_ids


def test_ids_are_counted_and_marked() -> None:
    new_id = query_ids()
    first, second = new_id().split("-"), new_id().split("-")
    assert first[0] == "zd"
    assert first[1] == second[1]
    assert (first[2], second[2]) == ("1", "2")
    assert first[3] != second[3]
    assert len(first[3]) == 8


def test_two_starts_share_no_id() -> None:
    ours, theirs = query_ids(), query_ids()
    assert not {ours() for _ in range(100)} & {theirs() for _ in range(100)}


def test_the_mark_of_a_number_is_another_in_each_run() -> None:
    assert query_ids()().split("-")[3] != query_ids()().split("-")[3]
