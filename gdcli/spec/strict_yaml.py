"""YAML 1.2 core, read strictly: values with the line and column of every key and element.

PyYAML follows YAML 1.1 and takes `1e-3` as text, `on` as true, and the last of two equal keys in silence. Its
composer gives nodes with their places; the meaning of a plain scalar is decided here, by the YAML 1.2 core schema.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from gdcli.errors import Fault, Place, SpecError, nearest, system_reason

# Keys and indices that lead to a value.
KeyPath: TypeAlias = tuple[str | int, ...]
Places: TypeAlias = Mapping[KeyPath, Place]

MAX_BYTES = 1 << 20
MAX_NODES = 150_000  # PyYAML composes about 70,000 a second
MAX_DEPTH = 50

_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = ("plain", _TAG + "str", _TAG + "seq", _TAG + "map")

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}


def read_file(path: Path, label: str) -> tuple[dict[str, Any], dict[KeyPath, Place]]:
    """Read a YAML file that holds one mapping.

    Args:
        path: The file.
        label: How messages name it.

    Returns:
        The mapping, lists as tuples, and the place of every key and element in it.

    Raises:
        SpecError: The file is missing, no file, too large, not UTF-8, not YAML, empty, or not a mapping; a key is
            given twice, a tag or a merge key is used, or aliases expand without bound.
    """
    place = Place(label)
    try:
        content = _content(path)
    except FileNotFoundError as error:
        raise SpecError([Fault(place, f"there is no such spec{_sibling(path)}")]) from error
    except IsADirectoryError as error:
        raise SpecError([Fault(place, "a folder; name a YAML file in it (`gdcli check` takes folders)")]) from error
    except OSError as error:
        raise SpecError([Fault(place, f"cannot read this spec: {system_reason(error)}")]) from error
    except ValueError as error:  # a name with a NUL in it
        raise SpecError([Fault(place, "no file can have this name")]) from error
    if len(content) > MAX_BYTES:
        raise SpecError([Fault(place, "a spec may have 1 MiB at most; put the data into a file of its own")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError([Fault(Place(label, line), "not UTF-8 text; save the spec as UTF-8")]) from error
    value, places = parse(text, label)
    if value is None:
        raise SpecError([Fault(place, "this spec is empty; it needs at least `dataset: …`")])
    if not isinstance(value, dict):
        raise SpecError([Fault(Place(label, 1, 1), "a spec is a mapping of keys to values, `dataset: …` first")])
    return value, places


def is_stream(path: Path) -> bool:
    """Whether a path names a pipe of this process: `/dev/stdin`, or `<(…)` of a shell."""
    return str(path) == "/dev/stdin" or str(path).startswith(("/dev/fd/", "/proc/self/fd/"))


def _content(path: Path) -> bytes:
    """The contents of a file, up to one byte more than a spec may have."""
    kind = path.stat().st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or is_stream(path)):
        # A read from a pipe may wait for ever, and a device never ends.
        raise OSError(None, "not a regular file; pipe a spec to /dev/stdin instead")
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _sibling(path: Path) -> str:
    """Suggest a spec in the folder of a missing one."""
    # Stems are compared, because the common ending would make all names similar.
    try:
        siblings = {file.stem: file.name for file in path.parent.glob("*.y*ml")}
    except OSError:  # a directory without permission to list it
        return ""
    stem = nearest(path.stem, siblings)
    return f"; did you mean '{siblings[stem]}'?" if stem else ""


def parse(text: str, label: str) -> tuple[Any, dict[KeyPath, Place]]:
    """Parse one YAML document.

    Args:
        text: The document.
        label: How messages name it.

    Returns:
        Its value, lists as tuples and mapping keys as text, and the place of every key and element.

    Raises:
        SpecError: As `read_file`.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(label, mark.line + 1, mark.column + 1) if mark else Place(label)
        problem = error.problem or error.context
        if str(problem).startswith("but"):
            problem = f"{error.context}, {problem}"
        raise SpecError([Fault(place, f"not valid YAML: {problem}")]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SpecError([Fault(Place(label, line), "not valid YAML: a control character stands here")]) from error
    except RecursionError as error:
        raise SpecError([Fault(Place(label), f"nested deeper than {MAX_DEPTH} levels")]) from error
    except _TooManyError as error:
        mark = error.mark
        message = f"more than {MAX_NODES} values; put the data into a file of its own"
        raise SpecError([Fault(Place(label, mark.line + 1, mark.column + 1), message)]) from error
    builder = _Builder(label)
    value = builder.build(node, ()) if node is not None else None
    if builder.faults:
        raise SpecError(builder.faults)
    return value, builder.places


def dump(value: Any) -> str:
    """Write plain values as YAML that `parse` reads back the same.

    Args:
        value: Dicts, lists, text, numbers, booleans and None.

    Returns:
        A document, keys in their order.
    """
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)


