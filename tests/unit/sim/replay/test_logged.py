"""Who answered a logged query, and which decision sent it there."""

from __future__ import annotations

import pytest

from support.records import decided, ended, query
from zeta_router.core.outcome import Status
from zeta_router.sim.replay.logged import LoggedQuery, Served
from zeta_router.sim.replay.logged_work import tokens_ratio

FIRST, COPY = decided(endpoint_id="a").decision, decided(number=2, endpoint_id="b").decision


def served(endpoint_id: str, status: Status = Status.OK) -> Served:
    tokens = 84 if status is Status.OK else None
    outcome = ended(endpoint_id=endpoint_id, status=status, prompt_tokens=tokens).outcome
    return Served(endpoint_id, 100.0, 0.0, outcome)


@pytest.mark.parametrize(("winner", "loser"), [("a", "b"), ("b", "a")])
def test_the_winner_of_a_hedge_answered_though_its_loser_ends_last(winner: str, loser: str) -> None:
    attempts = [served(winner), served(loser, Status.HEDGE_LOST)]
    each = LoggedQuery(query(), [FIRST, COPY], attempts)
    assert each.answered is attempts[0]
    assert each.dispatch is {"a": FIRST, "b": COPY}[winner]
    assert tokens_ratio([each]) == 2.0


def test_what_was_tried_again_was_answered_by_the_last() -> None:
    attempts = [served("a", Status.UPSTREAM_ERROR), served("b")]
    each = LoggedQuery(query(), [FIRST, COPY], attempts)
    assert each.answered is attempts[1]
    assert each.dispatch is COPY


def test_what_failed_was_sent_where_it_was_tried_last() -> None:
    failed = [served(name, Status.UPSTREAM_ERROR) for name in ("a", "b")]
    each = LoggedQuery(query(), [FIRST, COPY], failed)
    assert each.answered is None
    assert each.dispatch is COPY
    assert LoggedQuery(query()).dispatch is None
