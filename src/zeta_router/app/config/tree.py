"""From YAML text to a tree that remembers where everything stands.

PyYAML's own constructor forgets lines, takes the last of two equal keys without a word, lets nine
lines of aliases grow into gigabytes, and reads YAML 1.1, where `1e-3` is text and `no` is false.
So only its parser is used (events, no objects are ever made), and this module builds the tree.
Scalars keep their text: what they mean is decided by the setting that they are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import yaml

from zeta_router.app.config.report import Place

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
MAX_NODES = 20_000
"""Bounds of a file: its size, its nesting, and its values once aliases are followed."""

PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML has it: 1.4 ms for 100 endpoints against 28 ms, while streams wait."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value without parts; `plain` when it stands without quotes."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: list[Node]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in the order of the file; equal keys are refused while reading."""

    entries: list[tuple[Scalar, Node]]
    place: Place


Node = Scalar | Sequence | Mapping


class BadYaml(Exception):  # noqa: N818 - a value passed to the loader, which reports it
    """The text is not YAML that can be read safely."""

    def __init__(self, problem: str, hint: str, place: Place | None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.place = place


def read_tree(text: str) -> Node:
    """The tree of the only document in `text`.

    Raises:
        BadYaml: If the text is no YAML, has several documents, equal keys, tags, or is larger,
            deeper or more repetitive than `MAX_BYTES`, `MAX_DEPTH` and `MAX_NODES` allow.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise BadYaml(
            f"is longer than {MAX_BYTES} bytes", "a fleet needs a few kilobytes; wrong file?", None
        )
    try:
        return _Builder(text.removeprefix("\ufeff")).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "cannot be parsed"
        raise BadYaml(f"is not valid YAML: {problem}", _advice(problem), _at(mark)) from None
    except yaml.reader.ReaderError as error:
        raise BadYaml(
            f"has a character that YAML does not allow ({error.reason})",
            "remove it, or write it as an escape in double quotes",
            _place_in(text, error.position),
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML lets chr() and int() fail by themselves on escapes and versions out of range.
        raise BadYaml(f"is not valid YAML: {error}", "", None) from None


class _Builder:
    def __init__(self, text: str) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=PARSER)
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._nodes = 0

    def document(self) -> Node:
        """The root of the only document."""
        next(self._events)  # start of stream
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            raise BadYaml("is empty", "`zeta init` writes a first one", Place(1, 1))
        root = self._node(next(self._events), 0)
        next(self._events)  # end of document
        more = next(self._events)
        if not isinstance(more, yaml.StreamEndEvent):
            hint = "keep one and remove the others with their `---`"
            raise BadYaml("holds several YAML documents", hint, _at(more.start_mark))
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        place = _at(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place)
        before = self._nodes
        self._count(1, place)
        if depth > MAX_DEPTH:
            raise BadYaml(f"is nested deeper than {MAX_DEPTH} levels", "", place)
        _refuse_tag(event, place)
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(event.value, event.implicit[0], place)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(place, depth)
        else:
            node = self._mapping(place, depth)
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = (node, self._nodes - before)
        return node

    def _alias(self, event: yaml.AliasEvent, place: Place) -> Node:
        if event.anchor not in self._anchors:
            raise BadYaml(
                f"*{event.anchor} stands for nothing",
                f"put &{event.anchor} before the value that it repeats, further up and complete",
                place,
            )
        node, size = self._anchors[event.anchor]
        self._count(size, place)
        return node

    def _sequence(self, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Sequence(items, place)

    def _mapping(self, place: Place, depth: int) -> Mapping:
        mapping = Mapping([], place)
        first: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise BadYaml("has a key that is not text", "", key.place)
            if key.plain and key.text == "<<":
                hint = "write the keys out, or repeat a whole value with &name and *name"
                raise BadYaml("uses the merge key <<, which YAML 1.2 dropped", hint, key.place)
            if key.text in first:
                line = first[key.text].line
                hint = f"it stands in line {line} already; keep one of the two"
                raise BadYaml(f"has the key {key.text!r} twice in one place", hint, key.place)
            first[key.text] = key.place
            mapping.entries.append((key, self._node(next(self._events), depth + 1)))
        return mapping

    def _count(self, nodes: int, place: Place) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            hint = "do its aliases repeat each other?"
            raise BadYaml(f"holds more than {MAX_NODES} values", hint, place)


def _refuse_tag(event: yaml.Event, place: Place) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None and tag != "!":
        raise BadYaml(f"has the tag {tag}", "tags are not needed here; remove it", place)


def _advice(problem: str) -> str:
    if "\\t" in problem:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return "put a value that contains `: ` in quotes, and check the indentation"
    if "expected ',' or" in problem:
        return "close what was opened; inside { } and [ ], put ${NAME} in quotes"
    return ""


class _Mark(Protocol):
    line: int
    column: int


def _at(mark: _Mark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


def _place_in(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
