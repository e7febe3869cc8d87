"""Switching traces on: where they are sent, and what stands in the way.

On where `otel.endpoint` stands in zeta.yaml or one of OpenTelemetry's own variables names an
endpoint; all other settings are OpenTelemetry's (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER,
OTEL_EXPORTER_OTLP_HEADERS, OTEL_BSP_*). Off, not even the packages are imported.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from zeta_router import __version__
from zeta_router.core.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from zeta_router.telemetry.tracing import Tracing

ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOL_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
TRACES_PATH = "/v1/traces"
FLUSH_S = 3.0
"""Longest time that the end of the gateway waits for the last spans to be taken."""

_PACKAGE = "opentelemetry.exporter.otlp.proto.http"
_INSTALL = 'install them: pip install "zeta-router[otel]"'
_LOG = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def tracing(
    endpoint: str | None, environment: Mapping[str, str], wall_offset_s: float
) -> AsyncIterator[Tracing | None]:
    """What makes spans, until the end of the block; None where tracing is off.

    Args:
        endpoint: An OTLP/HTTP collector's address, from zeta.yaml; `/v1/traces` is added where it
            has no path.
        environment: The process' variables.
        wall_offset_s: What the driver's clock lacks to the time since 1970.

    Raises:
        ConfigError: zeta.yaml asks for it and the packages are not there.
    """
    if not is_on(endpoint, environment):
        yield None
        return
    if not _installed():
        if endpoint is not None:
            raise ConfigError("otel.endpoint", "OpenTelemetry's packages are missing", _INSTALL)
        _LOG.warning(
            "%s is set and OpenTelemetry's packages are missing: no traces; %s",
            _named(ENDPOINT_VARIABLES, environment),
            _INSTALL,
        )
        yield None
        return
    async with _sending(_exporter(endpoint), environment, wall_offset_s) as made:
        yield made


def is_on(endpoint: str | None, environment: Mapping[str, str]) -> bool:
    """Whether anything asks for traces and nothing forbids them."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if endpoint is not None:
        return True
    if environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() != "otlp":
        return False
    if not _named(ENDPOINT_VARIABLES, environment):
        return False
    protocol = _named(PROTOCOL_VARIABLES, environment)
    if protocol and environment[protocol] != "http/protobuf":
        _LOG.warning(
            "%s is %s and only http/protobuf is spoken here: no traces",
            protocol,
            environment[protocol],
        )
        return False
    return True


def traces_url(endpoint: str) -> str:
    """The address that spans are posted to."""
    if urlsplit(endpoint).path.strip("/"):
        return endpoint
    return endpoint.rstrip("/") + TRACES_PATH


def _named(variables: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """The first of the variables that is set; empty when none is."""
    return next((name for name in variables if environment.get(name)), "")


def _installed() -> bool:
    try:
        return find_spec(_PACKAGE) is not None and find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:
        return False


def _exporter(endpoint: str | None) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    if endpoint is None:
        return OTLPSpanExporter()  # which reads the variables itself
    return OTLPSpanExporter(endpoint=traces_url(endpoint))


@contextlib.asynccontextmanager
async def _sending(
    exporter: SpanExporter, environment: Mapping[str, str], wall_offset_s: float
) -> AsyncIterator[Tracing]:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from zeta_router.telemetry.tracing import Tracing

    service = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": "zeta-router"}
    resource = Resource.create({**service, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield Tracing(provider.get_tracer("zeta_router", __version__), wall_offset_s)
    finally:
        # a daemon, because a collector that does not answer holds it for up to half a minute
        closing = threading.Thread(target=provider.shutdown, name="otel-shutdown", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, FLUSH_S)
