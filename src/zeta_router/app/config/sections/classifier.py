"""`classifier`: how tasks are told apart."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from zeta_router.app.config.sections.values import NotNegative, Positive, Share, Text, says


class ClassifierSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How tasks are told apart, where a request does not say its own."""

    weights: Annotated[
        Text | None,
        says(
            "File that `zeta train classifier` wrote, relative to the working directory.",
            default="the weights that come with the package",
        ),
    ] = None
    hard_called_simple: Annotated[
        NotNegative,
        says("What it costs to treat a code or reasoning query as simple, relative to the rest."),
    ] = 1.25
    simple_called_hard: Annotated[
        NotNegative, says("What it costs to treat a simple query as code or reasoning.")
    ] = 1.0
    hard_swapped: Annotated[
        NotNegative, says("What it costs to treat code as reasoning or the reverse.")
    ] = 1.0
    embedder_head: Annotated[
        Text | None,
        says(
            "File that `zeta train classifier --embedder` wrote. Where the task is uncertain, the "
            "decision depends on it and an endpoint with that embedding model is idle, it is asked "
            "first.",
            default="no embedder is asked",
        ),
    ] = None
    embedder_below: Annotated[
        Share, says("Probability of the likeliest task below which it counts as uncertain.")
    ] = 0.9
    embedder_wait_s: Annotated[
        Positive, says("Longest time that a query waits for its embedding.")
    ] = 0.05
