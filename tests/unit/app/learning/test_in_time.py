"""The replay's verdict: no later is within a margin, and no replay is no promotion."""

from __future__ import annotations

import pytest

from zeta_router.app.learning import in_time as module
from zeta_router.app.learning.in_time import InTime, in_time
from zeta_router.core.errors import ConfigError


@pytest.mark.parametrize(
    ("low", "better", "said"),
    [(-0.01, True, "come no later"), (-0.03, False, "might come later")],
)
def test_a_margin_of_two_points(low: float, better: bool, said: str) -> None:
    judgement = InTime(0.9, 0.89, low).added_to({"x": 1}, "good")
    assert judgement.better is better
    assert said in judgement.reason
    assert judgement.evidence["in_time"]["low"] == low
    assert judgement.evidence["x"] == 1


def test_a_log_that_cannot_be_replayed_promotes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(traffic: object) -> object:
        raise ConfigError("", "no endpoint of the log answered enough")

    monkeypatch.setattr(module, "prepare", nothing)
    found = in_time(None, lambda knowledge: None)  # type: ignore[arg-type]
    assert found.low is None
    judgement = found.added_to({}, "good")
    assert not judgement.better
    assert "cannot be replayed" in judgement.reason


def test_it_compares_query_by_query(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended:
        def __init__(self, in_slo: bool) -> None:
            self.in_slo = in_slo

    class Run:
        def __init__(self, missed: int) -> None:
            self.records = [Ended(number >= missed) for number in range(400)]

    class Traffic:
        policy = "joint"

    monkeypatch.setattr(module, "prepare", lambda traffic: None)
    monkeypatch.setattr(
        module,
        "replay",
        lambda prepared, policy, taught=None, reading=None: Run(4 if taught is None else 40),
    )
    found = in_time(Traffic(), lambda knowledge: None)  # type: ignore[arg-type]
    assert (found.champion, found.challenger) == (0.99, 0.9)
    assert found.low is not None
    assert -0.13 < found.low < -0.09
