"""A study's ingredients: everything that its runs share, checked before the first one starts.

From the options it makes the fleet as simulated, the cards that are dealt, and the priors; and for
one run its queries and its router, which is the product's own with those priors in its heads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint, FleetConfig
from zeta_router.core.query import Operation, Slo, Task, TaskEstimate, TopicShare, certain
from zeta_router.learn.length.head import LengthHead
from zeta_router.learn.quality.head import QualityCells
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.policy.registry import policy_named
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.options import SimulateOptions
from zeta_router.sim.workload import source
from zeta_router.sim.workload.from_nothing import unmeasured, without_lengths
from zeta_router.sim.workload.lengths import FrozenLengths, OracleLengths
from zeta_router.sim.workload.priors import Means, by_posterior, by_table, falsified, seed_heads
from zeta_router.sim.workload.queries import Card, Outcome, Played, deal
from zeta_router.sim.workload.scenarios import Scenario, parse_scenario
from zeta_router.sim.workload.tables import Prompt, Tables, load_tables

_HEADS: Mapping[str, type[LengthHead]] = {
    "learned": LengthHead,
    "nothing": LengthHead,
    "oracle": OracleLengths,
    "prior": FrozenLengths,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the router is told about a prompt: its estimate, or the features to make one from."""

    task: Task
    estimate: TaskEstimate
    is_told: bool
    features: tuple[float, ...]


class Study:
    """What all runs of a study share.

    Attributes:
        fleet: The endpoints that can be simulated, with their slots; objectives travel with the
            queries instead.
        specs: Each endpoint's engine.
        cards: Every played prompt.
        class_means: Means per topic and model over the played half: what `class_bound` knows.
        notes: What a reader of the results should know.

    Raises:
        ConfigError: For anything that cannot be simulated, with the place.
    """

    def __init__(self, options: SimulateOptions) -> None:
        self.options = options
        for name in options.policies:
            policy_named(name)
        table_model = _mapped(options)
        tables = load_tables(options.quality, table_model)
        self._readings = {prompt.id: self._read(prompt) for prompt in tables.prompts}
        played, known = tables.played, tables.known
        tasks = {self._readings[prompt.id].task for prompt in played}
        self.fleet = _simulated(options, tasks)
        self.specs = {
            endpoint.id: options.engine.spec(endpoint.simulate)
            for endpoint in self.fleet.endpoints
            if endpoint.simulate is not None
        }
        self.scenario: Scenario = parse_scenario(options.scenario, list(self.specs))
        self.class_means: Means = by_table(played)
        self._topic_tasks = self._tasks_of_topics(known)
        self.cards = tuple(self._card(prompt) for prompt in played)
        self._priors = falsified(self._means(known), options.priors)
        self.notes = (*tables.notes, *_length_notes(tables))
        self._dealt: tuple[tuple[float, int], tuple[Played, ...]] | None = None

    def queries(self, rate: float, seed: int) -> tuple[Played, ...]:
        """The queries of a run, the same for every policy; the latest ones are kept at hand."""
        if self._dealt is None or self._dealt[0] != (rate, seed):
            self._dealt = (rate, seed), self._deal(rate, seed)
        return self._dealt[1]

    def _deal(self, rate: float, seed: int) -> tuple[Played, ...]:
        options = self.options
        rows = source.load(options.trace, seed=seed, minutes=options.minutes, rate=rate)
        return deal(
            rows,
            self.cards,
            seed=seed,
            scenario=self.scenario,
            tokens_from_trace=options.input_tokens == "trace",
        )

    def router(self, policy: str, seed: int) -> ZetaDynamicRouter:
        """The product's router, knowing the priors and nothing else."""
        options = self.options
        fleet, priors = self.fleet, self._priors
        if options.lengths == "nothing":
            fleet, priors = unmeasured(fleet), without_lengths(priors)
        knowledge = Knowledge.of(fleet, options.classifier)
        knowledge.quality = QualityCells(fleet.models)
        knowledge.length = _HEADS[options.lengths]()
        seed_heads(priors, self._topic_tasks, knowledge.quality, knowledge.length)
        return ZetaDynamicRouter(
            replace(fleet, policy=policy),
            options.classifier,
            seed=seed,
            knowledge=knowledge,
            capped=options.capped,
        )

    # ---- prompts

    def _read(self, prompt: Prompt) -> Reading:
        """What is known of a prompt beforehand, by `--topics` and `--task-of`."""
        options = self.options
        features = extract(Ask(prompt.text))
        read = options.classifier.estimate(features, Operation.CHAT)
        task = options.task_of.get(prompt.topic, read.task)
        if options.topics == "table":
            return Reading(task, certain(task, prompt.topic), True, ())
        is_told = prompt.topic in options.task_of or options.lengths == "oracle"
        return Reading(task, read._replace(task=task), is_told, features)

    def _card(self, prompt: Prompt) -> Card:
        reading = self._readings[prompt.id]
        return Card(
            prompt=prompt,
            topic=prompt.topic,
            task=reading.task,
            estimate=self._estimate(prompt, reading) if reading.is_told else None,
            features=reading.features,
            slo=self._slo(reading.task),
            outcomes=self._outcomes(prompt),
        )

    def _estimate(self, prompt: Prompt, reading: Reading) -> TaskEstimate:
        """As it is told: a table's topic belongs to one task, whatever this prompt looks like."""
        if self.options.topics != "table":
            return reading.estimate
        task = self._topic_tasks.get(prompt.topic, reading.task)
        return TaskEstimate(reading.task, (TopicShare(prompt.topic, task, 1.0),))

    def _slo(self, task: Task) -> Slo:
        """The flags where any is given, else the fleet's objectives for the task."""
        asked = self.options.slo
        return asked if asked != Slo() else self.options.fleet.slo.get(task, Slo())

    def _outcomes(self, prompt: Prompt) -> Mapping[str, Outcome] | None:
        """The prompt's outcomes, lengths filled in; None where only the trace can say them."""
        outcomes = {}
        for model, answer in prompt.answers.items():
            tokens: float | None = answer.output_tokens
            if tokens is None:
                tokens = self.class_means[prompt.topic, model].output_tokens
            if tokens is None:
                return None
            outcomes[model] = Outcome(answer.score, max(1, round(tokens)))
        return outcomes

    # ---- priors

    def _means(self, known: Sequence[Prompt]) -> Means:
        if self.options.topics == "table":
            return by_table(known)
        return by_posterior(known, [self._readings[prompt.id].estimate for prompt in known])

    def _tasks_of_topics(self, prompts: Sequence[Prompt]) -> Mapping[str, Task]:
        """The task of each topic: what most of its prompts are taken for."""
        votes: dict[str, Counter[Task]] = {}
        for prompt in prompts:
            for share in self._readings[prompt.id].estimate.topics:
                votes.setdefault(share.topic, Counter())[share.task] += 1
        return {topic: count.most_common(1)[0][0] for topic, count in votes.items()}


