"""No reload opens a gateway that others can reach."""

from __future__ import annotations

import asyncio

import pytest

from zeta_router.app.cli.listen import guarded
from zeta_router.app.config import Listen, LoadedConfig, load_text
from zeta_router.core.errors import ConfigError

FLEET = """
models: {m: {tasks: [code]}}
endpoints: [{id: a, url: "http://127.0.0.1:9", model: m}]
"""
KEYS = 'keys: [{name: alice, hash: "sha256:' + "ab" * 32 + '"}]\n'
OPEN = "gateway: {without_keys: true}\n"
EVERYWHERE = Listen("192.0.2.1", 8080)
HERE = Listen("127.0.0.1", 8080)


def reloaded(text: str, listen: Listen) -> LoadedConfig:
    """What a running gateway takes over."""

    async def load() -> LoadedConfig:
        return load_text(FLEET + text, source="f", environ={})

    return asyncio.run(guarded(load, listen)())


def test_the_last_key_cannot_be_taken_out_where_others_can_reach_it() -> None:
    with pytest.raises(ConfigError, match="there are no keys"):
        reloaded("", EVERYWHERE)


@pytest.mark.parametrize(("text", "listen"), [(KEYS, EVERYWHERE), (OPEN, EVERYWHERE), ("", HERE)])
def test_what_is_guarded_meant_or_out_of_reach_is_taken_over(text: str, listen: Listen) -> None:
    assert reloaded(text, listen).source == "f"
