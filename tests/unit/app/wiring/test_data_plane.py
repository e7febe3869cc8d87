"""Which client a configuration takes for which endpoint."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from zeta_router.app.config import LoadedConfig
from zeta_router.app.config.loaded import Listen, LogSettings
from zeta_router.app.wiring.data_plane import upstream_of
from zeta_router.core.fleet import Endpoint, FleetConfig
from zeta_router.gateway.upstream import UnreachableError, new_session

CONFIG = LoadedConfig(
    FleetConfig({}, ()), Listen("127.0.0.1", 0), LogSettings("z.db", 1.0, False), 1, {}, "zeta.yaml"
)


async def told(upstream: str, url: str) -> str:
    """What the client says that cannot reach an endpoint."""
    async with (
        new_session() as session,
        upstream_of(replace(CONFIG, upstream=upstream), session) as client,
    ):
        with pytest.raises(UnreachableError) as caught:
            await client.send(Endpoint("c", url, "coder"), "/v1/x", {}, b"{}")
        return str(caught.value)


@pytest.mark.parametrize(
    ("upstream", "url", "lean"),
    [
        ("auto", "http://127.0.0.1:1", True),
        ("auto", "HTTP://127.0.0.1:1", True),
        ("auto", "https://127.0.0.1:1", False),
        ("lean", "http://127.0.0.1:1", True),
        ("lean", "https://127.0.0.1:1", False),
        ("aiohttp", "http://127.0.0.1:1", False),
    ],
)
def test_the_client_for_an_endpoint(upstream: str, url: str, lean: bool) -> None:
    said = asyncio.run(told(upstream, url))
    assert said.startswith("c: no connection") == lean


def test_on_windows_the_loop_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeta_router.app.wiring.data_plane.sys.platform", "win32")
    assert not asyncio.run(told("auto", "http://127.0.0.1:1")).startswith("c: ")
