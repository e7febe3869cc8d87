"""`learning`: what is learned beyond the single outcome."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from zeta_router.app.config.sections.values import NotNegative, says


class LearningSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is learned beyond the single outcome."""

    retrain_every_h: Annotated[
        NotNegative,
        says(
            "Hours between two retrainings from the decision log, in a process of its own; 0 for "
            "never. `zeta train --history` shows what was promoted, refused and rolled back."
        ),
    ] = 24.0
