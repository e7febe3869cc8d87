"""Whether a value has the shape that a JSON schema asks for, in its most used words.

Types, required fields, nested properties and items, enumerations, alternatives and references
within the schema. Other words are passed over: a value that fails here fails anywhere, one that
passes may still miss a pattern or a range.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_STEPS = 2000
"""Values looked at; what lies beyond is taken as fitting."""

_DEEPEST = 24
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def fits(value: Any, schema: Any) -> bool:
    """Whether `value` fits `schema`; true for a schema that is none."""
    return _Check(schema).fits(value, schema, 0)


class _Check:
    """One value against one schema."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._steps = 0

    def fits(self, value: Any, schema: Any, depth: int) -> bool:
        self._steps += 1
        if not isinstance(schema, dict) or depth > _DEEPEST or self._steps > MOST_STEPS:
            return True
        if "$ref" in schema:
            return self.fits(value, self._resolved(schema["$ref"]), depth + 1)
        if not _has_type(value, schema.get("type")):
            return False
        if "enum" in schema and value not in schema["enum"]:
            return False
        if "const" in schema and value != schema["const"]:
            return False
        return self._fits_alternatives(value, schema, depth) and self._fits_parts(
            value, schema, depth
        )

    def _fits_alternatives(self, value: Any, schema: dict[str, Any], depth: int) -> bool:
        for word in ("anyOf", "oneOf"):
            ways = schema.get(word)
            if not isinstance(ways, list) or not ways:
                continue
            if not any(self.fits(value, way, depth + 1) for way in ways):
                return False
        every = schema.get("allOf")
        if not isinstance(every, list):
            return True
        return all(self.fits(value, each, depth + 1) for each in every)

    def _fits_parts(self, value: Any, schema: dict[str, Any], depth: int) -> bool:
        if isinstance(value, list) and "items" in schema:
            return all(self.fits(item, schema["items"], depth + 1) for item in value)
        if not isinstance(value, dict):
            return True
        required = schema.get("required")
        if isinstance(required, list) and any(name not in value for name in required):
            return False
        known = schema.get("properties")
        known = known if isinstance(known, dict) else {}
        if schema.get("additionalProperties") is False and any(key not in known for key in value):
            return False
        return all(self.fits(value[key], known[key], depth + 1) for key in value if key in known)

    def _resolved(self, reference: Any) -> Any:
        """What ``#/$defs/name`` points to; nothing for what lies elsewhere."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        place = self._root
        for step in reference.lstrip("#").strip("/").split("/"):
            if step:
                place = place.get(step) if isinstance(place, dict) else None
        return place


def _has_type(value: Any, wanted: Any) -> bool:
    names = wanted if isinstance(wanted, list) else [wanted]
    if wanted is None or any(name not in _TYPES for name in names):
        return True
    for name in names:
        if isinstance(value, bool) and name != "boolean":
            continue
        if isinstance(value, _TYPES[name]):
            return True
        if name == "integer" and isinstance(value, float) and value.is_integer():
            return True
    return False
