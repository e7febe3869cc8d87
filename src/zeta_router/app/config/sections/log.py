"""`log`: the decision log."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from zeta_router.app.config.sections.values import Positive, Text, says


class LogSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The decision log."""

    path: Annotated[
        Text,
        says("SQLite file, relative to the working directory.", also=("file", "database")),
    ] = "zeta.db"
    keep_days: Annotated[
        Positive, says("Days after which records are deleted.", also=("retention_days", "days"))
    ] = 30.0
    prompts: Annotated[
        bool, says("Whether prompt texts are stored too. Off, only numbers made from them are.")
    ] = False