class _Dumper(yaml.SafeDumper):
    """Quotes text that the core schema would read as another type, besides what YAML 1.1 would."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        del data
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if not text.isprintable():
        style: str | None = '"'  # the only style that keeps line breaks of every kind
    else:
        style = None if isinstance(_scalar(text), str) else "'"
    return dumper.represent_scalar(_TAG + "str", text, style=style)


_Dumper.add_representer(str, _represent_text)


class _TooManyError(Exception):
    """A document has too many values.

    Args:
        mark: Position of the first value beyond the bound.
    """

    def __init__(self, mark: yaml.Mark) -> None:
        self.mark = mark
        super().__init__(mark)


class _Loader(yaml.SafeLoader):
    """Composes nodes, and marks the scalars whose meaning the core schema decides.

    It is not the faster one of libyaml, which takes tabs where this one does not, and places empty values elsewhere.
    """

    nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node, unless there are too many already."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _TooManyError(self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Tag a node: `plain` for an untagged plain scalar, PyYAML's default for the rest."""
        del value  # what it means is not decided here
        if kind is yaml.ScalarNode and implicit[0]:
            return "plain"
        tags = {yaml.ScalarNode: _TAG + "str", yaml.SequenceNode: _TAG + "seq", yaml.MappingNode: _TAG + "map"}
        return tags[kind]


class _Builder:
    """Turns composed nodes into values, noting places and faults on the way."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.places: dict[KeyPath, Place] = {}
        self.faults: list[Fault] = []
        self.nodes = 0
        self.seen: set[int] = set()
        self.aliased = False

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        """Build the value of a node; `path` leads to it."""
        self.nodes += 1
        self.aliased |= id(node) in self.seen
        self.seen.add(id(node))
        if len(path) > MAX_DEPTH or self.nodes > MAX_NODES:
            what = f"nested deeper than {MAX_DEPTH} levels" if len(path) > MAX_DEPTH else "expands to too many values"
            hint = "; write it out without aliases" if self.aliased else ""
            raise SpecError([Fault(self.place(node), what + hint)])
        if not self.allowed(node):
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self.places.update({(*path, i): self.place(child) for i, child in enumerate(node.value)})
            return tuple(self.build(child, (*path, i)) for i, child in enumerate(node.value))
        return _scalar(node.value) if node.tag == "plain" else node.value

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        """Build a mapping; keys are text, whatever they look like."""
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(Fault(self.place(key_node), "a key must be plain text"))
                continue
            if not self.allowed(key_node):
                continue
            key = key_node.value
            if key in values:
                first = self.places[(*path, key)].line
                self.faults.append(Fault(self.place(key_node), f"key '{key}' is given twice, first on line {first}"))
                continue
            self.places[(*path, key)] = self.place(key_node)
            values[key] = self.build(value_node, (*path, key))
        return values

    def allowed(self, node: yaml.Node) -> bool:
        """Whether the node has no explicit tag and no lone surrogate; adds a fault otherwise."""
        if node.tag not in _KNOWN_TAGS:
            tag = node.tag.replace(_TAG, "!!")
            self.faults.append(Fault(self.place(node), f"the tag {tag} is not allowed in a spec"))
            return False
        if isinstance(node, yaml.ScalarNode) and _SURROGATE.search(node.value):
            message = "this text has a lone surrogate in it, which is no character"
            self.faults.append(Fault(self.place(node), message))
            return False
        return True

    def place(self, node: yaml.Node) -> Place:
        """Where a node starts."""
        return Place(self.label, node.start_mark.line + 1, node.start_mark.column + 1)


def _scalar(text: str) -> Any:
    """What a plain scalar means under the YAML 1.2 core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return bounded(int(text, 0)) if text[:2] in ("0o", "0x") else _decimal(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _decimal(text: str) -> int | float:
    """An integer of up to 400 digits, an infinity beyond. Python refuses to parse more than 4,300 digits."""
    digits, sign = text.lstrip("+-").lstrip("0") or "0", -1 if text[0] == "-" else 1
    return bounded(sign * int(digits)) if len(digits) <= 400 else sign * float("inf")


def bounded(number: int) -> int | float:
    """An integer, or an infinity beyond the largest double: no other code meets thousands of digits."""
    try:
        float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
    return number
