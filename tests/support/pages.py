"""Code blocks of a page, and what the page says about running them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

_MARK = re.compile(r"<!--\s*not run:\s*(.+?)\s*-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        line: Where it begins in the page, from 1.
        not_run: Why it cannot be run here, as the page says in a comment before it; empty when it
            is run.
    """

    language: str
    code: str
    line: int
    not_run: str


def blocks_of(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    mark = ""
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            found = _MARK.search(token.content)
            mark = found.group(1) if found else ""
        elif token.type == "fence" and token.map is not None:
            yield Block(token.info.strip(), token.content, token.map[0] + 1, mark)
            mark = ""
