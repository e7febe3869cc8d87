"""ZetaDynamicRouter: events in, commands out.

It never waits, never reads a clock and never raises for traffic. The gateway, the simulator and
replay drive the same object; that is what makes a simulated result a statement about the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeta_router.core.decision import Decision
from zeta_router.core.fleet import Endpoint, FleetConfig
from zeta_router.core.query import LANES, Lane, Query
from zeta_router.core.snapshot import Snapshot
from zeta_router.learn.task.protocol import TaskClassifier
from zeta_router.router import events
from zeta_router.router.commands import Command, DecisionRecord, Emit, Reject
from zeta_router.router.decision.foresight import FORECAST_TIMER, Foresight
from zeta_router.router.decision.late import Late
from zeta_router.router.decision.overdue import Overdue
from zeta_router.router.decision.placement import (
    HEDGE_TIMER,
    HOLDBACK_TIMER,
    QUEUE_TIMER,
    Placement,
)
from zeta_router.router.endpoint.vitals import Vitals, vitals_of
from zeta_router.router.endpoint.watch import Watch
from zeta_router.router.inside import Inside, look_inside
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.learned import Learned
from zeta_router.router.query.attempts import Attempts
from zeta_router.router.query.judging import Judging


class ZetaDynamicRouter:
    """Decides for every query which model and which replica answers it.

    Args:
        config: The validated fleet.
        classifier: Reads the task from a query's features.
        seed: Root of every random draw; the same seed and events give the same commands.
        knowledge: What was learned before; the fleet file's priors when None.
        capped: False lets policies overfill endpoints, as people run them without admission
            (for comparisons only).
    """

    def __init__(
        self,
        config: FleetConfig,
        classifier: TaskClassifier,
        *,
        seed: int = 0,
        knowledge: Knowledge | None = None,
        capped: bool = True,
    ) -> None:
        self.knowledge = knowledge or Knowledge.of(config, classifier)
        self._placement = Placement(config, self.knowledge, seed=seed, capped=capped)
        self._fleet = self._placement.fleet
        self._watch = Watch(self._placement)
        self._foresight = Foresight(self._placement)
        self._overdue = Overdue(self._placement)
        self._late = Late(self._placement)
        self._learned = Learned(self._fleet, self.knowledge)
        self._judging = Judging(self.knowledge)
        self._attempts = Attempts(self._placement, self._watch, self._judging)
        self._handlers: dict[type, Any] = {
            events.Arrived: self._arrived,
            events.FirstToken: self._first_token,
            events.Progress: self._progress,
            events.Finished: self._finished,
            events.Sampled: self._sampled,
            events.Probed: self._probed,
            events.Unanswered: self._unanswered,
            events.CanaryAnswered: self._canary_answered,
            events.Checked: self._checked,
            events.Feedback: self._feedback,
            events.Timer: self._timer,
            events.ConfigChanged: self._config_changed,
            events.DrainRequested: self._drain_requested,
            events.Relearned: self._relearned,
        }

    def handle(self, event: events.Event) -> list[Command]:
        """Take in what happened; return what to do about it, in order."""
        commands: list[Command] = []
        self._handlers[type(event)](event, commands)
        return commands

    def snapshot(self, now_s: float) -> Snapshot:
        """The fleet as known at `now_s`."""
        return self._fleet.snapshot(now_s)

    @property
    def config(self) -> FleetConfig:
        """The configuration in force."""
        return self._fleet.config

    def watched(self) -> list[tuple[Endpoint, int]]:
        """Every endpoint with the generation that samples and probes of it have to carry."""
        return [(state.endpoint, state.generation) for state in self._fleet.endpoints.values()]

    def inside(self, now_s: float) -> Inside:
        """What is held and what was learned, for people to look at."""
        return look_inside(self._placement, self._foresight.seen(), now_s)

    def vitals(self, now_s: float) -> dict[str, Vitals]:
        """How each endpoint does, by its id."""
        return {key: vitals_of(state, now_s) for key, state in self._fleet.endpoints.items()}

    def queue_depths(self) -> dict[Lane, int]:
        """Queries waiting here, by lane."""
        return {lane: self._placement.line.depth(lane) for lane in LANES}

    def learned_names(self) -> list[str]:
        """The parts of what it has learned (`router.learned`)."""
        return self._learned.names()

    def learned_part(self, name: str) -> dict[str, Any]:
        """One part of what it has learned, as plain values.

        Raises:
            KeyError: There is no such part.
        """
        return self._learned.part(name)

    def restore(
        self, parts: Mapping[str, Any], now_s: float, shift_s: float = 0.0
    ) -> dict[str, str]:
        """Take over parts that another router learned; what was left out, by name, and why.

        `shift_s` is added to that router's times, none of which may lie after `now_s`.
        """
        return self._learned.restore(parts, now_s, shift_s)

    def remembers(self, query_id: str) -> bool:
        """Whether a judgement of the query needs no `Answered` beside it."""
        return self._judging.remembers(query_id)

    @property
    def open_cases(self) -> int:
        """Queries taken in and not yet ended, held or being served."""
        return len(self._placement.cases)

    def dry_run(self, query: Query) -> Decision:
        """What would be decided for `query` at its arrival time; changes nothing."""
        case = self._placement.open(query)
        if isinstance(case, Decision):
            return case
        return self._placement.consider(case, query.arrived_at_s)

    # ---- queries

    def _arrived(self, event: events.Arrived, commands: list[Command]) -> None:
        case = self._placement.open(event.query)
        if isinstance(case, Decision):
            commands.append(Emit(DecisionRecord(event.query, case)))
            commands.append(Reject(event.query.id, case, 0.0))
            return
        self._placement.take_in(case)
        self._attempts.second_try.arrived(event.at_s)
        self._foresight.arrived(case.task.task, event.at_s, commands)
        self._foresight.decided(case.query, self._placement.place(case, event.at_s, commands))
        self._judging.arrived(event.query, event.at_s)

    # ---- attempts

    def _first_token(self, event: events.FirstToken, commands: list[Command]) -> None:
        self._attempts.first_token(event)

    def _progress(self, event: events.Progress, commands: list[Command]) -> None:
        self._attempts.progress(event)

    def _finished(self, event: events.Finished, commands: list[Command]) -> None:
        self._attempts.finished(event, commands)

    # ---- endpoints

    def _sampled(self, event: events.Sampled, commands: list[Command]) -> None:
        state = self._fleet.get(event.endpoint_id, event.generation)
        if state is None:
            return
        state.on_sample(event.at_s, event.sample)
        self._watch.on_sample(state, event.at_s, commands)
        self._fleet.version += 1
        self._placement.serve_waiting(event.at_s, commands)

    def _probed(self, event: events.Probed, commands: list[Command]) -> None:
        state = self._fleet.get(event.endpoint_id, event.generation)
        if state is None:
            return
        self._watch.on_probe(state, event, commands)
        self._fleet.version += 1
        self._placement.serve_waiting(event.at_s, commands)

    def _canary_answered(self, event: events.CanaryAnswered, commands: list[Command]) -> None:
        state = self._fleet.get(event.endpoint_id, event.generation)
        if state is not None:
            self._watch.on_canary(state, event)

    def _unanswered(self, event: events.Unanswered, commands: list[Command]) -> None:
        state = self._fleet.get(event.endpoint_id, event.generation)
        if state is not None:
            self._watch.on_unanswered(state, event.at_s, commands)

    def _drain_requested(self, event: events.DrainRequested, commands: list[Command]) -> None:
        state = self._fleet.endpoints.get(event.endpoint_id)
        if state is None:
            return
        state.draining = event.draining
        state.touch()
        self._fleet.version += 1
        self._placement.serve_waiting(event.at_s, commands)

    # ---- the rest

    def _feedback(self, event: events.Feedback, commands: list[Command]) -> None:
        """Learn how good an answer was."""
        self._judging.judged(event)

    def _checked(self, event: events.Checked, commands: list[Command]) -> None:
        """Learn what was found of an answer without a judge."""
        self._judging.checked(event, commands)
        self._watch.on_checked(event.query_id, event.checks, event.at_s, commands)

    def _timer(self, event: events.Timer, commands: list[Command]) -> None:
        self._placement.timers.pop(event.key, None)
        if event.key == QUEUE_TIMER:
            self._overdue.expire_due(event.at_s, commands)
            return
        if event.key == HOLDBACK_TIMER:
            self._placement.end_holdback(event.at_s, commands)
            return
        if event.key == HEDGE_TIMER:
            self._late.hedge_late(event.at_s, commands)
            return
        if event.key == FORECAST_TIMER:
            self._foresight.step(event.at_s, commands)
            return
        state = self._fleet.endpoints.get(event.key.partition(":")[2])
        if state is not None:
            self._watch.follow(state, event.at_s, commands)
            self._placement.serve_waiting(event.at_s, commands)

    def _relearned(self, event: events.Relearned, commands: list[Command]) -> None:
        """Take over heads that were trained on the log; what does not fit stays as it is."""
        self._learned.restore(event.parts, event.at_s, 0.0)

    def _config_changed(self, event: events.ConfigChanged, commands: list[Command]) -> None:
        """Take over a configuration; held queries are judged anew under it."""
        self.knowledge.configure(event.config.models)
        self._placement.replace(event.config)
        self._placement.judge_anew(event.at_s, commands)
