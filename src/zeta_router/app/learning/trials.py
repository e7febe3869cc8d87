"""The heads that can be trained from a log alone: how, and judged by what.

**residual**: the correction of quality by a query's features, from judgements.
**length**: the answer's length, from the answers' own lengths.
**tasks** is in `app.learning.task_trial`: it needs the classifier that it corrects.

Not among them: the quality cells and the endpoints' latency heads. They learn everything there is
to learn from each outcome at once; training them from the same outcomes again adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Protocol

from zeta_router.app.learning.in_time import in_time
from zeta_router.app.learning.judge import LEAST_JUDGED, Judgement, judge, mean_within
from zeta_router.app.learning.minds import Graft, Mind, Moment, moments
from zeta_router.app.learning.residual_fit import Reward, fit_residual
from zeta_router.learn.length.head import LengthHead
from zeta_router.learn.quality.residual import QualityResidual
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.learned import version_of
from zeta_router.sim.replay.logged import LoggedQuery, Traffic

LEAST_GAIN = 0.005
"""Share of an answer's length by which expectations must improve for a head to be replaced."""

State = dict[str, Any]
InForce = Sequence[tuple[float, State]]
"""States that were put in place earlier, with the log's time of each."""


class Trial(Protocol):
    """One head on trial."""

    name: str

    def version(self) -> int:
        """Layout of its state."""

    def fresh(self) -> State:
        """A head that knows nothing."""

    def fit(self, traffic: Traffic, until_s: float, in_force: InForce) -> State:
        """The head, trained on what the log says up to `until_s`."""

    def compare(
        self, traffic: Traffic, from_s: float, challenger: State, in_force: InForce
    ) -> Judgement:
        """The challenger against the champion on what came from `from_s` on."""

    def worse_by(
        self, traffic: Traffic, from_s: float, states: tuple[State, State], in_force: InForce
    ) -> Iterator[float]:
        """By how much the second of `states` predicted worse than the first, each in [-1, 1]."""


class ResidualTrial:
    """See `Trial`."""

    name = "residual"

    def version(self) -> int:
        """See `Trial`."""
        return version_of(QualityResidual())

    def fresh(self) -> State:
        """See `Trial`."""
        return QualityResidual().state()

    def fit(self, traffic: Traffic, until_s: float, in_force: InForce) -> State:
        """See `Trial`."""
        seen = moments(traffic, [Mind(traffic)], _grafts(in_force, 1))
        judged = [m for m in seen if m.each.reward is not None and m.each.judged_at_s < until_s]
        judged.sort(key=lambda moment: moment.each.judged_at_s)
        return fit_residual(
            [Reward(m.model, m.each.query.features, m.cell, m.each.reward or 0.0) for m in judged]
        )

    def compare(
        self, traffic: Traffic, from_s: float, challenger: State, in_force: InForce
    ) -> Judgement:
        """See `Trial`."""
        grafts = [*_grafts(in_force, 2), (from_s, 1, _residual(challenger))]
        judgement = judge(traffic, _later(traffic, from_s, grafts))
        if not judgement.better:
            return judgement
        return in_time(traffic, _residual(challenger)).added_to(
            judgement.evidence, judgement.reason
        )

    def worse_by(
        self, traffic: Traffic, from_s: float, states: tuple[State, State], in_force: InForce
    ) -> Iterator[float]:
        """See `Trial`."""
        grafts = [(from_s, place, _residual(state)) for place, state in enumerate(states)]
        seen = _later(traffic, from_s, [*_grafts(in_force, 2), *grafts])
        judged = [moment for moment in seen if moment.each.reward is not None]
        for moment in sorted(judged, key=lambda moment: moment.each.judged_at_s):
            y = moment.each.reward or 0.0
            before, after = (beliefs[moment.model] for beliefs in moment.beliefs)
            yield (after - y) ** 2 - (before - y) ** 2


def _later(traffic: Traffic, from_s: float, grafts: list[tuple[float, int, Graft]]) -> list[Moment]:
    minds = [Mind(traffic), Mind(traffic)]
    seen = moments(traffic, minds, grafts)
    return [moment for moment in seen if moment.decision.decided_at_s >= from_s]


def _grafts(in_force: InForce, minds: int) -> list[tuple[float, int, Graft]]:
    return [(at_s, place, _residual(state)) for at_s, state in in_force for place in range(minds)]


