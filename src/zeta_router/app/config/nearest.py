"""The key or name that somebody probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from msgspec import inspect

from zeta_router.app.config.kinds import FILE, Kind, fields_of, setting_of

_CUTOFF = 0.6


def nearest(text: str, known: Collection[str]) -> str | None:
    """The known name most like `text`, or None when none is like it at all."""
    lowered = {name.lower(): name for name in known}
    match = get_close_matches(text.lower(), lowered, 1, _CUTOFF)
    return lowered[match[0]] if match else None


def instead(text: str, known: Collection[str], what: str = "known") -> str:
    """A hint: the nearest known name, else all of them; empty when nothing is known."""
    guess = nearest(text, known)
    if guess is not None:
        return f"did you mean {guess}?"
    return f"{what}: {', '.join(known)}" if known else ""


def meant_key(key: str, section: Kind) -> str | None:
    """The key of a section that somebody meant by `key`.

    The same setting under the name that another router gives it, else the nearest one.
    """
    fields = fields_of(section)
    also = next((field.name for field in fields if key.lower() in _also(field)), None)
    return also or nearest(key, [field.name for field in fields])


def instead_of_key(key: str, section: Kind) -> str:
    """A hint for a key that a section does not have.

    In this order: the key that was probably meant, the section that does have this key, all keys
    of the section.
    """
    guess = meant_key(key, section)
    if guess is not None:
        return f"did you mean {guess}?"
    names = [field.name for field in fields_of(section)]
    homes = _HOMES.get(key)
    if homes is not None:
        return f"{key} belongs to {' or '.join(homes)}"
    return f"keys here: {', '.join(names)}"


def _also(field: inspect.Field) -> tuple[str, ...]:
    also: tuple[str, ...] = setting_of(field.type).extra.get("also", ())
    return also


def _keys(type_: inspect.Type, path: str) -> Iterator[tuple[str, str]]:
    for kind in setting_of(type_).kinds:
        inner = kind.type
        if isinstance(inner, inspect.StructType):
            for field in inner.fields:
                yield field.name, path or "the top level"
                yield from _keys(field.type, f"{path}.{field.name}" if path else field.name)
        elif isinstance(inner, inspect.ListType):
            yield from _keys(inner.item_type, f"{path}[]")
        elif isinstance(inner, inspect.DictType):
            yield from _keys(inner.value_type, f"{path}.*")


_HOMES: dict[str, list[str]] = {}
for _key, _home in _keys(FILE, ""):
    _HOMES.setdefault(_key, []).append(_home)
