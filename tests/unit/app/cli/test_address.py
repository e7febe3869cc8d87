"""Which gateway is asked by a command that was not told one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zeta_router.app.cli.address import gateway_url

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
