"""The latest queries, in memory: what `/zeta/decisions` shows without asking the file."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from zeta_router.router.commands import DecisionRecord, OutcomeRecord, Record
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.records import FeedbackRecord, LogRecord

RECENT_QUERIES = 1_000
RECENT_CANDIDATES = 10_000
"""Bounds of the memory: queries, and candidates in all their decisions.

Small, because the garbage collector visits every object: 10,000 queries are 180,000 objects and
made a full collection stop the event loop for 0.1 s. The log is at most a quarter of a second
behind, so that nothing falls between the two.
"""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything recorded of one query, in order."""

    query_id: str
    decisions: list[DecisionRecord]
    outcomes: list[OutcomeRecord]
    feedback: FeedbackRecord | None


class Recent:
    """Remembers the records of the queries that came last; older ones are read from the log.

    Args:
        queries: Most queries kept.
        candidates: Most candidates kept, over all queries: with many endpoints fewer queries fit.
        reader: Gives the log's reader, or None while there is none.
    """

    def __init__(
        self,
        queries: int = RECENT_QUERIES,
        candidates: int = RECENT_CANDIDATES,
        *,
        reader: Callable[[], LogReader | None] = lambda: None,
    ) -> None:
        self._queries = queries
        self._candidates = candidates
        self._reader = reader
        self._told: OrderedDict[str, list[LogRecord]] = OrderedDict()
        self._held_candidates = 0

    def on_record(self, record: Record) -> None:
        """Remember a record of the router. About a microsecond; never fails."""
        if type(record) is DecisionRecord:
            query_id = record.query.id
            told = self._told.get(query_id)
            if told is None:
                self._told[query_id] = [record]
            else:
                told.append(record)
            self._held_candidates += len(record.decision.candidates)
            if len(self._told) > self._queries or self._held_candidates > self._candidates:
                self._let_go()
        elif type(record) is OutcomeRecord:
            self._add(record.query_id, record)

    def on_feedback(self, record: FeedbackRecord) -> None:
        """Remember a judgement; the first one counts."""
        self._add(record.query_id, record)

    def _add(self, query_id: str, record: LogRecord) -> None:
        told = self._told.get(query_id)
        if told is not None:
            told.append(record)

    def _let_go(self) -> None:
        """Forget the oldest until both bounds hold; the newest query always stays."""
        told = self._told
        while len(told) > 1 and (
            len(told) > self._queries or self._held_candidates > self._candidates
        ):
            _, records = told.popitem(last=False)
            for record in records:
                if isinstance(record, DecisionRecord):
                    self._held_candidates -= len(record.decision.candidates)

    def story(self, query_id: str) -> Story | None:
        """What is recorded of a query, from memory or else from the log; None when nothing is."""
        told = self._told.get(query_id)
        if told is None:
            return self._from_log(query_id)
        story = _story(query_id, told)
        if not story.decisions[0].decision.number:
            return story
        before = self._from_log(query_id)  # it was let go while it was held, and came again
        return story if before is None else _joined(before, story)

    def newest(self, limit: int) -> list[Story]:
        """Up to `limit` stories, the query that came last first; from memory only."""
        newest = islice(reversed(self._told.items()), max(0, limit))
        return [_story(query_id, told) for query_id, told in newest]

    def __len__(self) -> int:
        return len(self._told)

    def _from_log(self, query_id: str) -> Story | None:
        reader = self._reader()
        if reader is None:
            return None
        try:
            decisions = reader.decisions_of(query_id)
            outcomes = reader.outcomes_of(query_id)
            feedback = reader.feedback_of(query_id)
        except sqlite3.Error:
            return None
        return Story(query_id, decisions, outcomes, feedback) if decisions else None


def _joined(logged: Story, story: Story) -> Story:
    """A story with what came before it from the log, which may be a little behind."""
    began = story.decisions[0].decision.number
    known = {record.attempt for record in story.outcomes}
    return Story(
        story.query_id,
        [each for each in logged.decisions if each.decision.number < began] + story.decisions,
        [each for each in logged.outcomes if each.attempt not in known] + story.outcomes,
        story.feedback or logged.feedback,
    )


def _story(query_id: str, told: list[LogRecord]) -> Story:
    return Story(
        query_id,
        [record for record in told if isinstance(record, DecisionRecord)],
        [record for record in told if isinstance(record, OutcomeRecord)],
        next((record for record in told if isinstance(record, FeedbackRecord)), None),
    )
