"""Retry-After against what happens: everything is full, and a slot frees about when it was said."""

from __future__ import annotations

from statistics import median

import pytest

from zeta_router.core.fleet import Endpoint, FleetConfig, Limits, Model, SimulatedSpeed
from zeta_router.core.query import Slo, Task, certain
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.commands import Reject
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Answer, Prompt

SPEED = SimulatedSpeed(3000, 0.02, 0.001, 8)
SLOTS = 8
TOKENS = 600
"""600 tokens at a full batch take 0.028 s each: 17 s."""


class Watched(Drive):
    """Keeps what refused clients were told, and when slots became free."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.told: list[tuple[float, float]] = []
        self.freed_at_s: list[float] = []

    def _reject(self, command: Reject) -> None:
        assert command.decision.retry_after_s is not None
        self.told.append((self.kernel.now_s, command.decision.retry_after_s))
        super()._reject(command)

    def finished(self, job: Job) -> None:
        self.freed_at_s.append(self.kernel.now_s)
        super().finished(job)


def asked(number: int, at_s: float, tokens: int) -> Played:
    outcomes = {"large": Outcome(1.0, tokens)}
    prompt = Prompt(f"p{number}", "t", "", 200, {"large": Answer(1.0, tokens)})
    slo = Slo(ttft_s=2.0, tpot_s=0.1)
    card = Card(prompt, "t", Task.SIMPLE, certain(Task.SIMPLE, "t"), (), slo, outcomes)
    return Played(f"q{number}", at_s, card, 200, outcomes)


def played(policy: str) -> Watched:
    """A calm half hour to learn from; then every slot is taken and one client a second is told.

    The filling queries come half a second apart, so that their slots free apart, too.
    """
    model = Model("large", {Task.SIMPLE: 0.8}, params_b=14.0)
    endpoint = Endpoint("l", "http://l", "large", slots=SLOTS, simulate=SPEED)
    config = FleetConfig(
        {"large": model},
        (endpoint,),
        {Task.SIMPLE: "large"},
        {},
        policy,
        Limits(queue=0),
    )
    queries = [asked(n, 20.0 * n, TOKENS) for n in range(90)]
    full_from_s = 1800.0
    queries += [asked(100 + n, full_from_s + 0.5 * n, TOKENS) for n in range(SLOTS)]
    queries += [asked(200 + n, full_from_s + 5.0 + n, TOKENS) for n in range(10)]
    spec = EngineSpec(SPEED.prefill_tokens_per_s, SPEED.step_s, SPEED.step_per_seq_s, SLOTS)
    router = ZetaDynamicRouter(config, RuleClassifier())
    run = Watched(router, {"l": spec}, queries, Conditions(tell_lengths=True))
    run.run()
    return run


@pytest.mark.parametrize("policy", ["static", "least_requests", "joint"])
def test_a_slot_frees_within_half_of_what_was_said(policy: str) -> None:
    run = played(policy)
    assert len(run.told) >= 8
    ratios = []
    for now_s, retry_after_s in run.told:
        freed_s = min(at_s for at_s in run.freed_at_s if at_s > now_s) - now_s
        ratios.append(retry_after_s / max(1.0, freed_s))
    assert min(ratios) >= 0.5
    assert max(ratios) <= 1.5
    assert 0.8 <= median(ratios) <= 1.25
