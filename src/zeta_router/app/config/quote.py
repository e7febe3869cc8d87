"""Values as YAML text that every YAML reader, 1.1 or 1.2, takes for the same value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from yaml.resolver import Resolver

from zeta_router.app.config.scalars import resolve

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]

_PLAIN = re.compile(r"[A-Za-z0-9_/](?:[A-Za-z0-9_./+-]|:(?=[A-Za-z0-9_./]))*\Z")
_TEXT_TAG = "tag:yaml.org,2002:str"
_YAML_1_1: Any = Resolver()


def flow(value: Value) -> str:
    """A value on one line; mappings and lists in braces and brackets."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{text(k)}: {flow(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(flow(item) for item in value) + "]"


def text(value: str) -> str:
    """A text, in quotes where it could be taken for something else; `${` is escaped."""
    escaped = value.replace("${", "$${")
    if _PLAIN.match(escaped) and isinstance(resolve(escaped), str) and _is_text_in_1_1(escaped):
        return escaped
    return "".join(map(_visible, json.dumps(escaped, ensure_ascii=False)))


def _visible(character: str) -> str:
    """A character, or its escape where a reader could refuse it or end the line there."""
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _is_text_in_1_1(value: str) -> bool:
    return str(_YAML_1_1.resolve(yaml.ScalarNode, value, (True, False))) == _TEXT_TAG


def _number(value: float) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)
