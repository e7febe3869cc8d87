"""Figures of the last minutes: paces against objectives, and how predictions turned out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from zeta_router.core.query import NO_SLO
from zeta_router.policy.score import p_slo
from zeta_router.telemetry.lately import Answer, met

RECENT_S = 120.0
"""Answers older than that say nothing about the pace of the moment."""

BINS = 10


def pace(answers: Sequence[Answer], now_s: float) -> dict[str, Any]:
    """How fast an endpoint answered of late, and how often within what was promised.

    Times run from arrival at the router. What nobody measured is null, never 0.
    """
    recent = [answer for answer in answers if now_s - answer.at_s <= RECENT_S]
    ttfts = [a.sent_after_s + a.ttft_s for a in recent if a.ttft_s is not None]
    tpots = [a.tpot_s for a in recent if a.tpot_s is not None]
    tokens = sum(answer.output_tokens or 0 for answer in recent)
    span_s = max(1.0, now_s - recent[0].at_s) if len(recent) > 1 else None
    return {
        "answers": len(recent),
        "ttft_p50_s": quantile(ttfts, 0.5),
        "ttft_p95_s": quantile(ttfts, 0.95),
        "ttft_used_p95_ratio": quantile(_ttft_used(recent), 0.95),
        "ttft_slo_s": _tightest([a.slo.ttft_s for a in recent]),
        "tpot_p50_s": quantile(tpots, 0.5),
        "tpot_p95_s": quantile(tpots, 0.95),
        "tpot_slo_s": _tightest([a.slo.tpot_s for a in recent]),
        "in_time_ratio": share([a.in_time for a in recent]),
        "output_tokens_per_s": round(tokens / span_s, 2) if span_s is not None else None,
    }


def _ttft_used(answers: Sequence[Answer]) -> list[float]:
    """Each time to the first token as a share of the answer's own objective."""
    return [
        (a.sent_after_s + a.ttft_s) / a.slo.ttft_s
        for a in answers
        if a.ttft_s is not None and a.slo.ttft_s
    ]


def calibration(answers: Sequence[Answer]) -> dict[str, Any]:
    """How the predictions for these answers turned out.

    `p_slo` sets the predicted probability to be in time beside the share that was; ratios are
    measured over predicted, so 1 is right and 2 is twice as long as thought.
    """
    by_bin: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for answer in answers:
        if answer.slo == NO_SLO:
            continue
        slo = answer.slo.scaled(answer.slo_scale) if answer.slo_scale != 1.0 else answer.slo
        if answer.chance is None:
            answer.chance = p_slo(answer.candidate, slo, answer.sent_after_s)
        kept = met(answer, slo)
        by_bin[min(BINS - 1, int(answer.chance * BINS))].append((answer.chance, kept))
    return {
        "answers": len(answers),
        "p_slo": [
            {
                "from": number / BINS,
                "answers": len(found),
                "predicted": share([chance for chance, _ in found]),
                "met": share([kept for _, kept in found]),
            }
            for number, found in enumerate(by_bin)
        ],
        "endpoints": [
            {"id": endpoint_id, **_ratios(group)} for endpoint_id, group in _by_endpoint(answers)
        ],
    }


def _ratios(answers: Sequence[Answer]) -> dict[str, Any]:
    ttft: list[float] = []
    tpot: list[float] = []
    length: list[float] = []
    for answer in answers:
        predicted = answer.candidate
        _add(ttft, answer.ttft_s, predicted.ttft_s)
        _add(tpot, answer.tpot_s, predicted.tpot_s)
        _add(length, answer.output_tokens, predicted.output_tokens)
    return {
        "answers": len(answers),
        "ttft": _spread(ttft),
        "tpot": _spread(tpot),
        "length": _spread(length),
    }


def _add(ratios: list[float], measured: float | None, predicted: float) -> None:
    if measured is not None and measured > 0.0 and 0.0 < predicted < float("inf"):
        ratios.append(measured / predicted)


def _spread(ratios: list[float]) -> dict[str, float | None]:
    return {
        "p10": quantile(ratios, 0.1),
        "p50": quantile(ratios, 0.5),
        "p90": quantile(ratios, 0.9),
    }


def _by_endpoint(answers: Iterable[Answer]) -> list[tuple[str, list[Answer]]]:
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        groups.setdefault(answer.candidate.view.endpoint.id, []).append(answer)
    return sorted(groups.items())


def _tightest(bounds: Sequence[float | None]) -> float | None:
    return min([bound for bound in bounds if bound is not None], default=None)


def quantile(values: Sequence[float], share_: float) -> float | None:
    """The value below which a share of them lies (nearest rank); None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(share_ * len(ranked)))], 6)


def share(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return round(sum(values) / len(values), 4) if values else None
