"""What a scalar means: YAML 1.2's core rules, and the environment.

Substitution happens on single values after parsing, so what a variable holds can never become
YAML structure. A substituted value takes the type of the setting that it is for: `${KEY}` is text
as an API key even when the key is all digits, and a number as `slots`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from zeta_router.app.config.tree import Scalar

Plain = str | int | float | bool | None

_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_TRUE = re.compile(r"(?:true|True|TRUE)\Z")
_FALSE = re.compile(r"(?:false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9]{1,40}\Z")
_BASED = re.compile(r"0o[0-7]{1,40}\Z|0x[0-9a-fA-F]{1,40}\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_ODD_FLOAT = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_REFERENCE = re.compile(r"\$(\$(?=\{)|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\{)")

FROM_ENVIRONMENT = r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"
"""Pattern of a reference to the environment, for the JSON Schema (ECMA 262 dialect)."""


class BadReference(Exception):  # noqa: N818 - a value passed to the checker, which reports it
    """A `${…}` that cannot be replaced."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def resolve(text: str) -> Plain:
    """The value of a plain scalar by YAML 1.2's core rules (`yes`, `1_000` and `1:30` are text)."""
    if _NULL.match(text):
        return None
    if _TRUE.match(text):
        return True
    if _FALSE.match(text):
        return False
    if _INT.match(text):
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        return float(text)
    if _ODD_FLOAT.match(text):
        return float(text.replace(".", "", 1))
    return text


def substitute(scalar: Scalar, environ: Mapping[str, str]) -> tuple[str, bool]:
    """The scalar's text with its `${NAME}` replaced, and whether there were any.

    `${NAME:-default}` takes the default when the variable is unset or empty, as a shell does;
    `$${` stands for `${` itself.

    Raises:
        BadReference: If a variable without default is unset, or a `${` is not closed.
    """
    if "${" not in scalar.text:
        return scalar.text, False

    replaced = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal replaced
        if match[1] == "$":
            return "$"
        name, default = match[2], match[3]
        if name is None:
            raise BadReference(
                "has a ${ that is not a reference",
                "write ${NAME} or ${NAME:-default}; $${ stands for ${ itself",
            )
        replaced = True
        value = environ.get(name)
        if default is not None:
            return value or default
        if value is None:
            raise BadReference(
                f"needs the environment variable {name}, which is not set",
                f"export {name}, or give a default: ${{{name}:-value}}",
            )
        return value

    return _REFERENCE.sub(value_of, scalar.text), replaced
