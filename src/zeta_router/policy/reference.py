"""The reference page of the policies, made from their docstrings and defaults.

`python -m zeta_router.policy.reference docs/reference` writes it; a test compares.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from zeta_router.policy.protocol import Policy
from zeta_router.policy.registry import POLICIES

PAGE = "policies.md"

_INTRO = """\
# Policies
<!-- Made by `python -m zeta_router.policy.reference docs/reference`. -->

A policy says which endpoint gets a query, or that the query is held. It sees the endpoints that
passed every hard filter, full ones included, each with what is predicted for this query there. It
is a pure function: what has to be remembered is in the endpoints' state, and luck is a function
of the query's id. `policy:` in `zeta.yaml` names one; parameters have the defaults given here
unless the configuration has a key for them.

All of them face the same admission: an endpoint without a free slot gets nothing. `static` and
`quality_only` wait for their own model, `joint` may wait for a full endpoint that is worth it, the
others wait only when nothing is open. Ties go to the endpoint that was dispatched to least
recently, then to the lower id, unless the policy says that equal ones share. A choice by lot
carries its exact probability in the decision log.
"""

_LABEL = re.compile(r"^(Formula|Intent|Limits|Corners|Source)(, [^:]*)?: ")
_ATTRIBUTE = re.compile(r"^    (\w+(?:, \w+)*): (.*)$")


def page() -> str:
    """The whole page as Markdown."""
    index = ["| Policy | In one sentence |", "| --- | --- |"]
    for name, policy in POLICIES.items():
        index.append(f"| [`{name}`](#{name}) | {_paragraphs(policy)[0]} |")
    parts = [_INTRO, "\n".join(index) + "\n"]
    parts += [_section(name, policy) for name, policy in POLICIES.items()]
    return "\n".join(parts)


def parameters(policy: Policy) -> list[tuple[str, object, str]]:
    """Name, default and meaning of each parameter of a policy; the meaning is its docstring's."""
    kind = type(policy)
    meanings: dict[str, str] = {}
    for names, meaning in _attributes(inspect.getdoc(kind) or ""):
        meanings |= dict.fromkeys(names.split(", "), meaning)
    return [
        (field.name, field.default, meanings.get(field.name, ""))
        for field in fields(kind)  # type: ignore[arg-type]
    ]


def _section(name: str, policy: Policy) -> str:
    lines = [f"## {name}", ""]
    for paragraph in _paragraphs(policy):
        lines += [_LABEL.sub(_bold, paragraph), ""]
    rows = [f"| `{key}` | {_cell(default)} | {text} |" for key, default, text in parameters(policy)]
    if rows:
        lines += ["| Parameter | Default | Meaning |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def _paragraphs(policy: Policy) -> list[str]:
    """The module's docstring, a line a paragraph, with Markdown's single backticks."""
    text = inspect.getdoc(inspect.getmodule(type(policy))) or ""
    joined = (" ".join(part.split()) for part in text.replace("``", "`").split("\n\n"))
    return list(joined)


def _attributes(doc: str) -> Iterator[tuple[str, str]]:
    """Names and meaning of each entry of a docstring's Attributes section."""
    _, _, section = doc.partition("Attributes:\n")
    names, meaning = "", ""
    for line in section.splitlines():
        match = _ATTRIBUTE.match(line)
        if match:
            if names:
                yield names, meaning
            names, meaning = match.groups()
        elif line.strip():
            meaning += " " + line.strip()
    if names:
        yield names, meaning


def _bold(label: re.Match[str]) -> str:
    return f"**{label.group(1)}**{label.group(2) or ''}: "


def _cell(default: object) -> str:
    return (
        "off" if default is None else f"{default:g}" if isinstance(default, float) else f"{default}"
    )


if __name__ == "__main__":
    (Path(sys.argv[1]) / PAGE).write_text(page(), encoding="utf-8")
