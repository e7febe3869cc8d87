"""The types of `spec` in the form that checking, the JSON Schema and the reference page share.

`msgspec.inspect` wraps a type's metadata around it and nests unions; here a setting is a flat list
of alternatives, each with the check that goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import inspect

from zeta_router.app.config.spec import FileSpec

FILE = inspect.type_info(FileSpec)
"""The type of the whole file."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One alternative of a setting: a type of `msgspec.inspect` without wrapping."""

    type: inspect.Type
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a value may be.

    Attributes:
        kinds: The alternatives, in the order of the specification.
        extra: What the specification says besides types (see `spec`).
        description: What the setting means; empty for parts without a name.
    """

    kinds: tuple[Kind, ...]
    extra: Mapping[str, Any]
    description: str

    def only(self, *types: type[inspect.Type]) -> Kind | None:
        """The first alternative of one of these types, or None."""
        return next((kind for kind in self.kinds if isinstance(kind.type, types)), None)


def setting_of(type_: inspect.Type) -> Setting:
    """The flat form of a type."""
    extra: dict[str, Any] = {}
    description = ""
    while isinstance(type_, inspect.Metadata):
        extra = {**(type_.extra or {}), **extra}
        description = description or (type_.extra_json_schema or {}).get("description", "")
        type_ = type_.type
    if not isinstance(type_, inspect.UnionType):
        return Setting((Kind(type_, extra),), extra, description)
    inner = [setting_of(part) for part in type_.types]
    return Setting(tuple(kind for part in inner for kind in part.kinds), extra, description)


def fields_of(kind: Kind) -> Sequence[inspect.Field]:
    """The keys of a section, in the order of the specification."""
    assert isinstance(kind.type, inspect.StructType)  # noqa: S101 - callers asked for a section
    return kind.type.fields


def words(setting: Setting) -> str:
    """What a setting expects, in words: ``auto, or a whole number of at least 1``."""
    kinds = [kind for kind in setting.kinds if not _is_null(kind)]
    return ", or ".join(kind.extra.get("words") or _phrase(kind.type) for kind in kinds)


def choices(type_: inspect.Type) -> tuple[str, ...]:
    """The texts that a type allows when it is a closed list, else nothing."""
    if isinstance(type_, inspect.LiteralType):
        return tuple(str(value) for value in type_.values)
    if isinstance(type_, inspect.EnumType):
        return tuple(str(member.value) for member in type_.cls)
    return ()


def _is_null(kind: Kind) -> bool:
    return isinstance(kind.type, inspect.NoneType)


def _phrase(type_: inspect.Type) -> str:
    listed = choices(type_)
    if listed:
        return " | ".join(listed)
    if isinstance(type_, inspect.IntType):
        return "a whole number" + range_words(type_)
    if isinstance(type_, inspect.FloatType):
        return "a number" + range_words(type_)
    if isinstance(type_, inspect.ListType):
        return "a list of " + _plural(type_.item_type)
    if isinstance(type_, inspect.DictType):
        return f"a mapping from {_plural(type_.key_type)} to {_plural(type_.value_type)}"
    if isinstance(type_, inspect.StructType):
        return "a mapping with " + ", ".join(entry.name for entry in type_.fields)
    return "true or false" if isinstance(type_, inspect.BoolType) else "text"


def _plural(type_: inspect.Type) -> str:
    kind = setting_of(type_).kinds[0].type
    if isinstance(kind, inspect.StructType):
        return "mappings"
    if isinstance(kind, inspect.FloatType):
        return "numbers" + range_words(kind)
    return " | ".join(choices(kind)) or "names"


def range_words(type_: inspect.IntType | inspect.FloatType) -> str:
    """The range of a number in words, with a leading space; empty when it has none."""
    low, high = type_.ge, type_.le
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if type_.gt is not None and high is not None:
        return f" above {type_.gt}, at most {high}"
    if type_.gt is not None:
        return f" above {type_.gt}"
    return f" of at least {low}" if low is not None else ""


def out_of_range(type_: inspect.IntType | inspect.FloatType, value: float) -> bool:
    """Whether a number is outside the range of its setting."""
    return (
        (type_.gt is not None and value <= type_.gt)
        or (type_.ge is not None and value < type_.ge)
        or (type_.le is not None and value > type_.le)
    )
