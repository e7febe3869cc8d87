"""Small synthetic worlds for the learning studies: known truth, real router, real log.

Three models answer two topics of two kinds of prompts each: plain ones, and ones with numbers and
formulas. How often a model is right depends on topic and kind, and may change at a given time. The
router is told the topic and reads the kind only from the prompt's features, so a change that hits
one kind alone cannot be seen in a topic's average.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.query import Slo, Task, certain
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.options import Feedback
from zeta_router.sim.replay.decision_log import SimulatedLog
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Answer, Prompt

MODELS = ("small", "middle", "large")
TOPICS = {"letters": Task.SIMPLE, "reports": Task.REASONING}
WORDS = ("please", "tell", "me", "about", "the", "history", "and", "people", "of", "that", "town")
SOMETIMES = Feedback(0.5, 5.0)
START_WALL_S = 1_800_000_000.0
SLO = Slo(ttft_s=2.0, tpot_s=0.08)

FLEET = FleetConfig(
    models={
        "small": Model("small", {Task.SIMPLE: 0.60, Task.REASONING: 0.45}, 4.0),
        "middle": Model("middle", {Task.SIMPLE: 0.65, Task.REASONING: 0.60}, 7.0),
        "large": Model("large", {Task.SIMPLE: 0.75, Task.REASONING: 0.75}, 14.0),
    },
    endpoints=(
        Endpoint("s", "http://127.0.0.1:1", "small", slots=16),
        Endpoint("m", "http://127.0.0.1:2", "middle", slots=16),
        Endpoint("l", "http://127.0.0.1:3", "large", slots=16),
    ),
    routes={Task.SIMPLE: "small", Task.REASONING: "large"},
    slo={Task.SIMPLE: SLO, Task.REASONING: SLO},
    policy="joint",
)
SPECS = {
    "s": EngineSpec(12000, 0.008, 0.0005, 16),
    "m": EngineSpec(8000, 0.013, 0.0008, 16),
    "l": EngineSpec(4000, 0.026, 0.0016, 16),
}

Truth = Callable[[float, str, str, bool], float]
"""Probability of a right answer by time, topic, model and whether the prompt has formulas."""


def calm(at_s: float, topic: str, model: str, formulas: bool) -> float:
    """The fleet file is right, and nothing ever changes."""
    return FLEET.models[model].tasks[TOPICS[topic]] or 0.0


@dataclass(frozen=True)
class Specialists:
    """From `at_s` on, the two larger models are each right on one kind of prompts only.

    Over both kinds together each is about as good as before.
    """

    at_s: float = 0.0
    formulas: str = "middle"
    plain: str = "large"
    good: float = 0.9
    bad: float = 0.4

    def __call__(self, at_s: float, topic: str, model: str, formulas: bool) -> float:
        """See `Truth`."""
        if at_s < self.at_s or model not in (self.formulas, self.plain):
            return calm(at_s, topic, model, formulas)
        return self.good if (model == self.formulas) is formulas else self.bad


def text_of(draw: Random, formulas: bool) -> str:
    """A prompt of either kind, of random length."""
    plain = " ".join(draw.choice(WORDS) for _ in range(draw.randint(8, 80)))
    if not formulas:
        return plain
    sums = " ".join(f"{draw.randint(2, 99)} + {draw.randint(2, 99)} =" for _ in range(8))
    return f"{plain} $\\frac{{a}}{{b}}$ calculate the sum: {sums} \\[ x^2 \\]"


def queries(truth: Truth, seconds: float, per_s: float, seed: int) -> Sequence[Played]:
    """Poisson arrivals, each with what every model would answer at that time."""
    draw = Random(f"world:{seed}")
    found: list[Played] = []
    at_s = 0.0
    while (at_s := at_s + draw.expovariate(per_s)) < seconds:
        topic, formulas = draw.choice(list(TOPICS)), draw.random() < 0.5
        tokens = max(2, round(draw.lognormvariate(4.6, 0.6)))
        outcomes = {
            model: Outcome(float(draw.random() < truth(at_s, topic, model, formulas)), tokens)
            for model in MODELS
        }
        text = text_of(draw, formulas)
        features = extract(Ask(text))
        length = max(1, len(text) // 4)
        answers = {model: Answer(one.score, one.output_tokens) for model, one in outcomes.items()}
        prompt = Prompt(f"p{len(found)}", topic, text, length, answers)
        task = TOPICS[topic]
        card = Card(prompt, topic, task, certain(task, topic), features, SLO, outcomes)
        found.append(Played(f"w{seed}-{len(found)}", at_s, card, length, outcomes))
    return found


def write_log(
    path: Path,
    truth: Truth,
    *,
    seconds: float,
    per_s: float = 5.0,
    seed: int = 0,
    feedback: Feedback = SOMETIMES,
    residual: dict[str, Any] | None = None,
) -> Drive:
    """Run the product's router through a world and keep its decision log at `path`."""
    router = ZetaDynamicRouter(FLEET, RuleClassifier(), seed=seed)
    if residual is not None:
        router.knowledge.residual.restore(residual)
    with SimulatedLog(path, FLEET, seed=seed, wall_offset_s=START_WALL_S) as log:
        conditions = Conditions(seed=seed, feedback=feedback, log=log)
        drive = Drive(router, SPECS, queries(truth, seconds, per_s, seed), conditions)
        drive.run()
    return drive
