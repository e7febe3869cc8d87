"""A log's traffic through the router again, with another policy, on engines fitted to the log.

Arrivals, features, topics, lengths and objectives are the log's; the router is the product's own;
engines are the simulator's, with constants that make them as fast as the log says they were. So
latency under another policy is simulated and never reweighted: queries share engines, and one that
goes elsewhere makes others faster.

The router starts with what the logged one believed at its first decisions of each topic, as far
as the log shows it. What was heard of an answer (judgements, and what the gateway found in its
text) is told again when the same model answers again. What would have been heard of another
model's answer is not known; what was heard of that model's nearest answer to the same topic, in
time, stands in for it.

Differences from what happened: engines never fail and nobody leaves; the router starts at the
log's first arrival, even if the logged one did not; requests of others on the engines are absent.
`sim.replay.check` says how far off the logging policy's own replay is, which is the only warrant
for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import DEFAULT_SLOTS, Endpoint, FleetConfig
from zeta_router.core.query import Query
from zeta_router.learn.length.head import LOG_SIGMA_FLOOR
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router import events
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.drive import Conditions, Drive
from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.record import End, Record, Trip
from zeta_router.sim.replay.fit import Fit, Seen, fit_engine, typical
from zeta_router.sim.replay.hearsay import Hearsay, judged_after_s, topic_of
from zeta_router.sim.replay.logged import LoggedQuery, Traffic, first_beliefs
from zeta_router.sim.replay.logged_work import LoggedLengths, prompt_tokens, tokens_ratio
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Prompt

PREFIX_BLOCKS = 500
"""Blocks of an engine's prefix cache where the log shows that it has one."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A log made ready to be replayed with any policy.

    Attributes:
        fleet: The logged fleet without the endpoints that nothing is known about.
        specs: Each endpoint's engine.
        fits: How each was fitted; endpoints that were not are absent.
        played: The queries, by arrival.
        notes: The log's, and what preparing it had to assume.
    """

    traffic: Traffic
    fleet: FleetConfig
    specs: Mapping[str, EngineSpec]
    fits: Mapping[str, Fit]
    played: tuple[Played, ...]
    notes: tuple[str, ...]


def prepare(traffic: Traffic) -> Prepared:
    """Fit engines and lengths to a log.

    Raises:
        ConfigError: Nothing in it was answered, so that no engine's speed is known.
    """
    slots = _slots(traffic)
    fits: dict[str, Fit] = {}
    seen = _seen(traffic)
    for endpoint in traffic.fleet.endpoints:
        fit = fit_engine(seen.get(endpoint.id, ()), slots[endpoint.id])
        if fit is not None:
            fits[endpoint.id] = fit
    specs, notes = _specs(traffic, fits, slots)
    if not specs:
        raise ConfigError("", "no endpoint of the log answered enough to know how fast it is")
    fleet = replace(
        traffic.fleet,
        endpoints=tuple(
            replace(endpoint, slots=slots[endpoint.id])
            for endpoint in traffic.fleet.endpoints
            if endpoint.id in specs
        ),
    )
    lengths = LoggedLengths(traffic)
    ratio = tokens_ratio(traffic.queries)
    models = [*fleet.models]
    played = tuple(_played(each, models, lengths, ratio) for each in traffic.queries)
    return Prepared(traffic, fleet, specs, fits, played, (*traffic.notes, *notes))


def replay(
    prepared: Prepared, policy: str, taught: Callable[[Knowledge], None] | None = None
) -> Drive:
    """Play the log with a policy, to the end; the drive's records say what became of each query.

    `taught` may put other heads into the router before it starts.

    Raises:
        ConfigError: There is no such policy.
    """
    traffic = prepared.traffic
    knowledge = Knowledge.of(prepared.fleet, RuleClassifier())
    _believe(knowledge, traffic)
    if taught is not None:
        taught(knowledge)
    router = ZetaDynamicRouter(
        replace(prepared.fleet, policy=policy),
        knowledge.classifier,
        seed=traffic.seed,
        knowledge=knowledge,
    )
    drive = _ReplayDrive(router, prepared, Conditions(seed=traffic.seed))
    drive.run()
    return drive


class _ReplayDrive(Drive):
    """Plays logged queries as they were, and tells again what was heard of answers."""

    def __init__(
        self, router: ZetaDynamicRouter, prepared: Prepared, conditions: Conditions
    ) -> None:
        super().__init__(router, prepared.specs, prepared.played, conditions)
        self._logged = {each.query.id: each for each in prepared.traffic.queries}
        fits = prepared.fits
        usual_s = median(fit.overhead_s for fit in fits.values()) if fits else 0.0
        self._overhead_s = {
            key: fits[key].overhead_s if key in fits else usual_s for key in prepared.specs
        }
        self._hearsay = Hearsay(prepared.traffic)
        self._models = {endpoint.id: endpoint.model for endpoint in prepared.fleet.endpoints}

    def _query(self, played: Played) -> Query:
        each = self._logged[played.id]
        return each.query._replace(arrived_at_s=self.kernel.now_s, task=each.decisions[0].task)

    def first_token(self, job: Job) -> None:
        """The engine's first token, on its way to the client."""
        self.kernel.at(self._arrives_s(job), super().first_token, job)

    def finished(self, job: Job) -> None:
        """The engine's last token, on its way to the client."""
        self.kernel.at(self._arrives_s(job), super().finished, job)

    def _arrives_s(self, job: Job) -> float:
        overhead_s = self._overhead_s[job.endpoint_id] if isinstance(job, Trip) else 0.0
        return self.kernel.now_s + overhead_s

    def _close(self, record: Record, end: End) -> None:
        super()._close(record, end)
        if end is not End.SERVED:
            return
        each = self._logged[record.played.id]
        source = self._hearsay.of(each, self._models[record.endpoint_id])
        if source is None:
            return
        now_s = self.kernel.now_s
        if source.checks is not None:
            checked = events.Checked(now_s, each.query.id, source.checks)
            self.kernel.at(now_s, self._tell, checked)
        if source.reward is not None:
            judged_s = now_s + judged_after_s(source)
            vote = events.Feedback(judged_s, each.query.id, source.reward, source.voter)
            self.kernel.at(judged_s, self._tell, vote)


