"""Whether a challenger's beliefs are better than the champion's, by answers neither was made from.

Two questions, and both have to be answered yes beyond doubt:

**Does it predict better?** The log-loss of both on every judged answer of the newer part, each
predicted before it was judged, paired.

**Would answers be better?** The fleet's policy is asked again at every logged decision, once with
the champion's and once with the challenger's beliefs; the difference in mean reward is estimated
doubly robust and paired (`learn.offpolicy`). Better predictions alone do not promote: on rewards
that say nothing, whoever believes that all models are alike predicts best, and decides no better.

A policy that looks at load is nearly deterministic at each moment, so the logged propensity of the
moment says that nothing else was ever tried. But a reward depends on the query and the model and
not on the moment's load, and load moves queries of one kind between models. So a choice's
propensity is taken to be how often queries of its kind went to that model in the same part of the
log. A kind is whom the challenger and the champion take for the best, topic, and length of prompt;
topics and lengths are put together where a model that somebody wants was hardly ever chosen. What
is assumed is that within a kind load decided and not quality, and that the predictions take account
of the difference between topics that were put together. Where even that leaves no overlap, the
estimate refuses, and nothing is promoted.

The estimate is about the logged moments: what the challenger's choices would do to the load, it
cannot see. It says which way answers would change, and overstates by how much; whether they would
still come in time is asked of the simulator (`in_time`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from typing import Any, Final

from zeta_router.app.learning.minds import Moment
from zeta_router.learn.offpolicy import REFUSAL_TEXT, Difference, Row, difference
from zeta_router.policy.registry import build
from zeta_router.sim.replay.logged import Traffic
from zeta_router.sim.replay.logged_quality import Quality, judged_rows

LEAST_JUDGED: Final = 200
"""Judged answers in the newer part below which nothing is decided."""

SURENESS: Final = 1.7
"""Times the 95 % interval: one chance in 2,000 to promote what is no better. A head is tried every
period for years."""

_Z: Final = 1.96 * SURENESS
LEAST_SEEN: Final = 10
"""Answers of a model in a kind from which on the kind can say what it is worth there."""

_EDGE: Final = 1e-3
_BANDS: Final = 2


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found.

    Attributes:
        better: Whether both questions are answered yes.
        reason: In a sentence.
        evidence: The figures, plain values.
    """

    better: bool
    reason: str
    evidence: dict[str, Any]


def judge(traffic: Traffic, seen: Sequence[Moment]) -> Judgement:
    """Compare the second mind's beliefs with the first one's over judged answers."""
    judged = [moment for moment in seen if moment.each.reward is not None]
    evidence: dict[str, Any] = {"judged": len(judged)}
    if len(judged) < LEAST_JUDGED:
        return Judgement(False, f"{len(judged)} judged answers are too few", evidence)
    mean, half = mean_within([_loss(m, 1) - _loss(m, 0) for m in judged])
    evidence["log_loss"] = {"difference": mean, "low": mean - half, "high": mean + half}
    if not mean + half < 0.0:
        return Judgement(False, "it does not predict better", evidence)
    beside_live = sum(_loss(m, 1) - _live_loss(m) for m in judged) / len(judged)
    evidence["log_loss"]["beside_live"] = beside_live
    if beside_live > 0.0:
        return Judgement(False, "the live router predicted no worse", evidence)
    rows = _rows(traffic, judged, _propensities(judged))
    found = difference([b for _, b in rows], [a for a, _ in rows])
    evidence["quality"] = _told(found)
    if found.dr is None:
        why = found.target.refusal or found.other.refusal
        text = REFUSAL_TEXT[why] if why is not None else "nothing can be estimated"
        return Judgement(False, f"it predicts better, but {text}", evidence)
    low = found.dr.mean - SURENESS * (found.dr.mean - found.dr.low)
    evidence["quality"]["low"] = low
    if not low > 0.0:
        return Judgement(False, "it predicts better, but answers would not be better", evidence)
    return Judgement(True, "it predicts better and answers would be better", evidence)


def _told(found: Difference) -> dict[str, Any]:
    return {
        "difference": None if found.dr is None else found.dr.mean,
        "champion": None if found.other.dr is None else found.other.dr.mean,
        "challenger": None if found.target.dr is None else found.target.dr.mean,
        "effective_samples": found.target.ess,
        "coverage": found.target.coverage,
    }