def _residual(state: State) -> Graft:
    def graft(knowledge: Knowledge) -> None:
        knowledge.residual.restore(state)

    return graft


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer to a query, with what was expected of it."""

    each: LoggedQuery
    model: str
    tokens: int
    decided_at_s: float
    ended_s: float
    expected: float


class LengthTrial:
    """See `Trial`. The champion's expectations are those that the log holds."""

    name = "length"

    def version(self) -> int:
        """See `Trial`."""
        return version_of(LengthHead())

    def fresh(self) -> State:
        """See `Trial`."""
        return LengthHead().state()

    def fit(self, traffic: Traffic, until_s: float, in_force: InForce) -> State:
        """A head that knows this log and nothing else."""
        head = LengthHead()
        for answer in sorted(_answers(traffic), key=lambda answer: answer.ended_s):
            if answer.ended_s < until_s:
                _learn(head, answer)
        return head.state()

    def compare(
        self, traffic: Traffic, from_s: float, challenger: State, in_force: InForce
    ) -> Judgement:
        """See `Trial`."""
        pairs = list(_expected(traffic, from_s, challenger))
        evidence: dict[str, Any] = {"answers": len(pairs)}
        if len(pairs) < LEAST_JUDGED:
            return Judgement(False, f"{len(pairs)} answers are too few", evidence)
        apart = [_miss(theirs, a) - _miss(a.expected, a) for a, theirs in pairs]
        mean, half = mean_within(apart)
        evidence["log_error"] = {"difference": mean, "low": mean - half, "high": mean + half}
        if not mean + half < 0.0:
            return Judgement(False, "it does not predict better", evidence)
        if not mean < -LEAST_GAIN:
            return Judgement(False, "it predicts better by too little to matter", evidence)
        found = in_time(traffic, lambda knowledge: knowledge.length.restore(challenger))
        return found.added_to(evidence, "it predicts lengths better")

    def worse_by(
        self, traffic: Traffic, from_s: float, states: tuple[State, State], in_force: InForce
    ) -> Iterator[float]:
        """See `Trial`."""
        both = [_expected(traffic, from_s, state) for state in states]
        for (answer, before), (_, after) in zip(*both, strict=True):
            yield _miss(after, answer) - _miss(before, answer)


def _answers(traffic: Traffic) -> Iterator[_Answer]:
    for each in traffic.queries:
        decision, by = each.dispatch, each.answered
        tokens = by.outcome.output_tokens if by is not None else None
        if decision is None or by is None or not tokens:
            continue
        for candidate in decision.candidates:
            if candidate.view.endpoint.id == by.endpoint_id:
                ended_s = by.dispatched_at_s + (by.outcome.e2e_s or 0.0)
                model = candidate.view.model.name
                at_s = decision.decided_at_s
                yield _Answer(each, model, tokens, at_s, ended_s, candidate.output_tokens)
                break


def _expected(traffic: Traffic, from_s: float, state: State) -> Iterator[tuple[_Answer, float]]:
    """Answers to queries decided from `from_s` on, with what a head that goes on expected."""
    head = LengthHead()
    head.restore(state)
    answers = [answer for answer in _answers(traffic) if answer.decided_at_s >= from_s]
    ending = sorted(answers, key=lambda answer: answer.ended_s)
    at = 0
    for answer in sorted(answers, key=lambda answer: answer.decided_at_s):
        while at < len(ending) and ending[at].ended_s <= answer.decided_at_s:
            _learn(head, ending[at])
            at += 1
        yield answer, _expect(head, answer)


def _expect(head: LengthHead, answer: _Answer) -> float:
    query, topics = answer.each.query, answer.each.decisions[0].task.topics
    stretch = head.stretch(topics, query.features)
    tokens, _ = head.expect(topics, answer.model, query.max_output_tokens, stretch)
    return tokens


def _learn(head: LengthHead, answer: _Answer) -> None:
    by = answer.each.answered
    head.observe(
        answer.each.decisions[0].task.topics,
        answer.model,
        answer.tokens,
        censored=by is not None and by.outcome.finish_reason == "length",
        features=answer.each.query.features,
    )


def _miss(expected: float, answer: _Answer) -> float:
    """How far off, as a share of the larger: in [0, 1)."""
    apart = abs(log((1.0 + max(0.0, expected)) / (1.0 + answer.tokens)))
    return apart / (1.0 + apart)


TRIALS: tuple[Trial, ...] = (ResidualTrial(), LengthTrial())
"""The heads that a log alone can train, in the order in which they are tried."""
