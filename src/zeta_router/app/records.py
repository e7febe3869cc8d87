"""Telemetry as one thing: every record of the router goes to the log, to memory and to metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import NO_SLO, Query, TopicShare
from zeta_router.router.commands import ChecksRecord, DecisionRecord, Record
from zeta_router.router.decision.foresight import AHEAD_S
from zeta_router.router.events import Answered
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.telemetry.answered import answered_by, ending_of, held_s, sent_by
from zeta_router.telemetry.explain.explanation import explain
from zeta_router.telemetry.lately import Lately
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.metrics.collector import CONTENT_TYPE, Metrics
from zeta_router.telemetry.metrics.learned import Beliefs
from zeta_router.telemetry.recent import Recent, Story
from zeta_router.telemetry.records import FeedbackRecord, FeedbackResult

TEXT_BYTES = 1 << 20
"""Most of a body that is kept where prompts are logged."""


class Recording(Protocol):
    """Takes in the router's records."""

    def on_record(self, record: Record) -> None:
        """Take in a record; never blocks."""


class Telemetry:
    """The log, the recent past and the metrics of one running router.

    `lately` has the last minutes in counts.

    Args:
        log: Open for writing; whoever made it closes it.
        router: Asked for the fleet's state when metrics are scraped.
        clock: The driver's clock.
        clients: Open connections, and those turned away by why; called at each scrape.
    """

    def __init__(
        self,
        log: DecisionLog,
        router: ZetaDynamicRouter,
        clock: Callable[[], float],
        clients: Callable[[], tuple[int, Mapping[str, int]]] | None = None,
    ) -> None:
        self._log = log
        self._router = router
        self._recent = Recent(reader=log.reader)
        self._metrics = Metrics(
            fleet_state=lambda: router.snapshot(clock()),
            queue_depths=router.queue_depths,
            log_health=log.health,
            beliefs=lambda: beliefs_of(router, clock()),
            clients=clients,
            routes=lambda: router.config.routes,
        )
        self.lately = Lately(lambda: router.config.routes)
        self.observe_overhead = self._metrics.observe_overhead

    def on_record(self, record: Record) -> None:
        """Take in a record; never blocks."""
        self._log.append(record)
        self._recent.on_record(record)
        self.lately.on_record(record)
        if not isinstance(record, ChecksRecord):
            self._metrics.on_record(record)

    def with_spans(self, spans: Recording | None) -> Callable[[Record], None]:
        """`on_record`, and the same for traces where they are made."""
        if spans is None:
            return self.on_record

        def on_both(record: Record) -> None:
            self.on_record(record)
            spans.on_record(record)

        return on_both

    def on_text(self, query_id: str, raw: bytes) -> None:
        """Keep a request's body, when the user has switched that on."""
        self._log.append_prompt(query_id, raw[:TEXT_BYTES].decode("utf-8", "replace"))

    @property
    def keeps_text(self) -> bool:
        """Whether prompts are logged."""
        return self._log.keeps_prompts

    def explain(self, query_id: str) -> Mapping[str, Any] | None:
        """Everything known about a query; None when it is unknown or forgotten."""
        story = self._recent.story(query_id)
        return None if story is None else self._told(story, self._router.config)

    def explain_dry(self, query: Query, decision: Decision) -> Mapping[str, Any]:
        """What a dry run decided, with the objectives that the fleet's file adds."""
        config = self._router.config
        slo = query.slo.or_else(config.slo.get(decision.task.task, NO_SLO))
        return explain([DecisionRecord(query._replace(slo=slo), decision)], fleet=config)

    def newest(self, limit: int) -> list[Mapping[str, Any]]:
        """The latest queries, newest first."""
        return [_summary(story) for story in self._recent.newest(limit)]

    def judge(self, query_id: str, score: float, at_s: float, voter: str = "") -> str:
        """Store a judgement of an answer."""
        result = self._log.append_feedback(query_id, score, at_s, voter)
        if result is FeedbackResult.STORED:
            self._recent.on_feedback(FeedbackRecord(at_s, query_id, score, voter))
        return result.value

    def answered(self, query_id: str) -> Answered | None:
        """Who answered a query, as remembered or logged; None when nobody did."""
        story = self._recent.story(query_id)
        return None if story is None else answered_by(story)

    def metrics(self) -> tuple[Iterator[str], str]:
        """The exposition, in pieces that are made as they are taken, and its content type."""
        return self._metrics.pieces(), CONTENT_TYPE

    def trouble(self) -> str | None:
        """What is wrong with the log at the moment, if anything."""
        health = self._log.health()
        return health.trouble or health.refusal or health.set_aside or None

    def _told(self, story: Story, fleet: FleetConfig) -> Mapping[str, Any]:
        return explain(story.decisions, story.outcomes, story.feedback, fleet=fleet)


def beliefs_of(router: ZetaDynamicRouter, now_s: float) -> Beliefs:
    """What the router has learned, as far as it is shown as metrics."""
    cells = router.knowledge.quality
    quality = {}
    for name, model in router.config.models.items():
        for task in model.tasks:
            topics = (TopicShare(task.value, task, 1.0),)
            quality[name, task.value] = (cells.mean(topics, name), cells.sigma(topics, name))
    return Beliefs(quality, router.vitals(now_s), router.knowledge.arrivals.latest(AHEAD_S))


def _summary(story: Story) -> Mapping[str, Any]:
    """One line about a query."""
    ending = ending_of(story.decisions, story.outcomes)
    outcome = ending.outcome if ending is not None else None
    last = sent_by(story.decisions, ending).decision
    is_over = ending is not None or last.verdict is Verdict.REJECT
    return {
        "decision_id": last.query_id,
        "decided_at_s": last.decided_at_s,
        "task": last.task.task.value,
        "verdict": last.verdict.value,
        "reason": last.reason.value,
        "endpoint": last.endpoint_id,
        "model": _model_of(last),
        "model_requested": story.decisions[0].query.model_requested,
        "prompt_tokens": story.decisions[0].query.prompt_tokens,
        "lane": story.decisions[0].query.lane.value,
        "status": outcome.status.value if outcome is not None else None,
        "sent_after_s": last.decided_at_s - story.decisions[0].query.arrived_at_s,
        "queue_wait_s": held_s(story.decisions, story.outcomes) if is_over else None,
        "ttft_s": outcome.ttft_s if outcome is not None else None,
        "e2e_s": outcome.e2e_s if outcome is not None else None,
        "output_tokens": outcome.output_tokens if outcome is not None else None,
    }


def _model_of(decision: Decision) -> str | None:
    for candidate in decision.candidates:
        if candidate.view.endpoint.id == decision.endpoint_id:
            return candidate.view.model.name
    return None
