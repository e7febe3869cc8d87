"""Where in a configuration file a setting stands, for findings that were made after reading it."""

from __future__ import annotations

import re
from pathlib import Path

from zeta_router.app.config.tree import BadYaml, Mapping, Node, Sequence, read_tree

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class Places:
    """Finds lines.

    Args:
        path: The file; None, or one that cannot be read, knows no lines.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._root: Node | None = None
        if path is not None:
            try:
                self._root = read_tree(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, BadYaml):
                self._root = None

    def where(self, place: str) -> str:
        """``file:line`` of a setting or of what is around it; empty for what is not in the file."""
        node, line = self._root, None
        for key, index in _STEP.findall(place):
            below = _below(node, key, index)
            if below is None:
                break
            node, line = below
        return "" if line is None else f"{self._path}:{line}"


def _below(node: Node | None, key: str, index: str) -> tuple[Node, int] | None:
    if isinstance(node, Sequence) and index and int(index) < len(node.items):
        item = node.items[int(index)]
        return item, item.place.line
    if isinstance(node, Mapping) and key:
        for name, value in node.entries:
            if name.text == key:
                return value, name.place.line
    return None
