"""`zeta serve` with TLS: from the options and from the file, renewed, and asked by its tools."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest

from support.certificates import made_certificate
from support.process import ZETA, configured, environment, eventually, serving

TASKS = {"simple": 0.7, "code": 0.7, "reasoning": 0.7}
ENGINE = {"id": "a", "url": "http://127.0.0.1:9", "model": "m", "engine": "openai"}
FLEET = {"models": {"m": {"tasks": TASKS}}, "endpoints": [ENGINE]}


def healthy(url: str, context: ssl.SSLContext) -> bool:
    address = f"{url}/health"
    with urllib.request.urlopen(address, context=context, timeout=10) as answer:  # noqa: S310
        return bool(answer.status == 200)


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_the_file_renewal_and_the_tools(tmp_path: Path) -> None:
    first, second = made_certificate(tmp_path), made_certificate(tmp_path, "b")
    live = tmp_path / "live.crt", tmp_path / "live.key"
    for source, target in zip(first, live, strict=True):
        shutil.copy(source, target)
    tls = {"certificate": str(live[0]), "key": str(live[1])}
    with configured(tmp_path, json.dumps({**FLEET, "gateway": {"tls": tls}})) as zeta:
        assert zeta.url.startswith("https://")
        assert healthy(zeta.url, trusting(first.certificate))
        top = [*ZETA, "top", "--url", zeta.url, "--json", "--once"]
        trust = environment(SSL_CERT_FILE=str(first.certificate))
        told = subprocess.run(top, env=trust, capture_output=True, text=True, timeout=60)
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)
        doctor = [*ZETA, "doctor", "--url", zeta.url, "--json"]
        said = subprocess.run(doctor, env=trust, capture_output=True, text=True, timeout=60)
        assert said.returncode in (0, 1), said.stderr
        strange = subprocess.run(top, capture_output=True, text=True, timeout=60)
        assert strange.returncode == 2
        assert "certificate" in strange.stderr

        for source, target in zip(second, live, strict=True):
            shutil.copy(source, target)
        zeta.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: any("certificate was read anew" in line for line in zeta.lines))
        assert healthy(zeta.url, trusting(second.certificate))
        shutil.copy(first.key, live[1])
        zeta.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: any("certificate was refused" in line for line in zeta.lines))
        assert healthy(zeta.url, trusting(second.certificate))


def test_the_options(tmp_path: Path) -> None:
    made = made_certificate(tmp_path)
    (tmp_path / "zeta.yaml").write_text(json.dumps(FLEET))
    with serving(tmp_path, "--tls-cert", str(made.certificate), "--tls-key", str(made.key)) as zeta:
        assert healthy(zeta.url, trusting(made.certificate))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tls-cert", "x.crt"], "go together"),
        (["--tls-cert", "x.crt", "--tls-key", "x.key"], "x.crt cannot be read"),
    ],
)
def test_options_that_cannot_be_used(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "zeta.yaml").write_text(json.dumps(FLEET))
    done = subprocess.run(
        [*ZETA, "serve", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_zeta_check_looks_at_the_files(tmp_path: Path) -> None:
    tls = {"certificate": "x.crt", "key": "x.key"}
    (tmp_path / "zeta.yaml").write_text(json.dumps({**FLEET, "gateway": {"tls": tls}}))
    done = subprocess.run(
        [*ZETA, "check"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "gateway.tls.certificate" in done.stderr
