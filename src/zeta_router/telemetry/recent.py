"""The latest queries, in memory: what `/zeta/decisions` shows without asking the file."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.log_reader import LogReader
from zeta_router.telemetry.records import FeedbackRecord

RECENT_QUERIES = 10_000
RECENT_CANDIDATES = 60_000
"""Bounds of the memory: queries, and candidates in all their decisions (about 0.4 kB each)."""


@dataclass(slots=True)
class Story:
    """Everything recorded of one query, in order."""

    query_id: str
    decisions: list[DecisionRecord] = field(default_factory=list)
    outcomes: list[OutcomeRecord] = field(default_factory=list)
    feedback: FeedbackRecord | None = None


class Recent:
    """Remembers the stories of the queries that came last; older ones are read from the log.

    Args:
        queries: Most stories kept.
        candidates: Most candidates kept, over all stories: with many endpoints fewer queries fit.
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
        self._stories: OrderedDict[str, Story] = OrderedDict()
        self._held_candidates = 0

    def on_record(self, record: DecisionRecord | OutcomeRecord) -> None:
        """Remember a record of the router. Costs well under a microsecond; never fails."""
        if type(record) is DecisionRecord:
            query_id = record.query.id
            story = self._stories.get(query_id)
            if story is None:
                story = self._stories[query_id] = Story(query_id)
            story.decisions.append(record)
            self._held_candidates += len(record.decision.candidates)
            self._let_go()
        elif type(record) is OutcomeRecord:
            story = self._stories.get(record.query_id)
            if story is not None:
                story.outcomes.append(record)

    def on_feedback(self, record: FeedbackRecord) -> None:
        """Remember a judgement."""
        story = self._stories.get(record.query_id)
        if story is not None and story.feedback is None:
            story.feedback = record

    def _let_go(self) -> None:
        stories = self._stories
        while len(stories) > self._queries or (
            self._held_candidates > self._candidates and len(stories) > 1
        ):
            _, oldest = stories.popitem(last=False)
            for record in oldest.decisions:
                self._held_candidates -= len(record.decision.candidates)

    def story(self, query_id: str) -> Story | None:
        """What is recorded of a query, from memory or else from the log; None when nothing is."""
        story = self._stories.get(query_id)
        return story if story is not None else self._from_log(query_id)

    def newest(self, limit: int) -> list[Story]:
        """Up to `limit` stories, the query that came last first; from memory only."""
        newest: list[Story] = []
        for story in reversed(self._stories.values()):
            if len(newest) >= limit:
                break
            newest.append(story)
        return newest

    def __len__(self) -> int:
        return len(self._stories)

    def _from_log(self, query_id: str) -> Story | None:
        reader = self._reader()
        if reader is None:
            return None
        try:
            decisions = reader.decisions_of(query_id)
            if not decisions:
                return None
            outcomes = reader.outcomes_of(query_id)
            return Story(query_id, decisions, outcomes, reader.feedback_of(query_id))
        except sqlite3.Error:
            return None
