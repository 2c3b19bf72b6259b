"""YAML 1.2 core, read strictly: values with the line and column of every key and element.

PyYAML follows YAML 1.1 and reads `1e-3` as text, `on` as true, and silently takes the last of two equal keys. Its
composer gives nodes with their places; `scalars` gives plain scalars their values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import yaml

from gdcli.errors import Fault, Place, SpecError
from gdcli.spec.scalars import scalar

# Keys and indices that lead to a value.
KeyPath: TypeAlias = tuple[str | int, ...]
Places: TypeAlias = Mapping[KeyPath, Place]

MAX_NODES = 150_000  # PyYAML composes about 70,000 per second
MAX_DEPTH = 50

_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = ("plain", _TAG + "str", _TAG + "seq", _TAG + "map")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(text: str, label: str) -> tuple[Any, dict[KeyPath, Place]]:
    """Parse one YAML document.

    Args:
        text: The document.
        label: How messages name it.

    Returns:
        Its value, lists as tuples and mapping keys as text, and the place of every key and element.

    Raises:
        SpecError: It is not YAML, a key is given twice, a tag or a merge key is used, it is nested too deeply, or
            aliases expand to too many values.
    """
    node = _compose(text, label)
    builder = _Builder(label)
    value = builder.build(node, ()) if node is not None else None
    if builder.faults:
        raise SpecError(builder.faults)
    return value, builder.places


def _compose(text: str, label: str) -> yaml.Node | None:
    """The nodes of a document; None if it is empty."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(label, mark.line + 1, mark.column + 1) if mark else Place(label)
        problem = error.problem or error.context
        if str(problem).startswith("but"):
            problem = f"{error.context}, {problem}"
        raise SpecError([Fault(place, f"not valid YAML: {problem}")]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SpecError([Fault(Place(label, line), "not valid YAML: a control character is not allowed")]) from error
    except RecursionError as error:
        raise SpecError([Fault(Place(label), f"nested deeper than {MAX_DEPTH} levels")]) from error
    except _TooManyError as error:
        mark = error.mark
        message = f"more than {MAX_NODES} values; put the data into a separate file"
        raise SpecError([Fault(Place(label, mark.line + 1, mark.column + 1), message)]) from error


def dump(value: Any, *, width: int = 100) -> str:
    """Write plain values as YAML that `parse` reads back the same.

    Args:
        value: Dicts, lists, text, numbers, booleans and None.
        width: Characters after which a line is broken.

    Returns:
        A document, keys in their order.
    """
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=width)


class _Dumper(yaml.SafeDumper):
    """Quotes text that the core schema would read as another type, in addition to text that YAML 1.1 would."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        del data
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if not text.isprintable():
        style: str | None = '"'  # the only style that keeps line breaks of every kind
    else:
        style = None if isinstance(scalar(text), str) else "'"
    return dumper.represent_scalar(_TAG + "str", text, style=style)


_Dumper.add_representer(str, _represent_text)


class _TooManyError(Exception):
    """The document has too many values.

    Args:
        mark: Position of the first value beyond the limit.
    """

    def __init__(self, mark: yaml.Mark) -> None:
        self.mark = mark
        super().__init__(mark)


class _Loader(yaml.SafeLoader):
    """Composes nodes, and marks the scalars to be read by the core schema.

    The faster loader of libyaml is not used: it accepts tabs that this one rejects, and reports other places for empty
    values.
    """

    nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node, unless there are too many."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _TooManyError(self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Tag a node: `plain` for an untagged plain scalar, PyYAML's default for the rest."""
        del value  # the tag does not depend on it
        if kind is yaml.ScalarNode and implicit[0]:
            return "plain"
        tags = {yaml.ScalarNode: _TAG + "str", yaml.SequenceNode: _TAG + "seq", yaml.MappingNode: _TAG + "map"}
        return tags[kind]


class _Builder:
    """Turns composed nodes into values, and collects places and faults."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.places: dict[KeyPath, Place] = {}
        self.faults: list[Fault] = []
        self.nodes = 0
        self.seen: set[int] = set()
        self.aliased = False

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        """Build the value of the node at a path."""
        self.nodes += 1
        self.aliased |= id(node) in self.seen
        self.seen.add(id(node))
        if len(path) > MAX_DEPTH or self.nodes > MAX_NODES:
            what = f"nested deeper than {MAX_DEPTH} levels" if len(path) > MAX_DEPTH else "expands to too many values"
            hint = "; write it out without aliases" if self.aliased else ""
            raise SpecError([Fault(self.place(node), what + hint)])
        if not self.is_allowed(node):
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self.places.update({(*path, i): self.place(child) for i, child in enumerate(node.value)})
            return tuple(self.build(child, (*path, i)) for i, child in enumerate(node.value))
        return scalar(node.value) if node.tag == "plain" else node.value

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        """Build a mapping; keys are text, whatever they look like."""
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(Fault(self.place(key_node), "a key must be plain text"))
                continue
            if not self.is_allowed(key_node):
                continue
            key = key_node.value
            if key in values:
                first = self.places[(*path, key)].line
                self.faults.append(Fault(self.place(key_node), f"key '{key}' is given twice, first on line {first}"))
                continue
            self.places[(*path, key)] = self.place(key_node)
            values[key] = self.build(value_node, (*path, key))
        return values

    def is_allowed(self, node: yaml.Node) -> bool:
        """Whether the node has no explicit tag and no lone surrogate; adds a fault otherwise."""
        if node.tag not in _KNOWN_TAGS:
            tag = node.tag.replace(_TAG, "!!")
            self.faults.append(Fault(self.place(node), f"the tag {tag} is not allowed in a spec"))
            return False
        if isinstance(node, yaml.ScalarNode) and _SURROGATE.search(node.value):
            message = "this text contains a lone surrogate, which is not a character"
            self.faults.append(Fault(self.place(node), message))
            return False
        return True

    def place(self, node: yaml.Node) -> Place:
        """The place where a node starts."""
        return Place(self.label, node.start_mark.line + 1, node.start_mark.column + 1)
