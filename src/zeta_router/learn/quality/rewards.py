"""From what is heard of answers to what is believed of models.

Each thing that is heard of an answer is learned when it comes. What the same answer taught before
is taken back first and all that was heard of it is learned anew, as one reward: so nothing counts
twice, and better evidence corrects weaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from zeta_router.core.query import TopicShare
from zeta_router.learn.quality.askers import Askers
from zeta_router.learn.quality.drift import ModelWatch
from zeta_router.learn.quality.head import QualityCells, Traces
from zeta_router.learn.quality.residual import QualityResidual
from zeta_router.learn.quality.reward import Heard, Signal, Usual, fused, pushed
from zeta_router.learn.task.topics import domain_of

DOUBTED = 200
"""Decisions for which a model is tried more often after an alarm."""

DOUBT_SHARE = 0.05

FALLEN_SHARE = 0.03
"""Share of decisions by which a model that has become worse is tried after that, until it is
better again: without, nobody would notice."""

FALLEN_VOTES = 2000
"""Votes after which what it has become counts as what it is. Most come on topics that it has kept;
with 400 the doubt was over before those that it had lost could show that it was well again."""


_VOTE = Signal.VOTE
"""Looked up once: a member of an enum costs as much as a function call."""


class Answer:
    """An answer of which something may still be heard.

    Attributes:
        model: Who gave it.
        topics: What it was asked, as believed then.
        asker: Who asked.
        inputs: What the quality's correction looks at (`QualityResidual.pack`).
        heard: What was heard of it so far.
        traces: What it has taught the cells.
        voter: In whose name that counts.
        comparable: Whether it would be noticed that the same is asked again.
        looked_at: Whether its text was looked at.
    """

    __slots__ = (
        "asker", "comparable", "heard", "inputs", "looked_at", "model", "topics", "traces", "voter",
    )  # fmt: skip

    def __init__(
        self, model: str, topics: tuple[TopicShare, ...], asker: str, inputs: bytes = b""
    ) -> None:
        self.model = model
        self.topics = topics
        self.asker = asker
        self.inputs = inputs
        self.heard: dict[Signal, Heard] | None = None
        self.traces: Traces = ()
        self.voter = asker
        self.comparable = False
        self.looked_at = False

    @property
    def judged(self) -> bool:
        """Whether somebody said how good it was."""
        return self.heard is not None and Signal.VOTE in self.heard


class Rewards:
    """Everything that is learned from what is heard of answers, beside the cells themselves.

    Args:
        bounded: False gives every voter the whole say (for comparisons only).
    """

    STATE_VERSION: ClassVar = 1

    __slots__ = ("_askers", "_bounded", "_doubts", "_fallen", "_usual", "_voters", "_watches")

    def __init__(self, *, bounded: bool = True) -> None:
        self._bounded = bounded
        self._askers = Askers()
        self._voters: dict[str, Askers] = {}
        self._usual = Usual()
        self._watches: dict[str, ModelWatch] = {}
        self._doubts: dict[str, int] = {}
        self._fallen: dict[str, int] = {}

    def asked(self, asker: str) -> None:
        """A query came that a model will answer: its asker has so much more of a say."""
        self._askers.add(asker)
        if self._doubts:
            left = {model: count - 1 for model, count in self._doubts.items()}
            self._doubts = {model: count for model, count in left.items() if count > 0}

    def doubt(self, model: str) -> float:
        """Share of decisions that should go to `model` only to find out how good it is."""
        if model in self._doubts:
            return DOUBT_SHARE
        return FALLEN_SHARE if model in self._fallen else 0.0

    def signs(self, cells: QualityCells, answer: Answer, signs: Mapping[Signal, float]) -> None:
        """Learn signs, y of each: 1 for good, 0 for bad. Only the first of its kind counts."""
        heard = answer.heard if answer.heard is not None else {}
        new = [(signal, y) for signal, y in signs.items() if signal not in heard]
        if not new:
            return
        task = _task_of(answer)
        quality = cells.mean(answer.topics, answer.model)
        for signal, y in new:
            heard[signal] = Heard(y, self._usual.expected(signal, task, quality))
            self._usual.learn(signal, task, quality, y)
        answer.heard = heard
        self._learn_anew(cells, answer)

    def settle(self, cells: QualityCells, answer: Answer) -> None:
        """Nothing more is expected of an answer: it was not asked again, and silence is a sign.

        Silence is a sign only after an answer of which nothing bad was heard and nothing was said.
        """
        heard = answer.heard or {}
        silent = not answer.judged and all(one.y >= 0.5 for one in heard.values())
        signs = {Signal.SILENCE: 1.0} if silent else {}
        if answer.comparable:
            signs[Signal.ASKED_AGAIN] = 1.0
        if not silent:
            quality = cells.mean(answer.topics, answer.model)
            self._usual.learn(Signal.SILENCE, _task_of(answer), quality, 0.0)
        self.signs(cells, answer, signs)

    def vote(
        self,
        cells: QualityCells,
        residual: QualityResidual,
        answer: Answer,
        score: float,
        voter: str = "",
    ) -> int:
        """Learn a judgement, `score` in [0, 1]; the first one counts.

        Returns -1 when it shows that the model has become worse, 1 that it has become better: the
        cells have then been told to forget, and `doubt` says to try it. Else 0.
        """
        if answer.judged or not 0.0 <= score <= 1.0:
            return 0
        model = answer.model
        answer.voter = voter or answer.asker
        before = cells.mean(answer.topics, model)
        answer.heard = {**(answer.heard or {}), Signal.VOTE: Heard(score, before)}
        self._learn_anew(cells, answer)
        y, _ = fused(answer.heard)
        say = self._say(model, answer.voter)
        residual.learn(before, model, answer.inputs, y, say)
        watch = self._watches.setdefault(model, ModelWatch())
        topic = answer.topics[0].topic
        found = watch.add(domain_of(topic) or topic, y, say)
        if found:
            cells.forget(model)
            self._doubts[model] = DOUBTED
        self._note_fall(model, found)
        return found

    def drop(self, models: Iterable[str]) -> None:
        """Know nothing of these models any more."""
        for model in models:
            self._voters.pop(model, None)
            self._watches.pop(model, None)
            self._doubts.pop(model, None)
            self._fallen.pop(model, None)

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {
            "askers": self._askers.state(),
            "voters": {model: voters.state() for model, voters in self._voters.items()},
            "usual": self._usual.state(),
            "watches": {model: watch.state() for model, watch in self._watches.items()},
            "fallen": dict(self._fallen),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        askers, usual = Askers(), Usual()
        askers.restore(state["askers"])
        usual.restore(state["usual"])
        voters: dict[str, Askers] = {}
        for model, known in state["voters"].items():
            voters[model] = Askers()
            voters[model].restore(known)
        watches: dict[str, ModelWatch] = {}
        for model, (fall, rise, levels) in state["watches"].items():
            watches[model] = ModelWatch()
            watches[model].restore(fall, rise, levels)
        self._askers, self._usual = askers, usual
        self._voters, self._watches = voters, watches
        self._doubts = {}
        self._fallen = {str(model): int(votes) for model, votes in state["fallen"].items()}

    def _learn_anew(self, cells: QualityCells, answer: Answer) -> None:
        """Replace what the answer taught by all that is heard of it now."""
        heard = answer.heard or {}
        if answer.traces:
            cells.take_back(answer.traces, answer.model)
        voter, cap = self._voice(answer.voter)
        if _VOTE in heard:
            y, weight = fused(heard)
            left = cells.observe(answer.topics, answer.model, y, weight, voter, cap)
        else:
            left = cells.push(answer.topics, answer.model, pushed(heard), voter, cap)
        answer.traces = left

    def _note_fall(self, model: str, found: int) -> None:
        """Keep a model in doubt from its fall to its rise, or until its new level is known."""
        left = FALLEN_VOTES if found < 0 else self._fallen.get(model, 0) - 1
        if left > 0 and found <= 0:
            self._fallen[model] = left
        else:
            self._fallen.pop(model, None)

    def _voice(self, voter: str) -> tuple[str, float]:
        return self._askers.voice(voter) if self._bounded else (voter, 1.0)

    def _say(self, model: str, voter: str) -> float:
        """How much a vote says of the model: less from a voter that votes more than it asks."""
        name, cap = self._voice(voter)
        voters = self._voters.setdefault(model, Askers())
        voters.add(name)
        return min(1.0, cap / voters.share(name))


def _task_of(answer: Answer) -> str:
    return answer.topics[0].task if answer.topics else ""
