"""The log's file, the disk and the port, as they are on this machine."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest

from zeta_router.app.config import Listen, load_text
from zeta_router.app.doctor import machine
from zeta_router.app.doctor.places import Places
from zeta_router.telemetry.log.schema import APPLICATION_ID


class Disk(NamedTuple):
    free: int


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(10**12))


def codes(path: Path) -> list[str]:
    return [each.code for each in machine.log_file(path)]


def test_a_place_for_the_log(tmp_path: Path) -> None:
    assert codes(tmp_path / "zeta.db") == []
    assert codes(tmp_path / "missing" / "zeta.db") == ["log_unusable"]
    assert codes(tmp_path) == ["log_unusable"]


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "zeta.db"
    path.write_bytes(b"no database at all, but long enough to be one" * 20)
    assert codes(path) == ["log_unreadable"]
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    assert codes(path) == ["log_unusable"]


@pytest.mark.parametrize(("version", "code"), [(1, "log_old_schema"), (99, "log_unusable")])
def test_schemas(tmp_path: Path, version: int, code: str) -> None:
    path = tmp_path / "zeta.db"
    with sqlite3.connect(path) as log:
        log.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        log.execute(f"PRAGMA user_version = {version}")
    log.close()
    assert codes(path) == [code]


def test_a_log_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert codes(tmp_path / "zeta.db") == ["log_not_writable"]


@pytest.mark.parametrize(("free", "severity"), [(5 * 10**8, "warning"), (10**7, "error")])
def test_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, severity: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(free))
    (one,) = machine.log_file(tmp_path / "zeta.db")
    assert (one.code, one.severity) == ("disk_full", severity)
    assert f"{free / 1e6:.0f} MB" in one.what


def test_ports() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        number = held.getsockname()[1]
        (one,) = machine.port(Listen("127.0.0.1", number))
        assert one.code == "port_taken"
        assert f"pid {os.getpid()}" in one.what
        assert "listen: 127.0.0.1:" in one.mend
    assert list(machine.port(Listen("127.0.0.1", number))) == []
    assert list(machine.port(Listen("127.0.0.1", 0))) == []
    (elsewhere,) = machine.port(Listen("192.0.2.1", 8080))
    assert elsewhere.code == "port_unusable"


KEYS = 'keys: [{name: alice, hash: "sha256:' + "ab" * 32 + '"}]'
TLS = "gateway: {tls: {certificate: c, key: k}}"


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ("listen: 127.0.0.1:1", []),
        ("listen: 0.0.0.0:1", ["no_keys"]),
        ("listen: 0.0.0.0:1\ngateway: {without_keys: true}", ["open_to_strangers"]),
        ("listen: gpu.lan:1", ["no_keys"]),
        (f"listen: 0.0.0.0:1\n{KEYS}", ["keys_in_the_clear"]),
        (f"listen: 0.0.0.0:1\n{KEYS}\n{TLS}", []),
        (f"listen: 127.0.0.1:1\n{KEYS}", []),
    ],
)
def test_other_machines_without_a_key(more: str, codes: list[str]) -> None:
    fleet = "models: {m: {tasks: [code]}}\nendpoints: [{id: a, url: 'http://h:1', model: m}]\n"
    config = load_text(fleet + more, source="f", environ={})
    assert [each.code for each in machine.strangers(config)] == codes


def test_lines_of_settings(tmp_path: Path) -> None:
    file = tmp_path / "zeta.yaml"
    file.write_text("models:\n  m: {tasks: [code]}\nendpoints:\n  - id: a\n    url: http://x\n")
    places = Places(file)
    assert places.where("endpoints[0].url") == f"{file}:5"
    assert places.where("endpoints[0].slots") == f"{file}:4"
    assert places.where("models.m.context_tokens") == f"{file}:2"
    assert places.where("log.path") == ""
    assert Places(None).where("listen") == ""
    assert Places(tmp_path / "none.yaml").where("listen") == ""
