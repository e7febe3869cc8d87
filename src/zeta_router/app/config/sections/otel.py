"""`otel`: where traces go."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from zeta_router.app.config.sections.values import Url, says


class OtelSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """OpenTelemetry traces."""

    endpoint: Annotated[
        Url | None,
        says(
            "OTLP/HTTP collector that traces are sent to, e.g. http://127.0.0.1:4318; `/v1/traces` "
            "is added where the URL has no path. Needs the `otel` extra.",
            default="what OTEL_EXPORTER_OTLP_ENDPOINT says, else no traces",
        ),
    ] = None