def _loss(moment: Moment, mind: int) -> float:
    return _log_loss(moment.beliefs[mind][moment.model], moment.each.reward or 0.0)


def _live_loss(moment: Moment) -> float:
    """Of what the router that wrote the log expected, which may have known more than the log."""
    believed = next(
        c.quality for c in moment.decision.candidates if c.view.model.name == moment.model
    )
    return _log_loss(believed, moment.each.reward or 0.0)


def _log_loss(believed: float, y: float) -> float:
    q = min(1.0 - _EDGE, max(_EDGE, believed))
    return -(y * log(q) + (1.0 - y) * log(1.0 - q))


def mean_within(values: Sequence[float]) -> tuple[float, float]:
    """Mean of at least two values, and half its interval at `SURENESS`."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, _Z * sqrt(variance / len(values))


Kind = tuple[object, ...]


def _paths(moments: Sequence[Moment]) -> list[Kind]:
    """From coarse to fine: whom the challenger takes for best, whom the champion, topic, length."""
    lengths: dict[str, list[int]] = defaultdict(list)
    for moment in moments:
        lengths[_topic(moment)].append(moment.each.query.prompt_tokens)
    middles = {topic: sorted(each)[len(each) // _BANDS] for topic, each in lengths.items()}
    return [
        (
            *reversed(_favourites(moment)),
            _topic(moment),
            moment.each.query.prompt_tokens >= middles[_topic(moment)],
        )
        for moment in moments
    ]


def _topic(moment: Moment) -> str:
    return moment.decision.task.topics[0].topic


def _favourites(moment: Moment) -> tuple[str, ...]:
    return tuple(max(beliefs, key=lambda model: beliefs[model]) for beliefs in moment.beliefs)


def _kinds(moments: Sequence[Moment]) -> list[Kind]:
    """The finest kind of each moment in which everybody's favourites were chosen often enough."""
    paths = _paths(moments)
    went: dict[Kind, Counter[str]] = defaultdict(Counter)
    wanted: dict[Kind, Counter[str]] = defaultdict(Counter)
    children: dict[Kind, set[Kind]] = defaultdict(set)
    for path, moment in zip(paths, moments, strict=True):
        for depth in range(len(path) + 1):
            went[path[:depth]][moment.model] += 1
            wanted[path[:depth]].update(set(_favourites(moment)))
            children[path[:depth]].add(path[: depth + 1])

    def is_known(kind: Kind) -> bool:
        often = [model for model, count in wanted[kind].items() if count >= LEAST_SEEN]
        return all(went[kind][model] >= LEAST_SEEN for model in often)

    found = []
    for path in paths:
        depth = 0
        while depth < len(path) and all(map(is_known, children[path[:depth]])):
            depth += 1
        found.append(path[:depth])
    return found


def _propensities(moments: Sequence[Moment]) -> list[float]:
    """How often queries of each one's kind went to its model."""
    kinds = _kinds(moments)
    of_kind = Counter(kinds)
    to_model = Counter((kind, m.model) for kind, m in zip(kinds, moments, strict=True))
    return [to_model[kind, m.model] / of_kind[kind] for kind, m in zip(kinds, moments, strict=True)]


def _rows(
    traffic: Traffic, moments: Sequence[Moment], propensities: Sequence[float]
) -> list[tuple[Row, Row]]:
    """What the policy would do with each mind's beliefs; queries that either refuses are out."""
    policy = build(traffic.policy, traffic.fleet)
    rows = []
    for moment, propensity in zip(moments, propensities, strict=True):
        alone = replace(traffic, queries=(moment.each,))
        pair = [row for b in moment.beliefs for row in judged_rows(alone, policy, _told_by(b)).rows]
        if len(pair) == len(moment.beliefs):
            rows.append((_even(pair[0], moment, propensity), _even(pair[1], moment, propensity)))
    return rows


def _told_by(beliefs: Mapping[str, float]) -> Quality:
    return lambda _, model: beliefs[model]


def _even(row: Row, moment: Moment, propensity: float) -> Row:
    """The row with predictions that take neither side, and the propensity of its kind."""
    middle = tuple(
        sum(beliefs[arm] for beliefs in moment.beliefs) / len(moment.beliefs) for arm in row.arms
    )
    chosen = row.arms.index(moment.model)
    return replace(row, quality=middle, chosen=chosen, propensity=propensity)
