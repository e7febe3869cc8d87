"""When traces are on, where they go, and what happens without the packages."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
import time

import pytest

from zeta_router.app import tracing as module
from zeta_router.app.tracing import FLUSH_S, is_on, traces_url, tracing
from zeta_router.core.errors import ConfigError

GENERAL = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318"}
HERE = "http://127.0.0.1:4318"


@pytest.mark.parametrize(
    ("endpoint", "environment", "on"),
    [
        (None, {}, False),
        (HERE, {}, True),
        (None, GENERAL, True),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h/v1/traces"}, True),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        (None, {**GENERAL, "OTEL_TRACES_EXPORTER": "none"}, False),
        (None, {**GENERAL, "OTEL_TRACES_EXPORTER": "otlp"}, True),
        (None, {**GENERAL, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        (HERE, {"OTEL_SDK_DISABLED": "true"}, False),
        (HERE, {"OTEL_SDK_DISABLED": "false"}, True),
    ],
)
def test_when_it_is_on(endpoint: str | None, environment: dict[str, str], on: bool) -> None:
    assert is_on(endpoint, environment) is on


def test_a_protocol_that_is_not_spoken_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert not is_on(None, {**GENERAL, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert "OTEL_EXPORTER_OTLP_PROTOCOL is grpc" in caplog.text


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (HERE, f"{HERE}/v1/traces"),
        (f"{HERE}/", f"{HERE}/v1/traces"),
        (f"{HERE}/otlp/v1/traces", f"{HERE}/otlp/v1/traces"),
    ],
)
def test_where_spans_are_posted_to(endpoint: str, url: str) -> None:
    assert traces_url(endpoint) == url


def test_off_it_is_nothing_and_imports_nothing() -> None:
    program = (
        "import sys, zeta_router.app.running\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")

    async def scenario() -> None:
        async with tracing(None, {}, 0.0) as made:
            assert made is None

    asyncio.run(scenario())


def test_without_the_packages_the_file_is_wrong_and_the_environment_is_only_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_PACKAGE", "no_such_package.exporter")

    async def entered(endpoint: str | None, environment: dict[str, str]) -> object:
        async with tracing(endpoint, environment, 0.0) as made:
            return made

    with pytest.raises(ConfigError, match="zeta-router\\[otel\\]"):
        asyncio.run(entered(HERE, {}))
    assert asyncio.run(entered(None, GENERAL)) is None
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set" in caplog.text
    assert "zeta-router[otel]" in caplog.text


def test_a_collector_that_never_answers_does_not_hold_up_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, logger="opentelemetry")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"

        async def scenario() -> float:
            async with tracing(address, {}, 0.0) as made:
                assert made is not None
                made._tracer.start_span("x").end()
                start = time.monotonic()
            return time.monotonic() - start

        assert asyncio.run(scenario()) < FLUSH_S + 1.5
