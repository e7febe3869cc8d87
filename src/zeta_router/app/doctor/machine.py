"""What is wrong on the router's own machine: its log, its disk, its port."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil

from zeta_router.app.config import Listen, LoadedConfig
from zeta_router.app.doctor.finding import Finding, Severity
from zeta_router.app.reaching import is_loopback
from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.file import check_owner, check_place
from zeta_router.telemetry.log.schema import MIGRATIONS

LITTLE_BYTES = 1_000_000_000
TOO_LITTLE_BYTES = 100_000_000
"""Free disk below which it is told, and below which the log will soon lose rows."""


def log_file(path: Path) -> Iterator[Finding]:
    """What is wrong with the decision log's file."""
    try:
        check_place(path)
    except ConfigError as error:
        yield _log("log_unusable", Severity.ERROR, error.problem, error.hint)
        return
    target = path if path.exists() else path.parent
    if not os.access(target, os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
        yield _log(
            "log_not_writable", Severity.ERROR, f"{target} cannot be written",
            f"`chown {_user()} {target}`, or name another file under log.path",
        )  # fmt: skip
    if path.is_file():
        yield from _schema(path)
    yield from _disk(path.parent)


def _log(code: str, severity: Severity, what: str, mend: str) -> Finding:
    why = "nothing is recorded: no explanations of the past, no replay, nothing learned is kept"
    return Finding(code, severity, "log.path", what, why, mend)


def _schema(path: Path) -> Iterator[Finding]:
    known = len(MIGRATIONS)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            version = check_owner(file, path, known)
    except ConfigError as error:
        yield _log("log_unusable", Severity.ERROR, error.problem, error.hint)
        return
    except sqlite3.Error as error:
        yield _log(
            "log_unreadable", Severity.ERROR, f"{path} cannot be read: {error}",
            f"move it away (`mv {path} {path}.broken`); a new one is begun",
        )  # fmt: skip
        return
    if 0 < version < known:
        yield Finding(
            "log_old_schema", Severity.NOTE, "log.path",
            f"{path} has schema {version}, this version writes {known}",
            "the next start brings it up to date; an older zeta-router cannot read it after that",
            f"copy it first if you may go back (`sqlite3 {path} \".backup {path}.{version}\"`)",
        )  # fmt: skip


def _disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < LITTLE_BYTES:
        yield Finding(
            "disk_full",
            Severity.ERROR if free < TOO_LITTLE_BYTES else Severity.WARNING,
            "log.path",
            f"{free / 1e6:.0f} MB are free on the disk of {folder.absolute()}",
            "when it is full the decision log drops rows; routing goes on",
            "free some space, lower log.keep_days, or name a file on another disk",
        )


def port(listen: Listen) -> Iterator[Finding]:
    """Why the address to listen on cannot be used; nothing when it can."""
    if listen.port == 0:
        return
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((listen.host, listen.port))
    except OSError as error:
        yield _unusable(listen, error)


def strangers(config: LoadedConfig) -> Iterator[Finding]:
    """An address for other machines without keys, or with keys that can be read on the way."""
    if is_loopback(config.listen.host):
        return
    if config.keys:
        if config.tls is None:
            yield Finding(
                "keys_in_the_clear", Severity.NOTE, "gateway.tls",
                f"{config.listen} can be reached from other machines and speaks no TLS",
                "keys, prompts and answers can be read on the way",
                "set gateway.tls, or let a proxy with TLS stand in front and listen on 127.0.0.1",
            )  # fmt: skip
        return
    if config.without_keys:
        yield Finding(
            "open_to_strangers", Severity.NOTE, "gateway.without_keys",
            f"{config.listen} serves whoever can reach it",
            "everybody there may use every engine and drain endpoints",
            "add `keys:` (`zeta key NAME` prints an entry), or put something in front that asks",
        )  # fmt: skip
        return
    yield Finding(
        "no_keys", Severity.ERROR, "listen",
        f"{config.listen} can be reached from other machines, and there are no keys",
        "`zeta serve` refuses to start there",
        "add `keys:` (`zeta key NAME` prints an entry), or listen on 127.0.0.1",
    )  # fmt: skip


def _unusable(listen: Listen, error: OSError) -> Finding:
    taken = error.errno == errno.EADDRINUSE
    reason = error.strerror or str(error)
    holder = _holder(listen.port) if taken else ""
    return Finding(
        "port_taken" if taken else "port_unusable",
        Severity.ERROR,
        "listen",
        f"{listen} is taken{holder}" if taken else f"{listen} cannot be listened on: {reason}",
        "`zeta serve` does not start there",
        f"write `listen: {listen.host}:{_free_port(listen)}`"
        + (", or stop the other program" if taken else ""),
    )


def _holder(number: int) -> str:
    """Which program holds a port, where we may know."""
    with contextlib.suppress(psutil.Error, OSError):
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr[1:2] == (number,) and each.pid:
                return f" by {psutil.Process(each.pid).name()} (pid {each.pid})"
    return " by another program"


def _free_port(listen: Listen) -> int:
    """A port near the wanted one that is free at the moment, else any."""
    for number in range(max(1024, listen.port + 1), min(65535, listen.port + 100)):
        with contextlib.suppress(OSError), closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", number))
            return number
    return 0


def _user() -> str:
    with contextlib.suppress(psutil.Error, KeyError):
        return psutil.Process().username()
    return "$USER"
