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

from collections.abc import Callable
from dataclasses import replace
from statistics import median

from zeta_router.core.query import Query, TaskEstimate
from zeta_router.learn.length.head import LOG_SIGMA_FLOOR
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router import events
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.job import Job
from zeta_router.sim.record import End, Record, Trip
from zeta_router.sim.replay.hearsay import Hearsay, judged_after_s
from zeta_router.sim.replay.logged import LoggedQuery, Traffic, first_beliefs
from zeta_router.sim.replay.prepare import Prepared
from zeta_router.sim.workload.queries import Played

Reading = Callable[[LoggedQuery], TaskEstimate]
"""Says what a logged query asks for."""


def as_logged(each: LoggedQuery) -> TaskEstimate:
    """What the router took it for that wrote the log."""
    return each.decisions[0].task


def replay(
    prepared: Prepared,
    policy: str,
    taught: Callable[[Knowledge], None] | None = None,
    reading: Reading = as_logged,
) -> Drive:
    """Play the log with a policy, to the end; the drive's records say what became of each query.

    `taught` may put other heads into the router before it starts; `reading` stands in for the
    classifier.

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
    drive = _ReplayDrive(router, prepared, Conditions(seed=traffic.seed), reading)
    drive.run()
    return drive


class _ReplayDrive(Drive):
    """Plays logged queries as they were, and tells again what was heard of answers."""

    def __init__(
        self,
        router: ZetaDynamicRouter,
        prepared: Prepared,
        conditions: Conditions,
        reading: Reading,
    ) -> None:
        super().__init__(router, prepared.specs, prepared.played, conditions)
        self._reading = reading
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
        return each.query._replace(arrived_at_s=self.kernel.now_s, task=self._reading(each))

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
