"""Certificates of our own making, for an hour of tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from zeta_router.app.config import TlsFiles


class Made(NamedTuple):
    """A self-signed certificate for this machine; it is also the authority that vouches for it."""

    certificate: Path
    key: Path

    @property
    def files(self) -> TlsFiles:
        return TlsFiles(str(self.certificate), str(self.key))


def made_certificate(folder: Path, name: str = "a") -> Made:
    """A new pair of files in a folder; skips the test where there is no openssl to make it."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    made = Made(folder / f"{name}.crt", folder / f"{name}.key")
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    what = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    of_whom = ["-days", "1", "-subj", f"/CN={name}", "-addext", names]
    where = ["-keyout", str(made.key), "-out", str(made.certificate)]
    command = [program, *what, *of_whom, *where]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return made
