from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from zeta_router.app.bench.figures import figures, in_slo, is_late
from zeta_router.app.bench.load import Run
from zeta_router.app.bench.prompts import Ask
from zeta_router.app.bench.sending import End, Reply
from zeta_router.core.query import Slo

SLO = Slo(ttft_s=2.0, tpot_s=0.05)
ASK = Ask("Hi", "greeting", {"big": 1.0, "small": 0.25})


def reply(end: End = End.ANSWERED, **more: Any) -> Reply:
    made = Reply()
    given = {"ttft_s": 0.5, "e2e_s": 4.5, "output_tokens": 101, "model": "big", "status": 200}
    for name, value in {"end": end, **given, **more}.items():
        setattr(made, name, value)
    return made


def told(*replies: Reply, ask: Ask = ASK) -> dict[str, Any]:
    run = Run(len(replies), [(ask, each) for each in replies], Counter(), 60.0)
    return figures(run, SLO)


@pytest.mark.parametrize(
    ("more", "met"),
    [
        ({}, True),
        ({"ttft_s": 2.0, "e2e_s": 7.0}, True),
        ({"ttft_s": 2.1, "e2e_s": 4.5}, False),
        ({"e2e_s": 5.6}, False),  # 51 ms a token
        ({"output_tokens": 1, "e2e_s": 99.0}, True),  # one token has no TPOT
        ({"ttft_s": None, "e2e_s": 1.0}, True),  # an answer in one piece
        ({"ttft_s": None, "e2e_s": 3.0}, False),
        ({"end": End.REFUSED}, False),
        ({"end": End.LOST}, False),
    ],
)
def test_what_is_within_the_objectives(more: dict[str, Any], met: bool) -> None:
    assert in_slo(reply(**more), SLO) is met


def test_goodput_counts_every_request_and_quality_the_model_that_answered() -> None:
    out = told(
        reply(),
        reply(model="small"),
        reply(ttft_s=3.0),
        reply(End.REFUSED, status=429, retry_after_s=2.0, model=""),
    )
    assert out["goodput"] == 0.5
    assert out["quality_goodput"] == pytest.approx((1.0 + 0.25) / 4)
    assert out["mean_quality"] == pytest.approx((1.0 + 0.25 + 1.0) / 3)
    assert (out["answered"], out["refused"], out["refused_with_retry_after"]) == (3, 1, 1)
    assert out["retry_after_p50_s"] == 2.0
    assert out["missed"] == {"ttft": 1}
    assert out["by_model"] == {"big": 2, "small": 1}
    assert out["topics"] == {"greeting": {"big": 2, "small": 1}}
    assert out["by_status"] == {"200": 3, "429": 1}


def test_what_ctrl_c_cut_short_is_nobody_s_fault() -> None:
    out = told(reply(), reply(End.LOST), *(reply(End.STOPPED) for _ in range(6)))
    assert (out["arrivals"], out["stopped"]) == (8, 6)
    assert out["goodput"] == out["quality_goodput"] == 0.5
    nothing = told(reply(End.STOPPED))
    assert nothing["goodput"] is None
    assert nothing["quality_goodput"] is None


def test_errors_and_losses_are_told_apart_with_what_they_said() -> None:
    out = told(
        reply(End.ERROR, status=502, problem="the engine is gone"),
        reply(End.ERROR, status=502, problem="the engine is gone"),
        reply(End.LOST, problem="reset"),
        reply(End.STOPPED),
    )
    assert (out["errors"], out["lost"], out["stopped"]) == (2, 1, 1)
    assert out["problems"] == {"the engine is gone": 2, "reset": 1}
    assert out["ttft_p99_s"] is None
    assert out["goodput"] == 0.0


def test_without_scores_there_is_no_quality() -> None:
    out = told(reply(), ask=Ask("Hi", "greeting"))
    assert out["goodput"] == 1.0
    assert out["quality_goodput"] is None
    assert out["mean_quality"] is None


def test_nothing_sent_has_no_figures() -> None:
    out = told()
    assert out["goodput"] is None
    assert out["late_max_s"] is None
    assert not is_late(out)


def test_lateness_is_told() -> None:
    late = Reply(1.0, 0.4)
    late.end = End.ANSWERED
    out = told(late)
    assert out["late_max_s"] == 0.4
    assert is_late(out)
    assert not is_late(told(reply()))
