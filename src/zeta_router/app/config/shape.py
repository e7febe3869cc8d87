"""Whether a file has the shape of the specification: keys, types, ranges, texts.

Everything that is wrong is reported, and what is right is returned even when other parts are not,
so that the checks of meaning can still say their part. `msgspec.convert` would stop at the first
mistake and knows no lines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping as Environment
from typing import Final, cast

from msgspec import inspect

from zeta_router.app.config.kinds import (
    FILE,
    Kind,
    Setting,
    choices,
    out_of_range,
    range_words,
    setting_of,
    words,
)
from zeta_router.app.config.mismatch import found_words, mend
from zeta_router.app.config.nearest import instead, instead_of_key, meant_key
from zeta_router.app.config.report import Path, Report
from zeta_router.app.config.scalars import BadReference, Plain, resolve, substitute
from zeta_router.app.config.spec import FileSpec
from zeta_router.app.config.texts import shown
from zeta_router.app.config.tree import Mapping, Node, Scalar, Sequence

_EXACT = 2**53
"""Whole numbers below this are the same number in YAML, JSON and everything that reads them."""


class _Invalid:
    def __repr__(self) -> str:
        return "INVALID"


INVALID: Final = _Invalid()
"""Stands where a value cannot be used; why is in the report."""


def read_shape(root: Node, environ: Environment[str, str], report: Report) -> FileSpec | None:
    """The file as types, or None when not even its required sections can be used.

    Lists keep `INVALID` in place of entries that cannot be used, so that indices stay right.
    """
    value = _Reader(environ, report).read(root, setting_of(FILE), ())
    return None if value is INVALID else cast(FileSpec, value)


def read_setting(
    node: Node, setting: Setting, path: Path, environ: Environment[str, str], report: Report
) -> object:
    """One setting by itself, or `INVALID`; what is wrong with it is in the report."""
    return _Reader(environ, report).read(node, setting, path)


class _Reader:
    def __init__(self, environ: Environment[str, str], report: Report) -> None:
        self._environ = environ
        self._report = report

    def read(self, node: Node, setting: Setting, path: Path) -> object:
        """The value of `node` as `setting` wants it, or `INVALID`."""
        if isinstance(node, Scalar):
            self._report.places[path] = node.place
            return self._scalar(node, setting, path)
        self._report.places.setdefault(path, node.place)
        if isinstance(node, Sequence):
            kind = setting.only(inspect.ListType)
            return self._list(node, kind, path) if kind else self._mismatch(node, setting, path)
        kind = setting.only(inspect.StructType, inspect.DictType)
        if kind is None:
            return self._mismatch(node, setting, path)
        if isinstance(kind.type, inspect.StructType):
            return self._section(node, kind, kind.type, path)
        return self._dict(node, kind, path)

    def _section(self, node: Mapping, kind: Kind, type_: inspect.StructType, path: Path) -> object:
        fields = {field.name: field for field in type_.fields}
        values: dict[str, object] = {}
        given: set[str] = set()
        meant: set[str | None] = set()
        for key, child in node.entries:
            field = fields.get(key.text)
            if field is None:
                where = (*path, key.text)
                self._report.places[where] = key.place
                self._report.error(where, "is no key here", instead_of_key(key.text, kind))
                meant.add(meant_key(key.text, kind))
                continue
            given.add(key.text)
            self._report.places[(*path, key.text)] = key.place
            value = self.read(child, setting_of(field.type), (*path, key.text))
            if value is not INVALID:
                values[key.text] = value
        for name in (f.name for f in type_.fields if f.required and f.name not in given | meant):
            wanted = words(setting_of(fields[name].type))
            self._report.error((*path, name), "is missing", f"it is required: {wanted}")
        if not node.entries and kind.extra.get("least"):
            self._report.error(path, "is empty", f"give at least one of {', '.join(fields)}")
            return INVALID
        if any(field.required and name not in values for name, field in fields.items()):
            return INVALID
        return type_.cls(**values)

    def _dict(self, node: Mapping, kind: Kind, path: Path) -> object:
        type_ = cast(inspect.DictType, kind.type)
        keys, parts = setting_of(type_.key_type), setting_of(type_.value_type)
        result: dict[object, object] = {}
        for key, child in node.entries:
            place = (*path, key.text)
            self._report.places[place] = key.place
            name = self._text(key.text, keys, place)
            value = self.read(child, parts, place)
            if name is not INVALID and value is not INVALID:
                result[name] = value
        if type_.min_length and not node.entries:
            self._report.error(path, "is empty", f"give {words(setting_of(type_))}")
            return INVALID
        return result

    def _list(self, node: Sequence, kind: Kind, path: Path) -> object:
        type_ = cast(inspect.ListType, kind.type)
        if type_.min_length and not node.items:
            self._report.error(path, "is empty", f"give {words(setting_of(type_))}")
            return INVALID
        parts = setting_of(type_.item_type)
        return [self.read(item, parts, (*path, i)) for i, item in enumerate(node.items)]

    def _scalar(self, node: Scalar, setting: Setting, path: Path) -> object:
        try:
            text, replaced = substitute(node, self._environ)
        except BadReference as bad:
            self._report.error(path, bad.problem, bad.hint)
            return INVALID
        if not text.isprintable():
            problem = "has a line break or a control character in it"
            self._report.error(path, problem, "put it on one line, without a trailing line break")
            return INVALID
        value = resolve(text) if node.plain or replaced else text
        if replaced and not text and setting.only(inspect.NoneType):
            return None
        for kind in setting.kinds:
            if _fits(kind.type, value, text, replaced):
                return self._accept(kind, value, text, path)
        return self._mismatch(node, setting, path, text, value)

    def _accept(self, kind: Kind, value: Plain, text: str, path: Path) -> object:
        type_ = kind.type
        if isinstance(type_, inspect.EnumType):
            return type_.cls(text)
        if isinstance(type_, inspect.StrType):
            return self._text(text, Setting((kind,), kind.extra, ""), path)
        if isinstance(type_, inspect.IntType | inspect.FloatType):
            number = cast(float, value)
            if out_of_range(type_, number):
                problem = f"found {text}, expected a number{range_words(type_)}"
                self._report.error(path, problem)
                return INVALID
            return int(number) if isinstance(type_, inspect.IntType) else float(number)
        return value

    def _text(self, text: str, setting: Setting, path: Path) -> object:
        """A text that may be one of a closed list, or must pass a check."""
        type_ = setting.kinds[0].type
        listed = choices(type_)
        if listed and text not in listed:
            problem = f"found {shown(text)}, expected {' | '.join(listed)}"
            self._report.error(path, problem, instead(text, listed))
            return INVALID
        if isinstance(type_, inspect.EnumType):
            return type_.cls(text)
        check = setting.extra.get("check")
        complaint = check(text) if check else None
        if complaint is not None:
            what = "the value" if setting.extra.get("secret") else shown(text)
            self._report.error(path, f"{what} {complaint.problem}", complaint.hint)
            return INVALID
        return text

    def _mismatch(
        self, node: Node, setting: Setting, path: Path, text: str = "", value: Plain = None
    ) -> object:
        secret = bool(setting.extra.get("secret"))
        found = found_words(node, text, value, secret)
        problem = f"found {found}, expected {words(setting)}"
        self._report.error(path, problem, mend(node, setting, text, value))
        return INVALID


def _fits(type_: inspect.Type, value: Plain, text: str, replaced: bool) -> bool:
    """Whether a scalar is of this type; its range is checked afterwards."""
    if isinstance(type_, inspect.NoneType):
        return value is None
    if isinstance(type_, inspect.BoolType):
        return isinstance(value, bool)
    if isinstance(type_, inspect.IntType | inspect.FloatType):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if isinstance(type_, inspect.FloatType):
            return _finite(value)
        return abs(value) < _EXACT and value == int(value)
    if isinstance(type_, inspect.StrType):
        return isinstance(value, str) or replaced
    return isinstance(value, str) and text in choices(type_)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
