"""`zeta replay` as a value: a log and policies in, every figure out.

Quality is estimated from what was judged in the log (`sim.replay.logged_quality`,
`learn.offpolicy`), latency is simulated (`sim.replay.play`). The logging policy is replayed first,
and whether its replay agrees with the log stands beside every simulated figure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from zeta_router.learn.offpolicy import REFUSAL_TEXT, Estimate, estimate
from zeta_router.policy.registry import build, policy_named
from zeta_router.sim.drive import Drive
from zeta_router.sim.replay.check import Validation, validate
from zeta_router.sim.replay.fit import Fit
from zeta_router.sim.replay.logged import Traffic
from zeta_router.sim.replay.logged_quality import judged_rows
from zeta_router.sim.replay.play import replay
from zeta_router.sim.replay.prepare import Prepared, prepare
from zeta_router.sim.report.measure import row_of
from zeta_router.sim.report.timeline import distributions

Tell = Callable[[str], None]

_LATENCY = (
    "goodput", "ttft_p50_s", "ttft_p99_s", "e2e_p50_s", "e2e_p99_s", "tpot_p99_s", "shed_ratio",
    "utilisation", "served_by", "simulated_s",
)  # fmt: skip
"""What is told of a replayed run; `goodput` is the share of arrivals within their objectives."""


def study(traffic: Traffic, policies: Sequence[str], tell: Tell | None = None) -> dict[str, Any]:
    """Replay a log with each policy.

    Returns:
        ``log`` (what it holds), ``engines`` (how each was fitted), ``validation`` (the logging
        policy's replay against the log), ``policies`` (the logging one first; for each ``quality``
        and ``latency``) and ``notes``.

    Raises:
        ConfigError: A policy does not exist, or the log cannot be replayed.
    """
    for name in policies:
        policy_named(name)
    told = tell or (lambda _: None)
    told("fitting engines to the log")
    prepared = prepare(traffic)
    told(f"replaying {traffic.policy}, which wrote the log")
    own = replay(prepared, traffic.policy)
    validation = validate(traffic, own)
    found = {traffic.policy: _policy(prepared, traffic.policy, own, validation)}
    for name in policies:
        if name not in found:
            told(f"replaying {name}")
            found[name] = _policy(prepared, name, replay(prepared, name), validation)
    return {
        "log": _log(traffic),
        "engines": {key: _engine(fit) for key, fit in prepared.fits.items()},
        "validation": {"is_valid": validation.is_valid, **asdict(validation)},
        "policies": found,
        "notes": list(prepared.notes),
    }


def _log(traffic: Traffic) -> dict[str, Any]:
    judged = [each.reward for each in traffic.queries if each.reward is not None]
    return {
        "queries": len(traffic.queries),
        "seconds": traffic.seconds,
        "policy": traffic.policy,
        "answered": sum(each.answered is not None for each in traffic.queries),
        "judged": len(judged),
        "mean_reward": fmean(judged) if judged else None,
    }


def _engine(fit: Fit) -> dict[str, Any]:
    spec = fit.spec
    return {
        "prefill_tokens_per_s": spec.prefill_tokens_per_s,
        "step_s": spec.step_s,
        "step_per_seq_s": spec.step_per_seq_s,
        "slots": spec.slots,
        "overhead_s": fit.overhead_s,
        "requests": fit.requests,
        "ttft_error": fit.ttft_error,
        "tpot_error": fit.tpot_error,
        "e2e_error": fit.e2e_error,
    }


def _policy(prepared: Prepared, name: str, drive: Drive, validation: Validation) -> dict[str, Any]:
    row = row_of(drive, policy=name, rate=1.0, seed=prepared.traffic.seed)
    latency = {field: row[field] for field in _LATENCY}
    return {
        "quality": _quality(prepared.traffic, name),
        "latency": {
            "is_validated": validation.is_valid,
            **latency,
            "distributions": distributions(drive.records),
        },
    }


def _quality(traffic: Traffic, name: str) -> dict[str, Any]:
    judged = judged_rows(traffic, build(name, traffic.fleet))
    result: Estimate = estimate(judged.rows)
    refusal = result.refusal
    return {
        **asdict(result),
        "refusal": None if refusal is None else refusal.value,
        "refusal_text": "" if refusal is None else REFUSAL_TEXT[refusal],
        "would_refuse": judged.refused,
        "would_hold": judged.held,
        "reproduced": judged.reproduced,
    }