def _believe(knowledge: Knowledge, traffic: Traffic) -> None:
    """Start from the logged router's first predictions, where they differ from the priors."""
    for share, told in first_beliefs(traffic):
        model, topics = told.view.model.name, (share,)
        if abs(knowledge.quality.mean(topics, model) - told.quality) > 0.01:
            knowledge.quality.seed(share.topic, model, told.quality)
        expected, _ = knowledge.length.expect(topics, model)
        if told.output_tokens >= 1.0 and abs(expected / told.output_tokens - 1.0) > 0.02:
            spread = max(LOG_SIGMA_FLOOR, told.length_log_sigma)
            knowledge.length.seed(share.topic, model, told.output_tokens, spread, task=share.task)


def _slots(traffic: Traffic) -> dict[str, int]:
    """Slots of each endpoint: configured, else as the log saw them last."""
    seen: dict[str, int] = {}
    for each in traffic.queries:
        for decision in each.decisions:
            for candidate in decision.candidates:
                seen[candidate.view.endpoint.id] = candidate.view.slots
    return {
        endpoint.id: endpoint.slots or seen.get(endpoint.id, DEFAULT_SLOTS)
        for endpoint in traffic.fleet.endpoints
    }


def _seen(traffic: Traffic) -> dict[str, list[Seen]]:
    """What each endpoint served, with the prompt tokens that it had to compute."""
    ratio = tokens_ratio(traffic.queries)
    seen: dict[str, list[Seen]] = {}
    for each in traffic.queries:
        answered = each.answered
        if answered is None or not answered.outcome.e2e_s:
            continue
        outcome = answered.outcome
        prompt = prompt_tokens(each, ratio) - (outcome.cached_tokens or 0)
        seen.setdefault(answered.endpoint_id, []).append(
            Seen(
                answered.dispatched_at_s,
                max(1, prompt),
                max(1, outcome.output_tokens or 1),
                outcome.ttft_s if each.query.stream else None,
                answered.outcome.e2e_s or 0.0,
            )
        )
    return seen


def _specs(
    traffic: Traffic, fits: Mapping[str, Fit], slots: Mapping[str, int]
) -> tuple[dict[str, EngineSpec], list[str]]:
    caching = {
        attempt.endpoint_id
        for each in traffic.queries
        for attempt in each.attempts
        if attempt.outcome.cached_tokens
    }
    specs: dict[str, EngineSpec] = {}
    notes = []
    for endpoint in traffic.fleet.endpoints:
        fit = fits.get(endpoint.id)
        spec = fit.spec if fit is not None else _like(endpoint, traffic.fleet, fits, slots)
        if fit is None and spec is not None:
            notes.append(f"{endpoint.id} hardly answered in this log; its speed is assumed")
        if spec is None:
            notes.append(f"{endpoint.id} hardly answered in this log; it is left out of the replay")
            continue
        specs[endpoint.id] = replace(
            spec, prefix_blocks=PREFIX_BLOCKS if endpoint.id in caching else 0
        )
    return specs, notes


def _like(
    endpoint: Endpoint, fleet: FleetConfig, fits: Mapping[str, Fit], slots: Mapping[str, int]
) -> EngineSpec | None:
    """What is known of an endpoint that was not fitted: its configured speed, else its fellows'."""
    told = endpoint.simulate
    if told is not None:
        return EngineSpec(told.prefill_tokens_per_s, told.step_s, told.step_per_seq_s, told.slots)
    fellows = [e.id for e in fleet.endpoints if e.model == endpoint.model]
    return typical([fits[key] for key in fellows if key in fits], slots[endpoint.id])


def _played(
    each: LoggedQuery, models: Sequence[str], lengths: LoggedLengths, ratio: float
) -> Played:
    decision, query = each.decisions[0], each.query
    believed = {c.view.model.name: c.quality for c in decision.candidates}
    outcomes = {
        model: Outcome(_usable(believed.get(model, 0.0)), lengths.tokens(each, model))
        for model in models
    }
    topic = topic_of(each)
    tokens = prompt_tokens(each, ratio)
    card = Card(
        Prompt(query.id, topic, "", tokens, {}),
        topic,
        decision.task.task,
        decision.task,
        query.features,
        query.slo,
        outcomes,
    )
    return Played(
        query.id, query.arrived_at_s, card, tokens, outcomes, query.prefix_hashes, query.tenant
    )


def _usable(quality: float) -> float:
    return quality if 0.0 <= quality <= 1.0 else 0.0
