"""Which gateway a command asks that was not told one."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from zeta_router.app.cli.sources import CONFIG_FILE, DEFAULT_LISTEN
from zeta_router.app.config.address import read_address
from zeta_router.app.config.texts import check_url
from zeta_router.core.errors import ConfigError

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to be reached, not listened on


def gateway_url(given: str | None, config: Path | None = None) -> str:
    """The base address of a gateway, without a trailing slash.

    Args:
        given: What the user said; None takes the variable ZETA_URL, else the address that the
            configuration listens on, else the usual one.
        config: The configuration; None takes that of this folder, where there is one.

    Raises:
        ConfigError: What was given is no address, or the configuration says none. Nothing else in
            it matters here: a variable with an engine's key may be unknown in this terminal.
    """
    if given is not None:
        return checked_url("--url", given)
    if told := os.environ.get("ZETA_URL"):
        return checked_url("ZETA_URL", told)
    path = config or Path(CONFIG_FILE)
    if config is None and not path.exists():
        return f"http://{DEFAULT_LISTEN}"
    listen, has_tls = read_address(path, os.environ)
    scheme = "https" if has_tls else "http"
    return f"{scheme}://{listen._replace(host=_ANY.get(listen.host, listen.host))}"


def checked_url(option: str, text: str) -> str:
    """An address as given on the command line; the scheme and `/v1` may be left out or not.

    Raises:
        ConfigError: It is none.
    """
    wanted = text if "://" in text else f"http://{text}"
    complaint = check_url(wanted)
    if complaint is not None:
        raise ConfigError(option, f"{text!r} {complaint.problem}", complaint.hint)
    parts = urlsplit(wanted)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1')}"
