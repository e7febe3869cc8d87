"""Builds the documentation as HTML, and refuses to while anything about it is wrong.

    python docs/build.py [--out FOLDER]

Wrong is: a link or picture that leads nowhere, an anchor that no heading has, a page that the index
(docs/README.md) does not list, a heading that skips a level or stands twice in a page, a table row
with another number of cells than its head, a picture without a description, a code block without
its language. Pages are plain Markdown as GitHub shows it; links between pages become links between
HTML files. Links to other sites are not followed.
"""

from __future__ import annotations

import argparse
import html
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
INDEX = ROOT / "docs" / "README.md"
BESIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
"""Pages outside of docs/ that are held to the same rules; the index need not list them."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · ZetaDynamicRouter</title>
<link rel="stylesheet" href="{up}style.css">
</head>
<body>
<nav aria-label="Documentation"><a href="{up}docs/README.html">Documentation</a></nav>
<main>
{body}
</main>
</body>
</html>
"""

STYLE = """:root { color-scheme: light dark; --line: #8886; --link: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --link: #8ab4f8; } }
body { margin: 0 auto; max-width: 52rem; padding: 1rem; font: 1rem/1.55 system-ui, sans-serif; }
a { color: var(--link); }
pre { overflow-x: auto; padding: .8rem; border: 1px solid var(--line); border-radius: .4rem; }
code { font: .9em ui-monospace, monospace; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
img { max-width: 100%; height: auto; }
"""


@dataclass(slots=True)
class Page:
    """One Markdown file, read."""

    path: Path
    tokens: list[Token]
    title: str = ""
    anchors: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its path from the root of the project."""
        return self.path.relative_to(ROOT).as_posix()


def read(path: Path) -> Page:
    """A page with its anchors."""
    page = Page(path, _PARSER.parse(path.read_text(encoding="utf-8")))
    for heading, inline in _headings(page):
        text = "".join(child.content for child in inline.children or ())
        anchor = slug(text)
        heading.attrSet("id", anchor)
        page.anchors.append(anchor)
        page.title = page.title or text
    return page


def slug(text: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", text.strip().lower())
    return kept.replace(" ", "-")


def problems(pages: dict[Path, Page]) -> Iterator[str]:
    """Everything that is wrong, a line each: ``file:line: what``."""
    listed = {INDEX, *(target for target, _ in _targets(pages[INDEX]))}
    for path, page in sorted(pages.items()):
        if path not in listed and page.name not in BESIDE:
            yield f"{page.name}:1: docs/README.md does not list this page"
        yield from _of_headings(page)
        yield from _of_blocks(page)
        yield from _of_links(page, pages)


def _of_headings(page: Page) -> Iterator[str]:
    level = 0
    for heading, inline in _headings(page):
        here = int(heading.tag[1])
        where = f"{page.name}:{_line(heading)}"
        if here > level + 1:
            yield f"{where}: heading {inline.content!r} skips a level"
        if level and here == 1:
            yield f"{where}: a second title"
        level = here
    doubled = {anchor for anchor in page.anchors if page.anchors.count(anchor) > 1}
    for anchor in sorted(doubled):
        yield f"{page.name}:1: the heading #{anchor} stands twice"
    if not page.title:
        yield f"{page.name}:1: has no title"


def _of_blocks(page: Page) -> Iterator[str]:
    for token in page.tokens:
        if token.type == "fence" and not token.info.strip():
            yield f"{page.name}:{_line(token)}: code block without its language (text for none)"
    lines = page.path.read_text(encoding="utf-8").splitlines()
    for token in page.tokens:
        if token.type == "table_open" and token.map is not None:
            yield from _of_table(page, lines, *token.map)


def _of_table(page: Page, lines: list[str], first: int, end: int) -> Iterator[str]:
    wanted = _cells(lines[first])
    for number in range(first + 1, end):
        if _cells(lines[number]) != wanted:
            yield f"{page.name}:{number + 1}: a row with another number of cells than its head"


def _cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line.strip().strip("|"))) + 1


def _of_links(page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for token, line in _links(page):
        where = f"{page.name}:{line}"
        if token.type == "image" and not token.content.strip():
            yield f"{where}: picture without a description"
        link = str(token.attrGet("src") or token.attrGet("href") or "")
        target, anchor = _resolve(page, link)
        if target is None:
            continue
        if not target.exists():
            yield f"{where}: {target.name} does not exist ({link})"
        elif anchor and target in pages and anchor not in pages[target].anchors:
            yield f"{where}: {pages[target].name} has no heading #{anchor}"


def _resolve(page: Page, link: str) -> tuple[Path | None, str]:
    """The file and anchor that a link means; no file for one to elsewhere."""
    if _SCHEME.match(link):
        return None, ""
    path, _, anchor = unquote(link).partition("#")
    return (page.path.parent / path).resolve() if path else page.path, anchor


def _targets(page: Page) -> Iterator[tuple[Path, str]]:
    for token, _ in _links(page):
        target, anchor = _resolve(page, str(token.attrGet("href") or ""))
        if target is not None:
            yield target, anchor


def _links(page: Page) -> Iterator[tuple[Token, int]]:
    for block in page.tokens:
        for token in block.children or ():
            if token.type in ("link_open", "image"):
                yield token, _line(block)


def _headings(page: Page) -> Iterator[tuple[Token, Token]]:
    for number, token in enumerate(page.tokens):
        if token.type == "heading_open":
            yield token, page.tokens[number + 1]


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map is not None else 1


def write(pages: dict[Path, Page], out: Path) -> None:
    """Every page as HTML, and the files that they show or link to."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "style.css").write_text(STYLE, encoding="utf-8")
    for page in pages.values():
        for token, _ in _links(page):
            _relink(page, token, pages, out)
        target = out / Path(page.name).with_suffix(".html")
        target.parent.mkdir(parents=True, exist_ok=True)
        body = _PARSER.renderer.render(page.tokens, _PARSER.options, {})
        up = "../" * page.name.count("/")
        text = TEMPLATE.format(title=html.escape(page.title), up=up, body=body)
        target.write_text(text, encoding="utf-8")


def _relink(page: Page, token: Token, pages: dict[Path, Page], out: Path) -> None:
    name = "src" if token.type == "image" else "href"
    link = str(token.attrGet(name) or "")
    target, _ = _resolve(page, link)
    if target is None or target == page.path:
        return
    if target in pages:
        token.attrSet(name, re.sub(r"\.md(?=$|#)", ".html", link))
    elif target.is_file():
        copy = out / target.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(target, copy)


def found() -> dict[Path, Page]:
    """Every page of the documentation, read."""
    paths = [*sorted((ROOT / "docs").rglob("*.md")), *(ROOT / name for name in BESIDE)]
    return {path: read(path) for path in paths}


def main() -> int:
    """Check, then build; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "docs")
    out = parser.parse_args().out
    pages = found()
    wrong = list(problems(pages))
    for line in wrong:
        sys.stderr.write(line + "\n")
    if wrong:
        sys.stderr.write(f"{len(wrong)} problems; nothing was written\n")
        return 1
    write(pages, out)
    sys.stderr.write(f"{len(pages)} pages in {out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
