"""Closed lists of reasons: why an answer was given, and why an endpoint was not considered.

Closed and short, because they label metrics and are documented one by one in
`docs/reference/reasons.md`. Details belong in the explanation, never in the label.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a decision is what it is."""

    # dispatched
    ROUTE = "route"
    BALANCED = "balanced"
    BEST_SCORE = "best_score"
    PINNED = "pinned"
    OVERFLOW = "overflow"
    FALLBACK = "fallback"
    EXPLORED = "explored"
    HEDGED = "hedged"
    # held
    WAIT_SLOT = "wait_slot"
    WAIT_ENDPOINT = "wait_endpoint"
    # refused
    QUEUE_FULL = "queue_full"
    DEADLINE = "deadline"
    SHED = "shed"
    NO_ENDPOINT_UP = "no_endpoint_up"
    NO_CAPABLE_MODEL = "no_capable_model"
    UNKNOWN_MODEL = "unknown_model"
    UPSTREAM_FAILED = "upstream_failed"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    DENIED = "denied"


REASON_TEXT: dict[Reason, str] = {
    Reason.ROUTE: "the static rule for this task names this model",
    Reason.BALANCED: "the policy's choice among equally capable endpoints",
    Reason.BEST_SCORE: "highest score of all candidates",
    Reason.PINNED: "the client named this model",
    Reason.OVERFLOW: "the model that usually serves this task is too busy; another one can do it",
    Reason.FALLBACK: "no endpoint of the model that usually serves this task is up",
    Reason.EXPLORED: "chosen to learn about it, against a slightly better score",
    Reason.HEDGED: "sent there as well, because the first answer is late",
    Reason.WAIT_SLOT: "held until a slot is free",
    Reason.WAIT_ENDPOINT: "held until an endpoint that can serve it is up",
    Reason.QUEUE_FULL: "every slot is taken and the queue is full",
    Reason.DEADLINE: "waited as long as it may; no slot became free",
    Reason.SHED: "serving it now would cost others more than it is worth",
    Reason.NO_ENDPOINT_UP: "waited as long as it may; no endpoint that can serve it came up",
    Reason.NO_CAPABLE_MODEL: "no endpoint of this fleet has a model that can do this",
    Reason.UNKNOWN_MODEL: "no model of this name in the fleet",
    Reason.UPSTREAM_FAILED: "the engines that were tried failed",
    Reason.UPSTREAM_TIMEOUT: "the engine did not answer in time",
    Reason.DENIED: "every engine that could answer denied it; the client gets an engine's words",
}
"""One sentence a reason, for explanations and for the generated reference."""


class Drop(StrEnum):
    """Why an endpoint was not a candidate."""

    OTHER_MODEL = "other_model"
    CANNOT_DO_TASK = "cannot_do_task"
    OTHER_EMBEDDING_SPACE = "other_embedding_space"
    CONTEXT_TOO_SMALL = "context_too_small"
    LACKS_CAPABILITY = "lacks_capability"
    DOWN = "down"
    DRAINING = "draining"
    EJECTED = "ejected"
    ALREADY_FAILED = "already_failed"


DROP_TEXT: dict[Drop, str] = {
    Drop.OTHER_MODEL: "the client named another model",
    Drop.CANNOT_DO_TASK: "its model is not declared for this task",
    Drop.OTHER_EMBEDDING_SPACE: (
        "it does not make vectors of the embedding space asked for, and vectors of different "
        "spaces cannot be compared"
    ),
    Drop.CONTEXT_TOO_SMALL: "prompt and answer do not fit into its context",
    Drop.LACKS_CAPABILITY: "its model lacks something that the request needs",
    Drop.DOWN: "it does not answer",
    Drop.DRAINING: "it is being drained",
    Drop.EJECTED: "its answers were of no use of late, or none came; others can do the task",
    Drop.ALREADY_FAILED: "it has already failed this query",
}
"""One sentence a filter."""

LASTING_DROPS = frozenset(
    {
        Drop.OTHER_MODEL,
        Drop.CANNOT_DO_TASK,
        Drop.OTHER_EMBEDDING_SPACE,
        Drop.CONTEXT_TOO_SMALL,
        Drop.LACKS_CAPABILITY,
    }
)
"""Drops that waiting does not cure; the others may pass by themselves."""
