from __future__ import annotations

from math import nan

import pytest

from support.candidates import candidate, choose, chosen_id, context
from zeta_router.core.query import Task
from zeta_router.core.reasons import Reason
from zeta_router.policy.protocol import WAIT
from zeta_router.policy.static import Static

STATIC = Static()


@pytest.mark.parametrize(
    ("task", "model"), [(Task.CODE, "coder"), (Task.REASONING, "thinker"), (Task.SIMPLE, "small")]
)
def test_each_task_goes_to_its_model(task: Task, model: str) -> None:
    pool = [candidate(model_[0], model_) for model_ in ("small", "coder", "thinker")]
    choice = choose(STATIC, pool, given=context(task))
    assert choice.index is not None
    assert pool[choice.index].view.model.name == model
    assert choice.reason is Reason.ROUTE
    assert choice.propensity == 1.0


def test_the_least_busy_replica_answers() -> None:
    pool = [candidate("a", in_flight=2), candidate("b", in_flight=1), candidate("s", "small")]
    assert chosen_id(STATIC, pool) == "b"


def test_waits_for_its_model_while_others_idle() -> None:
    assert choose(STATIC, [candidate("a", in_flight=4), candidate("s", "small")]) == WAIT


def test_a_paused_replica_gets_nothing() -> None:
    pool = [candidate("a", paused=True), candidate("b", in_flight=3)]
    assert chosen_id(STATIC, pool) == "b"


def test_without_admission_a_full_replica_gets_more() -> None:
    pool = [candidate("a", in_flight=9), candidate("s", "small")]
    assert chosen_id(STATIC, pool, given=context(capped=False)) == "a"


def test_falls_back_to_the_best_other_model_then_the_least_busy() -> None:
    pool = [
        candidate("s", "small", quality=0.4),
        candidate("t", "thinker", quality=0.6, in_flight=1),
        candidate("u", "thinker", quality=0.6),
    ]
    choice = choose(STATIC, pool)
    assert pool[choice.index or 0].view.endpoint.id == "u"
    assert choice.reason is Reason.FALLBACK


def test_fallback_skips_the_full_and_the_unknown() -> None:
    full = candidate("t", "thinker", quality=0.9, in_flight=4)
    unknown = candidate("u", "thinker", quality=nan)
    small = candidate("s", "small", quality=0.4)
    assert chosen_id(STATIC, [full, unknown, small]) == "s"
    assert choose(STATIC, [full]) == WAIT


def test_without_a_rule_the_best_model_answers() -> None:
    pool = [candidate("s", "small", quality=0.4), candidate("a", quality=0.7)]
    choice = choose(STATIC, pool, given=context(routes={}))
    assert (choice.index, choice.reason) == (1, Reason.BEST_SCORE)
