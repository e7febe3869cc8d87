"""The certificate that the gateway shows, and its renewal while connections are open."""

from __future__ import annotations

import ssl
from pathlib import Path

from zeta_router.app.config import TlsFiles
from zeta_router.core.errors import ConfigError

_CERTIFICATE, _KEY = "gateway.tls.certificate", "gateway.tls.key"


class Certificate:
    """What TLS is spoken with: 1.2 and newer, HTTP/1.1 in it.

    Attributes:
        context: For the listener; `renew` changes what it shows to new connections.

    Raises:
        ConfigError: The files cannot be read or used.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self.context = _context_of(files)

    def renew(self) -> None:
        """Read the files anew; connections that are open keep what they were shown.

        Raises:
            ConfigError: The files cannot be read or used; the old certificate stays.
        """
        _context_of(self._files)  # a chain that fails half way would leave the context without one
        _load(self.context, self._files)


def _context_of(files: TlsFiles) -> ssl.SSLContext:
    _check(_CERTIFICATE, files.certificate, b"-----BEGIN CERTIFICATE-----", "certificate")
    key = _check(_KEY, files.key, b"PRIVATE KEY-----", "private key")
    if b"ENCRYPTED" in key:
        hint = "decrypt it: openssl pkey -in KEY -out PLAIN"
        raise ConfigError(_KEY, f"{files.key} is encrypted, and nobody is asked for its word", hint)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    _load(context, files)
    return context


def _check(path: str, name: str, mark: bytes, what: str) -> bytes:
    """The bytes of a file that should hold something in PEM."""
    try:
        data = Path(name).read_bytes()
    except OSError as error:
        problem = f"{name} cannot be read: {error.strerror or type(error).__name__}"
        raise ConfigError(path, problem, "name a file that this user may read") from error
    if mark not in data:
        raise ConfigError(
            path, f"{name} holds no {what} in PEM", f"it begins with -----BEGIN {what.upper()}-----"
        )
    return data


def _load(context: ssl.SSLContext, files: TlsFiles) -> None:
    try:
        context.load_cert_chain(files.certificate, files.key, password="")  # or it would ask
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = f"{files.key} is not the key of {files.certificate}"
            hint = "take the pair that was made together, and the server's certificate first"
            raise ConfigError(_KEY, problem, hint) from error
        problem = f"{files.certificate} and {files.key} cannot be used: {error.reason or error}"
        raise ConfigError("gateway.tls", problem, "both are files in PEM") from error
    except OSError as error:
        problem = f"cannot be read: {error.strerror or type(error).__name__}"
        raise ConfigError("gateway.tls", problem) from error
