"""The last minutes in counts: who was sent where, what came of it, and how right predictions were.

Counted as it happens, a microsecond per record; figures are worked out when somebody asks for them.
Forgotten at a restart: what lasts is in the decision log.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.query import NO_SLO, Slo, Task
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.router.commands import DecisionRecord, OutcomeRecord, Record
from zeta_router.telemetry.in_time import in_time

BUCKET_S = 5.0
BUCKETS = 180
"""A quarter of an hour."""

ANSWERS = 512
"""Answers whose predictions are kept to be compared with what came."""

PER_ENDPOINT = 64

OPEN = 10_000
"""Most queries whose end is awaited; the oldest is given up."""


@dataclass(slots=True)
class Answer:
    """An answer in full, what was promised, and what was predicted where it was sent.

    Attributes:
        candidate: The endpoint as it was compared, with the predictions.
        slo: What was promised; `slo_scale` is what the decision multiplied it by.
        sent_after_s: From arrival to dispatch: what was waited here, and for attempts that failed.
        ttft_s, tpot_s, e2e_s: As measured at the endpoint.
        in_time: Whether the client had it within all objectives, from arrival.
        chance: Predicted probability to keep them, once somebody has asked (`lately_report`).
    """

    at_s: float
    candidate: Candidate
    slo: Slo
    slo_scale: float
    sent_after_s: float
    ttft_s: float | None
    tpot_s: float | None
    e2e_s: float | None
    output_tokens: int | None
    in_time: bool = False
    chance: float | None = None


@dataclass(slots=True)
class Bucket:
    """Counts of five seconds.

    Attributes:
        sent: Dispatched first attempts by task, model and whether another model is the task's own.
        ends: By task: numbers in the order of `ENDS`.
    """

    sent: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    ends: dict[str, list[int]] = field(default_factory=dict)

    def ends_of(self, task: str) -> list[int]:
        """The numbers of a task, to count in."""
        ends = self.ends.get(task)
        if ends is None:
            ends = self.ends[task] = [0] * len(ENDS)
        return ends


ENDS = ("answers", "in_time", "output_tokens", "refused", "lost", "left")
"""`lost` were cut off by their engine after the first byte; of those that `left`, clients did,
while they waited or were served."""

_OK, _CLIENT_GONE, _HEDGE_LOST = Status.OK, Status.CLIENT_GONE, Status.HEDGE_LOST
_CLIENT_ERROR = Status.CLIENT_ERROR
_DISPATCH, _REJECT = Verdict.DISPATCH, Verdict.REJECT
_PINNED, _HEDGED = Reason.PINNED, Reason.HEDGED
"""Bound once, and read by `_value_`: in Python 3.11 a member, and its value, take 0.1 µs each."""

_ANSWERS, _IN_TIME, _TOKENS, _REFUSED, _LOST, _LEFT = range(len(ENDS))


class Lately:
    """What happened in the last quarter of an hour.

    Args:
        routes: The model that usually serves a task; others are spill.
    """

    def __init__(self, routes: Callable[[], Mapping[Task, str]]) -> None:
        self._routes = routes
        self._buckets: OrderedDict[int, Bucket] = OrderedDict()
        self._open: OrderedDict[str, tuple[DecisionRecord, ...]] = OrderedDict()
        self._answers: deque[Answer] = deque(maxlen=ANSWERS)
        self._by_endpoint: dict[str, deque[Answer]] = {}

    def on_record(self, record: Record) -> None:
        """Take in a record of the router; never fails."""
        if type(record) is DecisionRecord:
            self._decided(record)
        elif type(record) is OutcomeRecord:
            self._ended(record)

    def buckets(self, since_s: float = 0.0) -> list[tuple[float, Bucket]]:
        """Start and counts of every bucket that ends after `since_s`, oldest first."""
        least = since_s / BUCKET_S - 1.0
        return [(n * BUCKET_S, bucket) for n, bucket in self._buckets.items() if n >= least]

    def answers(self) -> list[Answer]:
        """The latest answers in full, oldest first."""
        return list(self._answers)

    def answers_of(self, endpoint_id: str) -> list[Answer]:
        """The latest of one endpoint."""
        return list(self._by_endpoint.get(endpoint_id, ()))

    def _bucket(self, at_s: float) -> Bucket:
        number = int(at_s // BUCKET_S)
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = Bucket()
            while len(self._buckets) > BUCKETS:
                self._buckets.popitem(last=False)
        return bucket

    def _decided(self, record: DecisionRecord) -> None:
        query, decision = record
        task = decision.task.task
        if decision.verdict is _REJECT:
            self._open.pop(query.id, None)
            self._bucket(decision.decided_at_s).ends_of(task._value_)[_REFUSED] += 1
            return
        if decision.verdict is _DISPATCH:
            copies = self._open.get(query.id)
            if copies is None or copies[0].decision.verdict is not _DISPATCH:
                self._sent(record, task)
            is_copy = copies is not None and decision.reason is _HEDGED
            self._open[query.id] = (copies[0], record) if copies and is_copy else (record,)
        else:
            self._open.setdefault(query.id, (record,))
        if len(self._open) > OPEN:
            self._open.popitem(last=False)

    def _sent(self, record: DecisionRecord, task: Task) -> None:
        decision = record.decision
        chosen = _candidate(record, decision.endpoint_id)
        model = chosen.view.model.name if chosen is not None else ""
        own = self._routes().get(task, model)
        spilled = own != model and decision.reason is not _PINNED
        sent = self._bucket(decision.decided_at_s).sent
        key = (task._value_, model, spilled)
        sent[key] = sent.get(key, 0) + 1

    def _ended(self, record: OutcomeRecord) -> None:
        copies = self._open.get(record.query_id)
        outcome = record.outcome
        status = outcome.status
        if copies is None or status is _HEDGE_LOST:
            return
        if not outcome.is_final:
            return  # it may be tried again, or refused; that is told by another decision
        del self._open[record.query_id]
        if status is _CLIENT_ERROR:
            return  # the engine refused what the client asked: nobody's answer, and none was lost
        decided = _copy_at(copies, record.endpoint_id)
        ends = self._bucket(record.at_s).ends_of(decided.decision.task.task._value_)
        if status is not _OK:
            ends[_LEFT if status is _CLIENT_GONE else _LOST] += 1
            return
        ends[_ANSWERS] += 1
        ends[_TOKENS] += outcome.output_tokens or 0
        answer = _answer(decided, record)
        if answer is not None:
            ends[_IN_TIME] += answer.in_time
            self._keep(answer)

    def _keep(self, answer: Answer) -> None:
        self._answers.append(answer)
        endpoint_id = answer.candidate.view.endpoint.id
        kept = self._by_endpoint.get(endpoint_id)
        if kept is None:
            kept = self._by_endpoint[endpoint_id] = deque(maxlen=PER_ENDPOINT)
        kept.append(answer)


def _answer(decided: DecisionRecord, ended: OutcomeRecord) -> Answer | None:
    """What came beside what was predicted; None where the endpoint was not compared."""
    chosen = _candidate(decided, ended.endpoint_id)
    if chosen is None:
        return None
    decision, outcome = decided.decision, ended.outcome
    answer = Answer(
        ended.at_s,
        chosen,
        decided.query.slo,
        decision.slo_scale,
        decision.decided_at_s - decided.query.arrived_at_s,
        outcome.ttft_s,
        outcome.tpot_s,
        outcome.e2e_s,
        outcome.output_tokens,
    )
    first_s = None if answer.ttft_s is None else answer.sent_after_s + answer.ttft_s
    took_s = answer.sent_after_s + (answer.e2e_s or 0.0)
    answer.in_time = answer.slo is NO_SLO or in_time(answer.slo, took_s, first_s, answer.tpot_s)
    return answer


def met(answer: Answer, slo: Slo) -> bool:
    """Whether what was measured of an answer kept objectives that run from its arrival.

    What predictions are set beside: they are of the engine's first token, whoever sees it.
    """
    after_s = answer.sent_after_s
    return (
        _within(answer.ttft_s, slo.ttft_s, after_s)
        and _within(answer.tpot_s, slo.tpot_s, 0.0)
        and _within(answer.e2e_s, slo.e2e_s, after_s)
    )


def _within(took_s: float | None, bound_s: float | None, after_s: float) -> bool:
    return took_s is None or bound_s is None or took_s + after_s <= bound_s


def _copy_at(copies: tuple[DecisionRecord, ...], endpoint_id: str | None) -> DecisionRecord:
    """The decision that sent a query to an endpoint; of a hedged query either may have ended."""
    return next((each for each in copies if each.decision.endpoint_id == endpoint_id), copies[-1])


def _candidate(record: DecisionRecord, endpoint_id: str | None) -> Candidate | None:
    for candidate in record.decision.candidates:
        if candidate.view.endpoint.id == endpoint_id:
            return candidate
    return None


def counts(bucket: Bucket) -> dict[str, Any]:
    """A bucket as plain values."""
    return {
        "sent": [[task, model, spilled, n] for (task, model, spilled), n in bucket.sent.items()],
        "ends": [[task, *numbers] for task, numbers in bucket.ends.items()],
    }