def _mapped(options: SimulateOptions) -> Mapping[str, str]:
    """The ``--map`` entries, checked against the fleet."""
    for model, stand_in in options.table_model.items():
        if model not in options.fleet.models:
            known = ", ".join(options.fleet.models)
            raise ConfigError("map", f"the fleet has no model {model!r}", f"it has {known}")
        if not stand_in:
            raise ConfigError("map", f"{model!r} is mapped to nothing")
    return options.table_model


def _simulated(options: SimulateOptions, tasks: set[Task]) -> FleetConfig:
    """The part of the fleet that serves the played tasks, ready for the simulator."""
    fleet = options.fleet
    endpoints: list[Endpoint] = []
    for index, endpoint in enumerate(fleet.endpoints):
        model = fleet.models[endpoint.model]
        if not tasks & set(model.tasks):
            continue
        place = f"endpoints[{index}]"
        if endpoint.model not in options.table_model:
            hint = f"--map {endpoint.model}=MODEL_OF_THE_TABLES"
            raise ConfigError(f"{place}.model", f"{endpoint.model!r} is mapped to nothing", hint)
        if endpoint.simulate is None:
            hint = "{prefill_tokens_per_s: …, step_s: …, step_per_seq_s: …, slots: …}"
            raise ConfigError(f"{place}.simulate", f"{endpoint.id!r} has no speed", hint)
        slots = endpoint.slots if endpoint.slots is not None else endpoint.simulate.slots
        endpoints.append(replace(endpoint, slots=slots))
    for task in sorted(tasks):
        if not any(task in fleet.models[endpoint.model].tasks for endpoint in endpoints):
            hint = "declare the task under `tasks` of a model that has an endpoint"
            raise ConfigError("models", f"no model of the fleet can do {task}", hint)
    return replace(fleet, endpoints=tuple(endpoints), slo={})


def _length_notes(tables: Tables) -> tuple[str, ...]:
    """Says where answers have no recorded length."""
    missing: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for prompt in tables.played:
        for model, answer in prompt.answers.items():
            total[prompt.topic, model] += 1
            missing[prompt.topic, model] += answer.output_tokens is None
    notes = []
    for (topic, model), count in sorted(missing.items()):
        if count == total[topic, model]:
            notes.append(f"{topic}, {model}: no lengths in the table; the trace's are played")
        elif count:
            notes.append(f"{topic}, {model}: {count} lengths are missing; the topic's mean is used")
    return tuple(notes)
