"""The terms of a score, worked out again."""

from __future__ import annotations

from math import nan

import pytest

from support.bench import Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.query import Slo
from zeta_router.router.commands import DecisionRecord
from zeta_router.telemetry.explain.explanation import explain
from zeta_router.telemetry.explain.terms import terms_of


def decide(policy: str, **more: object) -> DecisionRecord:
    bench = Bench(fleet(endpoint("c", "coder"), endpoint("t", "thinker"), policy=policy))
    for number in range(3):
        bench.arrive(query(f"before-{number}", slo=Slo(2.0, 0.05), max_output_tokens=300))
    bench.arrive(query("q", slo=Slo(2.0, 0.05), weight=2.0, max_output_tokens=300))
    records = [emit.record for emit in bench.records]
    return next(r for r in records if isinstance(r, DecisionRecord) and r.query.id == "q")


def test_the_terms_of_joint_add_up_to_its_scores() -> None:
    record = decide("joint")
    decision = record.decision
    assert len(decision.candidates) == 2
    for candidate, score in zip(decision.candidates, decision.scores, strict=True):
        terms = terms_of(candidate, score, record.query, decision)
        assert terms["is_score"] is True
        assert terms["gain"] == pytest.approx(2.0 * candidate.quality * (terms["p_slo"] or 0.0))
        assert terms["price_work"] == pytest.approx(candidate.view.price * candidate.work_s)
        made = [terms[name] or 0.0 for name in ("gain", "price_work", "switch", "slowdown")]
        assert made[0] - sum(made[1:]) == pytest.approx(score, abs=1e-9)


def test_another_policy_scores_by_a_rule_of_its_own() -> None:
    record = decide("least_requests")
    terms = terms_of(record.decision.candidates[0], 0.5, record.query, record.decision)
    assert terms["is_score"] is False
    assert terms["slowdown"] is None
    assert terms["p_slo"] is not None


def test_what_cannot_be_worked_out_is_null() -> None:
    record = decide("joint")
    unknown = record.decision.candidates[0]._replace(quality=nan, work_s=nan)
    terms = terms_of(unknown, nan, record.query, record.decision)
    assert terms["is_score"] is False
    assert terms["gain"] is None
    assert terms["price_work"] is None


def test_every_explained_candidate_has_them() -> None:
    (step,) = explain([decide("joint")])["decisions"]
    assert all(set(each["terms"]) >= {"p_slo", "gain", "price_work"} for each in step["candidates"])
