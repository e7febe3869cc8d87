"""`models`: what the fleet's models are and can do."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from zeta_router.app.config.sections.values import Count, Positive, Share, Text, says
from zeta_router.core.query import Capability, Task


class ModelSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A model of the fleet."""

    tasks: Annotated[
        Annotated[dict[Task, Share | None], Meta(min_length=1)]
        | Annotated[list[Task], Meta(min_length=1)],
        says(
            "What it can do. A mapping gives the prior quality of its answers, 0 to 1, per task "
            "(null: from the size table); a list takes all of them from the size table. Priors "
            "weigh as much as 20 observations and are overruled by what is observed."
        ),
    ]
    params_b: Annotated[
        Positive | None,
        says(
            "Parameters in billions, for the size table and the first guess of its speed.",
            also=("size", "parameters"),
            default="unknown, taken as 7",
        ),
    ] = None
    context_tokens: Annotated[
        Count | None,
        says(
            "Longest prompt and answer together. Longer requests go elsewhere.",
            also=("max_model_len", "context_length", "num_ctx", "n_ctx", "max_tokens"),
            default="unknown, nothing is filtered",
        ),
    ] = None
    embedding_space: Annotated[
        Text | None,
        says(
            "Name of the vector space of its embeddings, your choice. Requests for embeddings "
            "overflow only between models that declare the same space.",
            default="a space of its own",
        ),
    ] = None
    lacks: Annotated[
        list[Capability],
        says("What it is known not to support. Requests that need it go elsewhere."),
    ] = field(default_factory=list)
