"""The figures of a run, over what its clients saw.

`goodput` is the share of all requests sent that were answered within the objectives, and
`quality_goodput` the mean over all of them of the score of the answer, counted only if it was.
Refusals, errors and losses count 0 in both. What was under way when the run was stopped by hand
counts in neither: it was given up on this side. Latencies are over answers; they flatter whoever
refuses much, so the refusals stand beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from zeta_router.app.bench.load import Run
from zeta_router.app.bench.prompts import Ask
from zeta_router.app.bench.sending import End, Reply
from zeta_router.core.query import Slo

LATE_S = 0.05
"""Lateness of the 99th percentile from which on the load is not what it says."""

Figures = dict[str, Any]


def in_slo(reply: Reply, slo: Slo) -> bool:
    """Whether it was answered within the objectives; a TPOT under two tokens counts as met."""
    return reply.end is End.ANSWERED and not missed(reply, slo)


def missed(reply: Reply, slo: Slo) -> list[str]:
    """Which objectives an answer missed: ``ttft``, ``tpot``, ``e2e``."""
    measured = {
        "ttft": (reply.ttft_s if reply.ttft_s is not None else reply.e2e_s, slo.ttft_s),
        "tpot": (reply.tpot_s or 0.0, slo.tpot_s),
        "e2e": (reply.e2e_s, slo.e2e_s),
    }
    return [name for name, (took_s, limit_s) in measured.items() if not _within(took_s, limit_s)]


def figures(run: Run, slo: Slo) -> Figures:
    """Everything that is told of a run; None where nothing was measured, lengths in seconds."""
    replies = [reply for _, reply in run.replies]
    answered = [reply for reply in replies if reply.end is End.ANSWERED]
    refused = [reply for reply in replies if reply.end is End.REFUSED]
    ends = Counter(reply.end for reply in replies)
    ended = [(ask, reply) for ask, reply in run.replies if reply.end is not End.STOPPED]
    good = [in_slo(reply, slo) for _, reply in ended]
    return {
        "scheduled": run.scheduled,
        "arrivals": len(replies),
        "seconds": run.seconds,
        "goodput": sum(good) / len(good) if good else None,
        "quality_goodput": _quality(ended, good),
        "mean_quality": _mean(_scores(run.replies)),
        "ttft_p50_s": _percentile((reply.ttft_s for reply in answered), 50),
        "ttft_p99_s": _percentile((reply.ttft_s for reply in answered), 99),
        "tpot_p50_s": _percentile((reply.tpot_s for reply in answered), 50),
        "tpot_p99_s": _percentile((reply.tpot_s for reply in answered), 99),
        "e2e_p50_s": _percentile((reply.e2e_s for reply in answered), 50),
        "e2e_p99_s": _percentile((reply.e2e_s for reply in answered), 99),
        "answered": ends[End.ANSWERED],
        "refused": ends[End.REFUSED],
        "refused_with_retry_after": sum(reply.retry_after_s is not None for reply in refused),
        "retry_after_p50_s": _percentile((reply.retry_after_s for reply in refused), 50),
        "missed": _counted(name for reply in answered for name in missed(reply, slo)),
        "errors": ends[End.ERROR],
        "lost": ends[End.LOST],
        "stopped": ends[End.STOPPED],
        "output_tokens": sum(reply.output_tokens or 0 for reply in answered),
        "overhead_p99_ms": _percentile((reply.overhead_ms for reply in answered), 99),
        "late_p99_s": _percentile((reply.late_s for reply in replies), 99),
        "late_max_s": max((reply.late_s for reply in replies), default=None),
        "by_model": _counted(reply.model for reply in answered),
        "by_endpoint": _counted(reply.endpoint for reply in answered),
        "by_task": _counted(reply.task for reply in replies),
        "by_reason": _counted(reply.reason for reply in replies),
        "by_status": _counted(str(reply.status) for reply in replies),
        "topics": _topics(run.replies),
        "problems": _problems(replies),
    }


def is_late(told: Figures) -> bool:
    """Whether requests went out so late that the load is not the one asked for."""
    late_s: float | None = told["late_p99_s"]
    return late_s is not None and late_s > LATE_S


def _within(value_s: float, limit_s: float | None) -> bool:
    return limit_s is None or value_s <= limit_s


def _quality(replies: Sequence[tuple[Ask, Reply]], good: Sequence[bool]) -> float | None:
    """Mean score over all requests, 0 for what was not in time; None without scores."""
    if not replies or not replies[0][0].scores:
        return None
    pairs = zip(replies, good, strict=True)
    return sum(ask.scores.get(reply.model, 0.0) for (ask, reply), met in pairs if met) / len(good)


def _scores(replies: Sequence[tuple[Ask, Reply]]) -> list[float]:
    """Scores of the answers whose model is known."""
    return [
        ask.scores[reply.model]
        for ask, reply in replies
        if reply.end is End.ANSWERED and reply.model in ask.scores
    ]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _percentile(values: Iterable[float | None], percent: float) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.percentile(known, percent)) if known else None


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(filter(None, names)).items()))


def _topics(replies: Sequence[tuple[Ask, Reply]]) -> dict[str, dict[str, int]]:
    """Answers by topic and model."""
    found: dict[str, Counter[str]] = {}
    for ask, reply in replies:
        if reply.end is End.ANSWERED:
            found.setdefault(ask.topic, Counter())[reply.model] += 1
    return {topic: dict(sorted(models.items())) for topic, models in sorted(found.items())}


def _problems(replies: Sequence[Reply]) -> dict[str, int]:
    """The five most frequent things that errors and losses said."""
    told = (r.problem for r in replies if r.end in (End.ERROR, End.LOST) and r.problem)
    return dict(Counter(told).most_common(5))
