"""Headers both ways: what reaches the engine and what reaches the client, by allow-list."""

from __future__ import annotations

from collections.abc import Mapping

from zeta_router.core.decision import Decision

_TO_ENGINE = ("traceparent", "tracestate", "x-request-id", "accept")
_TO_CLIENT = ("content-type", "content-encoding", "x-request-id", "cache-control")


def upstream_headers(theirs: Mapping[str, str], key: str | None) -> dict[str, str]:
    """Headers of the request to an engine.

    The client's own key is not among them: it was meant for this router. `key` is the engine's,
    from the configuration.
    """
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    for name in _TO_ENGINE:
        value = theirs.get(name)
        if value is not None:
            headers[name] = value
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    return headers


def answer_headers(
    decision: Decision,
    theirs: Mapping[str, str] | None,
    queue_wait_s: float,
    overhead_s: float,
    attempts: int,
) -> dict[str, str]:
    """Headers of the answer: the engine's own that matter, and what was decided.

    Args:
        decision: The decision that led to this answer.
        theirs: The engine's headers; None when no engine answered.
        queue_wait_s: Seconds held in the router.
        overhead_s: Seconds the router added, waiting excluded.
        attempts: Endpoints tried.
    """
    headers = {
        "x-zeta-decision-id": decision.query_id,
        "x-zeta-task": decision.task.task.value,
        "x-zeta-reason": decision.reason.value,
        "x-zeta-queue-ms": f"{queue_wait_s * 1000:.1f}",
        "x-zeta-overhead-ms": f"{overhead_s * 1000:.2f}",
        "x-zeta-attempts": str(attempts),
    }
    if theirs is not None and decision.endpoint_id is not None:
        headers["x-zeta-endpoint"] = decision.endpoint_id
        headers["x-zeta-model"] = model_of(decision)
        for name in _TO_CLIENT:
            value = theirs.get(name)
            if value is not None:
                headers[name] = value
    return headers


def model_of(decision: Decision) -> str:
    """Name of the model that the decision chose; empty when it chose none."""
    for candidate in decision.candidates:
        if candidate.view.endpoint.id == decision.endpoint_id:
            return candidate.view.model.name
    return ""
