"""The reference page of `zeta.yaml`, made from `spec` so that it cannot be out of date."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import NODEFAULT, inspect

from zeta_router.app.config.kinds import FILE, Setting, setting_of, words
from zeta_router.app.config.tree import MAX_BYTES, MAX_DEPTH, MAX_NODES

_UNITS = {
    "_tokens_per_s": "tokens per second",
    "_bytes_per_s": "bytes per second",
    "_bytes": "bytes",
    "_tokens": "tokens",
    "_days": "days",
    "_b": "billions",
    "_s": "seconds",
}

_INTRODUCTION = f"""\
# Configuration

<!-- Generated from `src/zeta_router/app/config/spec.py` by `python -m zeta_router.app.config`; a
test holds it equal to the code. -->

`zeta.yaml` says which models there are, which servers serve them and how to choose. `zeta init`
writes a first one from the engines that it finds, `zeta check` tells what is wrong with one.

## Rules of the file

- **YAML 1.2.** `true` and `false` are the only truth values, `1e-3` is a number. Anchors and
  aliases work; tags, merge keys (`<<`), several documents and equal keys in one place are refused.
- **Unknown keys are refused**, with the nearest key that exists. All problems are reported at
  once, one a line, as `file:line:column: path: what is wrong (what mends it)`.
- **`${{NAME}}`** in a value is replaced by the environment variable; `${{NAME:-default}}` takes the
  default when it is unset or empty. Without a default, an unset variable is an error. The result
  takes the type of its setting: all-digit keys stay text, `slots: "${{SLOTS}}"` is a number.
  `$${{` stands for `${{` itself. Keys are not replaced, and what a variable holds is never read as
  YAML. Inside `{{ }}` and `[ ]`, put the reference in quotes.
- **Changes are applied while running**, when the file changes (looked at every second) and on
  SIGHUP. A file with a problem is refused as a whole and the old one stays in force. Only
  `listen` and what stands under `classifier`, `log`, `otel` and `learning` need a restart.
- **Bounds**: {MAX_BYTES >> 10} KiB, {MAX_DEPTH} levels, {MAX_NODES} values with aliases followed.
- **JSON Schema** (2020-12): `zeta_router/app/config/zeta.schema.json` in the installed package. An
  editor with a YAML language server uses it with `# yaml-language-server: $schema=FILE` on top.
"""

_CLOSING = """\
## What is checked besides

- Endpoint ids are unique, and an endpoint's `model` is one of `models`.
- A route names a model that is declared for the task.
- `policy` is a policy that exists.
- An endpoint's URL has `http` or `https`, a host, no credentials, query or fragment, does not end
  in an API's own path such as `/v1`, and is not the address that the gateway itself listens on.
- With embedding models of different spaces, `routes.embedding` says which one a request without a
  model's name gets. A model without `embedding_space` has a space of its own.

Warned about, not refused: a model without an endpoint, one of the tasks simple, code and reasoning
that no model is declared for while another is, an embedding model without `embedding_space`, an
`embedding_space` without the task `embedding`, two endpoints with the same URL and model.
"""


def reference_markdown() -> str:
    """The whole page."""
    root = setting_of(FILE).kinds[0].type
    assert isinstance(root, inspect.StructType)  # noqa: S101 - the specification's root is one
    sections = "\n".join(_sections(root, "", "Top level"))
    return f"{_INTRODUCTION}\n{sections}\n{_CLOSING}"


def _sections(type_: inspect.StructType, path: str, title: str) -> Iterator[str]:
    yield f"## {title}\n\n{type_.cls.__doc__}\n"
    yield "| Key | Type | Default | Unit | Meaning |\n| --- | --- | --- | --- | --- |"
    for field in type_.fields:
        yield _row(field)
    yield ""
    for field in type_.fields:
        yield from _inner(field.type, f"{path}.{field.name}" if path else field.name)


def _inner(type_: inspect.Type, path: str) -> Iterator[str]:
    for kind in setting_of(type_).kinds:
        part = kind.type
        if isinstance(part, inspect.StructType):
            yield from _sections(part, path, f"`{path}`")
        elif isinstance(part, inspect.ListType):
            yield from _inner(part.item_type, f"{path}[]")
        elif isinstance(part, inspect.DictType):
            yield from _inner(part.value_type, f"{path}.*")


def _row(field: inspect.Field) -> str:
    setting = setting_of(field.type)
    cells = (
        f"`{field.name}`",
        words(setting),
        _default(field, setting),
        _unit(field.name),
        setting.description,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: inspect.Field, setting: Setting) -> str:
    if field.required:
        return "**required**"
    said = str(setting.extra.get("default", ""))
    value = field.default
    if value is None:
        return said
    if value is NODEFAULT:
        return said or "see below" if _is_section(setting) else said or "none"
    if isinstance(value, bool):
        shown = str(value).lower()
    else:
        shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"`{shown}`" + (f": {said}" if said else "")


def _is_section(setting: Setting) -> bool:
    return setting.only(inspect.StructType) is not None


def _unit(name: str) -> str:
    return next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), "")
