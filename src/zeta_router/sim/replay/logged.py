"""A decision log as traffic: each query with what was decided, what came of it and what it earned.

Everything a replay or an off-policy estimate needs, and nothing else; no text is in a log anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from zeta_router.core.checks import Checks
from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Query, TopicShare
from zeta_router.core.snapshot import Candidate
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.log.fleet import fleet_of
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.records import FeedbackRecord, LoggedRun, LogRecord


@dataclass(frozen=True, slots=True)
class Served:
    """One attempt that ended, on the log's clock.

    Attributes:
        dispatched_at_s: When it was sent to its endpoint.
        queue_wait_s: How long the router had held the query until it ended, retries included.
    """

    endpoint_id: str
    dispatched_at_s: float
    queue_wait_s: float
    outcome: Outcome


@dataclass(slots=True)
class LoggedQuery:
    """One query of a log.

    Attributes:
        query: As it arrived; objectives completed from the fleet's; times from the log's start.
        decisions: In order; the log keeps the first of a held query and its last.
        attempts: In order.
        reward: What somebody said of the answer, 0..1; None when nobody did.
        judged_at_s: When.
        voter: Who said so, as the log names them.
        checks: What the gateway found of the answer's text; None when it did not look.
    """

    query: Query
    decisions: list[Decision] = field(default_factory=list)
    attempts: list[Served] = field(default_factory=list)
    reward: float | None = None
    judged_at_s: float = 0.0
    voter: str = ""
    checks: Checks | None = None

    @property
    def answered(self) -> Served | None:
        """The attempt that answered it to the end; None when none did.

        Not always the last: the loser of a hedge ends after the winner.
        """
        return next((a for a in reversed(self.attempts) if a.outcome.status is Status.OK), None)

    @property
    def choice(self) -> Decision | None:
        """The first decision that named an endpoint, to dispatch to it or to wait for it."""
        return next((d for d in self.decisions if _names_one(d)), None)

    @property
    def dispatch(self) -> Decision | None:
        """The decision that sent it where it was answered, else where it was tried last.

        None when none sent it anywhere.
        """
        sent = [d for d in self.decisions if d.verdict is Verdict.DISPATCH and _names_one(d)]
        by = self.answered
        there = [d for d in sent if by is not None and d.endpoint_id == by.endpoint_id]
        return (there or sent)[-1] if sent else None

    def model_of(self, endpoint_id: str) -> str | None:
        """The model of an endpoint that was compared for this query."""
        for decision in reversed(self.decisions):
            for candidate in decision.candidates:
                if candidate.view.endpoint.id == endpoint_id:
                    return candidate.view.model.name
        return None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a log holds.

    Attributes:
        fleet: What it was written over.
        policy: The policy that decided most; what it is called in the log.
        seed: The router's; 0 when unknown.
        queries: By arrival.
        seconds: From the first arrival to the last.
        notes: What a reader of any figure made from it should know.
        start_wall_s: When the first arrival was, in seconds since 1970.
    """

    fleet: FleetConfig
    policy: str
    seed: int
    queries: tuple[LoggedQuery, ...]
    seconds: float
    notes: tuple[str, ...]
    start_wall_s: float = 0.0


SURE = 0.9
"""Probability of a topic from which on a prediction is taken to be about that topic."""


def first_beliefs(traffic: Traffic) -> Iterator[tuple[TopicShare, Candidate]]:
    """What the logged router predicted first for each topic and model, as far as a log shows it.

    Only from queries that are surely of one topic and have no limit on their answer: other
    predictions are mixed or cut.
    """
    seen: set[tuple[str, str]] = set()
    for each in traffic.queries:
        topics = each.decisions[0].task.topics
        if not topics or topics[0].probability < SURE or each.query.max_output_tokens is not None:
            continue
        for candidate in each.decisions[0].candidates:
            key = (topics[0].topic, candidate.view.model.name)
            if key not in seen:
                seen.add(key)
                yield topics[0], candidate


