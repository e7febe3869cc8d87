"""Where the gateway of a configuration answers, for those who only want to ask it something.

Whoever looks at a running gateway needs neither its engines' keys nor the variables that hold
them: nothing but the address is read, and no other mistake in the file is anybody's concern here.
"""

from __future__ import annotations

from collections.abc import Mapping as Environment
from pathlib import Path

from zeta_router.app.config.kinds import FILE, fields_of, setting_of
from zeta_router.app.config.load import text_of, tree_of
from zeta_router.app.config.loaded import Listen
from zeta_router.app.config.report import Report
from zeta_router.app.config.shape import read_setting
from zeta_router.app.config.texts import split_listen
from zeta_router.app.config.tree import Mapping, Node

_LISTEN = next(field for field in fields_of(setting_of(FILE).kinds[0]) if field.name == "listen")


def read_address(path: Path, environ: Environment[str, str]) -> tuple[Listen, bool]:
    """The address that a file says, and whether TLS is spoken on it.

    Args:
        path: Where the file is; also what messages call it.
        environ: Variables that `listen` may refer to; others are not looked at.

    Raises:
        ConfigErrors: The file cannot be read, or its `listen` is no address.
    """
    report = Report(str(path))
    root = tree_of(text_of(path), str(path))
    told = _child(root, "listen")
    text: object = _LISTEN.default
    if told is not None:
        text = read_setting(told, setting_of(_LISTEN.type), ("listen",), environ, report)
        report.raise_if_failed()
    host, port = split_listen(str(text)) or ("", 0)
    return Listen(host, port), isinstance(_child(_child(root, "gateway"), "tls"), Mapping)


def _child(node: Node | None, name: str) -> Node | None:
    """What stands under a key; None where there is no such key."""
    if not isinstance(node, Mapping):
        return None
    return next((value for key, value in node.entries if key.text == name), None)
