"""Words for a value of the wrong type: what was found, and what would mend it.

Neither ever holds the value of a secret.
"""

from __future__ import annotations

import re

from msgspec import inspect

from zeta_router.app.config.kinds import Setting, choices
from zeta_router.app.config.nearest import nearest
from zeta_router.app.config.scalars import Plain, resolve
from zeta_router.app.config.texts import shown
from zeta_router.app.config.tree import Mapping, Node, Scalar, Sequence

_NUMBER_WITH_UNIT = re.compile(r"[0-9]+(?:\.[0-9]+)?\s*[A-Za-z%]+\Z")
_YAML_1_1_BOOLS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_NUMBERS = (inspect.IntType, inspect.FloatType)


def found_words(node: Node, text: str, value: Plain, secret: bool) -> str:
    """What was found; never the value itself where it is a secret."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if value is None:
        return "nothing"
    if secret:
        return "a value of another type"
    return shown(text) if isinstance(value, str) else f"the {_type_word(value)} {text}"


def mend(node: Node, setting: Setting, text: str, value: Plain) -> str:
    """What would mend it; empty when there is nothing better than what was expected."""
    if not isinstance(node, Scalar):
        return ""
    if value is None:
        return "remove the key to take the default, or give a value"
    if setting.extra.get("secret"):
        return "put it in quotes"
    if setting.only(inspect.ListType) and not setting.only(inspect.DictType):
        return "put it in square brackets"
    if setting.only(inspect.StrType) and not isinstance(value, str):
        return _as_text(setting, text)
    if isinstance(value, str):
        return _mend_text(node, setting, text)
    return ""


def _mend_text(node: Scalar, setting: Setting, text: str) -> str:
    if not node.plain and not isinstance(resolve(text), str):
        return "remove the quotes"
    if setting.only(inspect.BoolType):
        return f"write {_YAML_1_1_BOOLS.get(text.lower(), 'true or false')}"
    numeric = setting.only(*_NUMBERS)
    if numeric and _NUMBER_WITH_UNIT.match(text):
        return "write a plain number; the unit is in the key's name"
    listed = [choice for kind in setting.kinds for choice in choices(kind.type)]
    guess = nearest(text, listed)
    return f"did you mean {guess}?" if guess else ""


def _as_text(setting: Setting, text: str) -> str:
    kind = setting.only(inspect.StrType)
    check = kind.extra.get("check") if kind else None
    complaint = check(text) if check else None
    return complaint.hint if complaint else f'put it in quotes: "{text}"'


def _type_word(value: Plain) -> str:
    return "truth value" if isinstance(value, bool) else "number"
