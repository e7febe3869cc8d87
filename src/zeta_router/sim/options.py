"""What `zeta simulate` is asked to do: one field per flag (DESIGN §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import Slo, Task
from zeta_router.learn.task.protocol import TaskClassifier
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.sim.engine.spec import EngineSettings

TOPICS = ("table", "text")
INPUT_TOKENS = ("table", "trace")
LENGTHS = ("oracle", "learned", "prior", "nothing")


@dataclass(frozen=True, slots=True)
class Feedback:
    """Explicit feedback: this share of served queries, so long after their last token."""

    share: float
    delay_s: float

    @classmethod
    def parse(cls, text: str) -> Feedback:
        """Read ``SHARE:DELAY_S``.

        Raises:
            ConfigError: If it is not of that form, or out of range.
        """
        share, colon, delay = text.partition(":")
        try:
            feedback = cls(float(share), float(delay))
        except ValueError:
            colon = ""
            feedback = cls(0.0, 0.0)
        if not colon or not (0 <= feedback.share <= 1 and feedback.delay_s >= 0):
            hint = "SHARE:DELAY_S, a share in [0, 1] and seconds, such as 0.1:60"
            raise ConfigError("feedback", f"{text!r} is not usable", hint)
        return feedback


@dataclass(frozen=True, slots=True)
class SimulateOptions:
    """One simulation study: every policy at every rate with every seed.

    Attributes:
        fleet: The fleet; endpoints that serve generative tasks need `simulate` speeds.
        trace: A trace file or a generator (`sim.workload.source`).
        quality: Scores files (`sim.workload.tables`).
        table_model: ``--map``: the tables' model that stands for each model of the fleet.
        rates: Each divides the trace's inter-arrival times.
        policies: Names of the policy registry.
        seeds: How many seeds, 0 … seeds-1.
        slo: ``--slo-ttft`` and ``--slo-tpot``; without either, the fleet's objectives by task.
        minutes: Simulated time after scaling; None plays the trace to its end.
        topics: ``table`` tells the router each prompt's topic, ``text`` lets it read the text.
        task_of: Task type by topic; topics not named here get the classifier's word.
        input_tokens: Whether prompts are as long as in the ``table`` or in the ``trace``.
        lengths: ``learned``, or what the length head knows instead: ``oracle`` | ``prior`` |
            ``nothing`` (`sim.workload.from_nothing`: neither the tables'
            lengths nor the engines' speeds).
        priors: ``true`` | ``swapped`` | ``xF`` (`sim.workload.priors.falsified`).
        feedback: Explicit feedback to the router; None gives none.
        scenario: ``NAME[:k=v,…]`` (`sim.workload.scenarios`).
        capped: False is ``--uncapped``: no common admission.
        engine: What a fleet file does not say about its simulated engines.
        poll_s, poll_lag_s: How often engines are polled, and how old a poll's word is on arrival.
        processes: Worker processes; None takes one per core.
        cache_dir: Where finished runs are kept, to go on after an interruption; None keeps none.
        log_dir: Where each run's decision log is written, for what reads logs; None writes none.
        timelines: Whether rows carry their course over time (for plots and scenarios).
        classifier: What reads a prompt's text; the product's own.
    """

    fleet: FleetConfig
    trace: str
    quality: tuple[Path, ...]
    table_model: Mapping[str, str]
    rates: tuple[float, ...] = (1.0,)
    policies: tuple[str, ...] = ("static",)
    seeds: int = 3
    slo: Slo = field(default_factory=Slo)
    minutes: float | None = 20.0
    topics: str = "table"
    task_of: Mapping[str, Task] = field(default_factory=dict)
    input_tokens: str = "table"
    lengths: str = "learned"
    priors: str = "true"
    feedback: Feedback | None = None
    scenario: str | None = None
    capped: bool = True
    engine: EngineSettings = field(default_factory=EngineSettings)
    poll_s: float = 1.0
    poll_lag_s: float = 0.05
    processes: int | None = None
    cache_dir: Path | None = None
    log_dir: Path | None = None
    timelines: bool = False
    classifier: TaskClassifier = field(default_factory=RuleClassifier)

    def __post_init__(self) -> None:
        for name, value, known in (
            ("topics", self.topics, TOPICS),
            ("input-tokens", self.input_tokens, INPUT_TOKENS),
            ("lengths", self.lengths, LENGTHS),
        ):
            if value not in known:
                raise ConfigError(name, f"{value!r} is not one of {', '.join(known)}")
        for rate in self.rates:
            if not 0 < rate < float("inf"):
                raise ConfigError("rate", f"{rate} is not greater than 0")
        if not self.rates or not self.policies or not self.quality:
            raise ConfigError("", "at least one rate, one policy and one quality table are needed")
        if self.seeds < 1:
            raise ConfigError("seeds", f"{self.seeds} is not at least 1")
        if self.minutes is not None and not self.minutes > 0:
            raise ConfigError("minutes", f"{self.minutes} is not greater than 0")
        if not (self.poll_s > 0 and self.poll_lag_s >= 0):
            raise ConfigError("poll", "polls need a period above 0 and a lag of at least 0")
