"""Which gateway is asked by a command that was not told one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zeta_router.app.cli.address import gateway_url
from zeta_router.core.errors import ConfigError

FLEET = {
    "models": {"m": {"tasks": ["code"]}},
    "endpoints": [{"id": "a", "url": "http://127.0.0.1:9", "model": "m"}],
}
TLS = {"gateway": {"tls": {"certificate": "c", "key": "k"}}}


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"listen": "0.0.0.0:9000"}, "http://127.0.0.1:9000"),
        ({"listen": "[::]:9000"}, "http://[::1]:9000"),
        (TLS, "https://127.0.0.1:8080"),
        ({"gateway": {"tls": None}}, "http://127.0.0.1:8080"),
    ],
)
def test_that_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, object], url: str
) -> None:
    monkeypatch.delenv("ZETA_URL", raising=False)
    file = tmp_path / "f.yaml"
    file.write_text(json.dumps({**FLEET, **more}))
    assert gateway_url(None, file) == url
    assert gateway_url("other:1", file) == "http://other:1"
    monkeypatch.setenv("ZETA_URL", "https://told:2/v1")
    assert gateway_url(None, file) == "https://told:2"


def test_variables_of_other_settings_are_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine's key is the server's business; `zeta top` runs in another terminal."""
    monkeypatch.delenv("ZETA_URL", raising=False)
    monkeypatch.delenv("EKEY", raising=False)
    monkeypatch.setenv("PORT", "9001")
    keyed = FLEET["endpoints"][0] | {"api_key": "${EKEY}"}  # type: ignore[index]
    tls = {"tls": {"certificate": "${NOT_HERE}", "key": "k"}}
    file = tmp_path / "f.yaml"
    file.write_text(
        json.dumps({**FLEET, "endpoints": [keyed], "listen": "127.0.0.1:${PORT}", "gateway": tls})
    )
    assert gateway_url(None, file) == "https://127.0.0.1:9001"


@pytest.mark.parametrize("listen", ["nowhere", "${NOT_HERE}:80", [1]])
def test_an_address_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: object
) -> None:
    monkeypatch.delenv("ZETA_URL", raising=False)
    file = tmp_path / "f.yaml"
    file.write_text(json.dumps({**FLEET, "listen": listen}))
    with pytest.raises(ConfigError, match=r"f\.yaml:1:.*listen"):
        gateway_url(None, file)
