"""The waiting line: bounded, in lanes, every entry with a deadline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.queue import Entry, WaitingLine
from zeta_router.core.query import LANES, Lane

ALL = 1000


def line_of(*entries: Entry[str], limit: int = 10) -> WaitingLine[str]:
    """A line with these entries in it."""
    line: WaitingLine[str] = WaitingLine(limit)
    for entry in entries:
        line.push(entry)
    return line


NOW_S = 0.0


def entry(id_: str, lane: Lane = Lane.NORMAL, deadline_s: float = 100.0) -> Entry[str]:
    return Entry(id_, lane, deadline_s, f"item of {id_}")


def ids(entries: object) -> list[str]:
    return [one.query_id for one in entries]  # type: ignore[attr-defined]


def test_an_empty_line() -> None:
    line: WaitingLine[str] = WaitingLine(1)
    assert len(line) == 0
    assert "a" not in line
    assert not line.is_full
    assert line.next_deadline_s() is None
    assert line.expired(1e9) == []
    assert list(line.in_order(ALL, NOW_S)) == []
    assert line.remove("a") is None


def test_lanes_first_then_arrival() -> None:
    line = line_of(
        entry("b1", Lane.BATCH),
        entry("n1"),
        entry("i1", Lane.INTERACTIVE),
        entry("n2"),
        entry("i2", Lane.INTERACTIVE),
    )
    assert ids(line.in_order(ALL, NOW_S)) == ["i1", "i2", "n1", "n2", "b1"]
    assert [line.depth(lane) for lane in LANES] == [2, 2, 1]


@pytest.mark.parametrize(
    ("at_most", "expected"),
    [(0, []), (1, ["i1"]), (2, ["i1", "n1"]), (3, ["i1", "n1", "n2"]), (9, ["i1", "n1", "n2"])],
)
def test_at_most_so_many_over_all_lanes(at_most: int, expected: list[str]) -> None:
    line = line_of(entry("n1"), entry("i1", Lane.INTERACTIVE), entry("n2"))
    assert ids(line.in_order(at_most, NOW_S)) == expected


def test_entries_may_leave_while_the_line_is_walked() -> None:
    line = line_of(entry("a"), entry("b"), entry("c"))
    seen = []
    for one in line.in_order(ALL, NOW_S):
        seen.append(one.query_id)
        line.remove(one.query_id)
    assert seen == ["a", "b", "c"]
    assert len(line) == 0


def test_full_at_the_limit_and_no_sooner() -> None:
    line = line_of(entry("a"), limit=2)
    assert not line.is_full
    line.push(entry("b", Lane.BATCH))
    assert line.is_full
    line.remove("a")
    assert not line.is_full


def test_with_limit_0_nothing_ever_waits() -> None:
    assert WaitingLine(0).is_full


def test_a_retry_may_exceed_the_limit() -> None:
    line = line_of(entry("a"), entry("retried"), limit=1)
    assert len(line) == 2
    assert line.is_full


def test_a_lowered_limit_keeps_who_is_there() -> None:
    line = line_of(entry("a"), entry("b"))
    line.limit = 1
    assert line.is_full
    assert ids(line.in_order(ALL, NOW_S)) == ["a", "b"]


def test_remove_gives_the_entry_back_once() -> None:
    line = line_of(entry("a", Lane.BATCH))
    assert line.remove("a") == entry("a", Lane.BATCH)
    assert line.remove("a") is None


def test_expired_takes_out_who_is_due_earliest_first() -> None:
    line = line_of(
        entry("late", deadline_s=9.0),
        entry("second", Lane.INTERACTIVE, 2.0),
        entry("first", Lane.BATCH, 1.0),
    )
    assert line.next_deadline_s() == 1.0
    assert line.expired(0.999) == []
    assert ids(line.expired(2.0)) == ["first", "second"]
    assert ids(line.in_order(ALL, NOW_S)) == ["late"]
    assert line.next_deadline_s() == 9.0


def test_who_left_has_no_deadline() -> None:
    line = line_of(entry("a", deadline_s=1.0), entry("b", deadline_s=2.0))
    line.remove("a")
    assert line.next_deadline_s() == 2.0
    assert ids(line.expired(5.0)) == ["b"]
    assert line.next_deadline_s() is None


def test_who_came_back_has_only_the_new_deadline() -> None:
    line = line_of(entry("a", deadline_s=1.0))
    line.remove("a")
    line.push(entry("a", deadline_s=3.0))
    assert line.expired(2.0) == []
    assert line.next_deadline_s() == 3.0
    assert ids(line.expired(3.0)) == ["a"]


def test_who_came_back_with_the_same_deadline_expires_once() -> None:
    line = line_of(entry("a", deadline_s=1.0))
    line.remove("a")
    line.push(entry("a", deadline_s=1.0))
    assert ids(line.expired(1.0)) == ["a"]
    assert line.expired(1.0) == []


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["push", "remove", "expire"]),
        st.integers(0, 5),
        st.sampled_from(LANES),
        st.integers(1, 20),
    ),
    max_size=60,
)


@given(OPERATIONS)
def test_it_behaves_like_a_plain_list(operations: list[tuple[str, int, Lane, int]]) -> None:
    line: WaitingLine[str] = WaitingLine(3)
    model: list[Entry[str]] = []
    for what, number, lane, at_s in operations:
        id_ = str(number)
        if what == "push" and id_ not in line:
            line.push(entry(id_, lane, float(at_s)))
            model.append(entry(id_, lane, float(at_s)))
        elif what == "remove":
            line.remove(id_)
            model = [one for one in model if one.query_id != id_]
        elif what == "expire":
            gone = line.expired(float(at_s))
            due = [one for one in model if one.deadline_s <= at_s]
            assert sorted(ids(gone)) == sorted(ids(due))
            assert [g.deadline_s for g in gone] == sorted(d.deadline_s for d in due)
            model = [one for one in model if one not in due]
        in_order = sorted(model, key=lambda one: LANES.index(one.lane))
        assert list(line.in_order(ALL, NOW_S)) == in_order
        assert line.next_deadline_s() == min((one.deadline_s for one in model), default=None)
        assert len(line) == len(model)
        assert line.is_full == (len(model) >= 3)
