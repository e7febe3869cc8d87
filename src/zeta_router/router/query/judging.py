"""What becomes of answers after their last byte: votes, findings, asking again, silence.

Signs come at different times and mostly not at all, so every answer is kept for a while and each
sign is learned when it comes (`learn.quality.rewards`). Housekeeping calls (titles, tags) are not
kept: nobody judges them, and any model can do them.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from zeta_router.core.checks import Checks
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import ADDRESS, Query, TaskEstimate
from zeta_router.learn.quality.flaw import Flaw
from zeta_router.learn.quality.reward import Signal
from zeta_router.learn.quality.rewards import Answer
from zeta_router.learn.task.ask import FEATURE_NAMES
from zeta_router.router.commands import ChecksRecord, Command, Emit
from zeta_router.router.events import Checked, Feedback
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.query.asked_again import AskedAgain

REMEMBERED = 20_000
"""Answers of which something may still be heard; about 35 MB."""

SILENCE_S = 600.0
"""How long after its last byte an answer of which nothing was heard counts as accepted."""

_HOUSEKEEPING = FEATURE_NAMES.index("housekeeping")


_OK, _SPOILT, _LEFT = Status.OK, Signal.SPOILT, Signal.LEFT
"""Looked up once: a member of an enum costs as much as a function call."""


class Judging:
    """The answers of late and what is heard of them."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._again = AskedAgain()
        self._quiet: deque[tuple[float, str]] = deque(maxlen=REMEMBERED)
        self._cuts, self._circles = Flaw(), Flaw()

    def __len__(self) -> int:
        return len(self._answers)

    def remembers(self, query_id: str) -> bool:
        """Whether something that is heard of a query's answer can be learned."""
        return query_id in self._answers

    def arrived(self, query: Query, at_s: float) -> None:
        """A query came in: it may ask again what was answered before."""
        if query.fingerprint is not None:
            again = self._again.arrived(query, at_s)
            answer = self._answers.get(again) if again is not None else None
            if answer is not None:
                self._sign(answer, {Signal.ASKED_AGAIN: 0.0})

    def ended(
        self, query: Query, task: TaskEstimate, model: str, outcome: Outcome, at_s: float
    ) -> None:
        """An attempt ended: remember the answer, if there is one and it counts."""
        self._settle(at_s)
        status = outcome.status
        left = status is not _OK and status is Status.CLIENT_GONE and outcome.started
        if (status is not _OK and not left) or is_housekeeping(query):
            return
        asker = query.asker or query.tenant
        packed = self._knowledge.residual.pack(query.features)
        answer = Answer(model, task.topics, asker, packed)
        self._remember(query.id, answer)
        self._knowledge.rewards.asked(asker)
        if query.fingerprint is not None:
            answer.comparable = self._again.answered(query, at_s)
        if left:
            self._sign(answer, {Signal.LEFT: 0.0})

    def checked(self, event: Checked, commands: list[Command]) -> None:
        """The text of an answer was looked at. A second look at the same changes nothing."""
        answer = self._answers.get(event.query_id)
        if answer is None or answer.looked_at:
            return
        answer.looked_at = True
        checks = event.checks
        record = ChecksRecord(event.at_s, event.query_id, answer.model, checks)
        commands.append(Emit(record))
        signs = {_LEFT: 1.0}
        if self._tells(answer.model, checks):
            signs[_SPOILT] = 0.0 if checks.spoilt else 1.0
        if checks.task_done is not None:
            signs[Signal.TASK] = 1.0 if checks.task_done else 0.0
        self._sign(answer, signs)
        self._quiet.append((event.at_s + SILENCE_S, event.query_id))

    def _tells(self, model: str, checks: Checks) -> bool:
        """Whether what was found says anything about the model (`learn.quality.flaw`)."""
        at_fault = [checks.empty, checks.refusal]
        if checks.cut:
            at_fault.append(self._cuts.is_fault_of(model))
        self._cuts.add(model, there=checks.cut)
        if checks.degeneration is not None:
            if checks.degenerate:
                at_fault.append(self._circles.is_fault_of(model))
            self._circles.add(model, there=checks.degenerate)
        return not checks.spoilt or any(at_fault)

    def judged(self, event: Feedback) -> None:
        """Learn a judgement. One of a query long gone teaches what its event can tell of it."""
        answer = self._answers.get(event.query_id)
        knowledge = self._knowledge
        if answer is None:
            told = event.answered
            if told is None:
                return
            packed = knowledge.residual.pack(told.features)
            answer = Answer(told.model, told.topics, told.asker, packed)
            self._remember(event.query_id, answer)
        voter = event.voter
        if voter.startswith(ADDRESS) and not answer.asker.startswith(ADDRESS):
            voter = ""  # who names nobody but knows the decision's id speaks for who asked
        rewards, cells = knowledge.rewards, knowledge.quality
        rewards.vote(cells, knowledge.residual, answer, event.score, voter)

    def _remember(self, query_id: str, answer: Answer) -> None:
        self._answers[query_id] = answer
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)

    def _sign(self, answer: Answer, signs: dict[Signal, float]) -> None:
        self._knowledge.rewards.signs(self._knowledge.quality, answer, signs)

    def _settle(self, now_s: float) -> None:
        """Take the silence after answers of ten minutes ago for what it is."""
        quiet = self._quiet
        while quiet and quiet[0][0] <= now_s:
            answer = self._answers.get(quiet.popleft()[1])
            if answer is not None:
                self._knowledge.rewards.settle(self._knowledge.quality, answer)


def is_housekeeping(query: Query) -> bool:
    """Whether an application asks on its own behalf."""
    features = query.features
    return len(features) == len(FEATURE_NAMES) and features[_HOUSEKEEPING] > 0.0
