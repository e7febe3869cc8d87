"""The JSON Schema of `zeta.yaml`, for editors and other programs.

Made from `spec`, so it says what the loader says about keys, types and ranges. What it cannot say
(ids are unique, a route names a model that can do the task, equal keys) only the loader finds.
Wherever a single value is expected, a text with `${NAME}` is valid too: it is replaced on loading.
"""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, inspect

from zeta_router.app.config.kinds import FILE, Kind, Setting, choices, setting_of
from zeta_router.app.config.scalars import FROM_ENVIRONMENT

SCHEMA_FILE = Path(__file__).with_name("zeta.schema.json")
"""The schema as it is shipped; equal to `schema_text()`."""

Json = dict[str, Any]

_REFERENCE: Json = {"$ref": "#/$defs/fromEnvironment"}


def json_schema() -> Json:
    """The schema, draft 2020-12, with a description on every key."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "zeta.yaml, the configuration of zeta-router",
        **_schema_of(setting_of(FILE)),
        "$defs": {
            "fromEnvironment": {
                "description": "Holds ${NAME} or ${NAME:-default}, replaced from the environment.",
                "type": "string",
                "pattern": FROM_ENVIRONMENT,
            }
        },
    }


def schema_text() -> str:
    """The schema as the shipped file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _schema_of(setting: Setting) -> Json:
    parts = [_kind_schema(kind) for kind in setting.kinds]
    if any(_may_come_from_environment(kind.type) for kind in setting.kinds):
        parts.append(_REFERENCE)
    schema: Json = parts[0] if len(parts) == 1 else {"anyOf": parts}
    return {"description": setting.description, **schema} if setting.description else schema


def _may_come_from_environment(type_: inspect.Type) -> bool:
    """Whether a scalar's own schema would refuse a reference to the environment."""
    parts = (inspect.StructType, inspect.DictType, inspect.ListType, inspect.NoneType)
    return not isinstance(type_, parts)


def _kind_schema(kind: Kind) -> Json:
    type_ = kind.type
    if choices(type_):
        return {"enum": list(choices(type_))}
    if isinstance(type_, inspect.IntType | inspect.FloatType):
        return _number(type_)
    if isinstance(type_, inspect.StrType):
        return {"type": "string", "pattern": type_.pattern}
    if isinstance(type_, inspect.ListType):
        items = {"type": "array", "items": _schema_of(setting_of(type_.item_type))}
        return items | ({"minItems": type_.min_length} if type_.min_length else {})
    if isinstance(type_, inspect.DictType):
        return _dict(type_)
    if isinstance(type_, inspect.StructType):
        return _section(kind, type_)
    return {"type": "boolean" if isinstance(type_, inspect.BoolType) else "null"}


def _number(type_: inspect.IntType | inspect.FloatType) -> Json:
    bounds = {"minimum": type_.ge, "exclusiveMinimum": type_.gt, "maximum": type_.le}
    name = "integer" if isinstance(type_, inspect.IntType) else "number"
    return {"type": name} | {key: value for key, value in bounds.items() if value is not None}


def _dict(type_: inspect.DictType) -> Json:
    schema = {
        "type": "object",
        "propertyNames": _kind_schema(setting_of(type_.key_type).kinds[0]),
        "additionalProperties": _schema_of(setting_of(type_.value_type)),
    }
    return schema | ({"minProperties": type_.min_length} if type_.min_length else {})


def _section(kind: Kind, type_: inspect.StructType) -> Json:
    properties: Json = {}
    for field in type_.fields:
        properties[field.name] = _schema_of(setting_of(field.type)) | _default(field)
    schema: Json = {"type": "object", "additionalProperties": False, "properties": properties}
    required = [field.name for field in type_.fields if field.required]
    if required:
        schema["required"] = required
    if kind.extra.get("least"):
        schema["minProperties"] = kind.extra["least"]
    return schema


def _default(field: inspect.Field) -> Json:
    value = field.default
    if value is NODEFAULT or value is None:
        return {}
    return {"default": value.value if isinstance(value, Enum) else value}
