"""What a client says about its query beside it."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from zeta_router.core.query import NO_SLO, Lane, Slo
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.hints import MOST_WEIGHT, hints_of, lane_of, slo_of, weight_of


def test_hints_go_by_any_case_and_the_first_counts() -> None:
    headers = CIMultiDict([("Host", "h"), ("X-Zeta-Weight", "2"), ("x-zeta-weight", "3")])
    headers.add("Authorization", "Bearer k")
    assert hints_of(headers) == {"x-zeta-weight": "2", "authorization": "Bearer k"}


def test_without_hints_everything_is_as_usual() -> None:
    assert slo_of({}) is NO_SLO
    assert slo_of({"x-request-id": "1"}) is NO_SLO
    assert lane_of({}) is Lane.NORMAL
    assert weight_of({}) == 1.0


def test_objectives_are_in_milliseconds() -> None:
    hints = {"x-zeta-slo-ttft-ms": "250", "x-zeta-slo-e2e-ms": "1e3"}
    assert slo_of(hints) == Slo(ttft_s=0.25, e2e_s=1.0)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e9", "soon", ""])
@pytest.mark.parametrize("name", ["x-zeta-slo-ttft-ms", "x-zeta-slo-tpot-ms", "x-zeta-slo-e2e-ms"])
def test_an_objective_is_a_positive_number(name: str, text: str) -> None:
    with pytest.raises(RequestError, match=name):
        slo_of({name: text})


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", str(MOST_WEIGHT * 1.01), "much"])
def test_a_weight_has_bounds(text: str) -> None:
    assert weight_of({"x-zeta-weight": str(MOST_WEIGHT)}) == MOST_WEIGHT
    with pytest.raises(RequestError, match="x-zeta-weight"):
        weight_of({"x-zeta-weight": text})


def test_a_lane_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    assert lane_of({"x-zeta-priority": "batch"}) is Lane.BATCH
    with pytest.raises(RequestError, match="interactive, normal, batch"):
        lane_of({"x-zeta-priority": "urgent"})