def read_traffic(
    path: Path, fleet: FleetConfig | None = None, since_wall_s: float = 0.0
) -> Traffic:
    """Read a decision log of any schema version, whole or from a time on.

    Args:
        path: The file; its router may be running.
        fleet: The fleet it was written over; None takes what the log noted about it.
        since_wall_s: What was written before is left out, in seconds since 1970.

    Raises:
        ConfigError: It is no decision log, holds no decision, or does not say what fleet it is of.
    """
    with LogReader(path) as reader:
        runs = reader.runs()
        noted = [found for run in runs if (found := fleet_of(run.facts)) is not None]
        if fleet is None and not noted:
            raise ConfigError(
                str(path), "the log does not say what fleet it is of", "name it with --config FILE"
            )
        queries = _queries(reader, runs, since_wall_s)
    if not queries:
        raise ConfigError(str(path), "there is no decision in it")
    start_s = queries[0].query.arrived_at_s
    for each in queries:
        _shift(each, -start_s)
    policies = Counter(d.policy for each in queries for d in each.decisions)
    policy, _ = policies.most_common(1)[0]
    return Traffic(
        fleet or noted[-1],
        policy,
        int(runs[-1].facts.get("seed", "0")) if runs else 0,
        tuple(queries),
        queries[-1].query.arrived_at_s,
        tuple(_notes(queries, policies, noted, runs)),
        start_s + (runs[0].wall_offset_s if runs else 0.0),
    )


def _queries(reader: LogReader, runs: list[LoggedRun], since_wall_s: float) -> list[LoggedQuery]:
    """Every query; the clocks of later runs are set to that of the first."""
    found: dict[str, LoggedQuery] = {}
    ends = [run.opened_wall_s for run in runs[1:]] + [1e15]
    for number, (run, end_s) in enumerate(zip(runs, ends, strict=True)):
        begin_s = run.opened_wall_s if number and run.wall_offset_s else 0.0
        ahead_s = run.wall_offset_s - runs[0].wall_offset_s
        until_s = end_s if len(runs) > 1 else 1e15
        for record in reader.iterate(max(begin_s, since_wall_s), until_s):
            _take(found, record, ahead_s)
    return sorted(found.values(), key=lambda each: each.query.arrived_at_s)


def _take(found: dict[str, LoggedQuery], record: LogRecord, ahead_s: float) -> None:
    if isinstance(record, DecisionRecord):
        query = record.query._replace(arrived_at_s=record.query.arrived_at_s + ahead_s)
        mine = found.setdefault(query.id, LoggedQuery(query))
        at_s = record.decision.decided_at_s + ahead_s
        mine.decisions.append(record.decision._replace(decided_at_s=at_s))
    elif isinstance(record, OutcomeRecord):
        query_of = found.get(record.query_id)
        if query_of is not None and record.endpoint_id is not None:
            outcome, at_s = record.outcome, record.at_s + ahead_s
            sent_s = at_s - (outcome.e2e_s or 0.0)
            query_of.attempts.append(
                Served(record.endpoint_id, sent_s, record.queue_wait_s, outcome)
            )
    elif isinstance(record, FeedbackRecord):
        judged = found.get(record.query_id)
        if judged is not None:
            judged.reward, judged.judged_at_s = record.score, record.at_s + ahead_s
            judged.voter = record.voter
    else:
        looked_at = found.get(record.query_id)
        if looked_at is not None:
            looked_at.checks = record.checks


def _shift(each: LoggedQuery, by_s: float) -> None:
    each.query = each.query._replace(arrived_at_s=each.query.arrived_at_s + by_s)
    each.decisions = [d._replace(decided_at_s=d.decided_at_s + by_s) for d in each.decisions]
    each.attempts = [replace(a, dispatched_at_s=a.dispatched_at_s + by_s) for a in each.attempts]
    each.judged_at_s += by_s


def _names_one(decision: Decision) -> bool:
    """Whether the endpoint that was chosen is among the candidates, as it always should be."""
    return any(c.view.endpoint.id == decision.endpoint_id for c in decision.candidates)


def _notes(
    queries: list[LoggedQuery],
    policies: Counter[str],
    noted: list[FleetConfig],
    runs: list[LoggedRun],
) -> Iterator[str]:
    if len(policies) > 1:
        told = ", ".join(f"{name} {count}" for name, count in policies.most_common())
        yield f"several policies decided ({told}); the first counts as the logging policy"
    if len(runs) > 1:
        yield f"the router was started {len(runs)} times; a replay starts once"
    if any(each != noted[-1] for each in noted[:-1]):
        yield "the fleet changed between starts; the latest one is replayed"
    ends = Counter(a.outcome.status for each in queries for a in each.attempts)
    lost = sum(ends.values()) - ends[Status.OK]
    if lost:
        told = ", ".join(f"{s.value} {n}" for s, n in sorted(ends.items()) if s is not Status.OK)
        yield f"{lost} attempts did not end well ({told}); engines never fail in a replay"
