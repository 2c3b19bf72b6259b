"""Small changes at random: to bytes, and to trees of plain values."""

from __future__ import annotations

import random
from typing import Any

ALPHABET = [bytes([byte]) for byte in range(256)] + [
    *(text.encode() for text in (",", ";", '"', "'", "\n", "\r\n", "\t", ": ", "- ", "[", "]", "{", "}", "&a ", "*a")),
    *(
        text.encode()
        for text in ("#", "!!python/name:os.system ", "é", "²", "٣", "\u202e", "\ufeff", "\x85", "-", "1e")
    ),
]
JUNK: list[Any] = [
    *(
        None,
        True,
        False,
        "",
        [],
        {},
        [[]],
        {"a": 1},
        [None],
        "x",
        "²",
        "٣",
        "a\nb",
        "\x1b[31m",
        "\u202e",
        "$x$",
        "=1+1",
    ),
    *(
        0,
        -1,
        1,
        2,
        0.5,
        -0.5,
        1e-300,
        5e-324,
        1e150,
        -1e151,
        1.7e308,
        2**31,
        2**32,
        2**53 + 1,
        -(2**63),
        10**30,
        10**400,
    ),
    *(float("inf"), float("-inf"), float("nan"), "1e-3", "nan", "full", "auto", "normal", "none", "intercept", "../x"),
    *("a" * 300, [1] * 50, [1, "x", None], {"kind": "adam"}, {"kind": []}, [[[[[[1]]]]]]),
]


def changed_bytes(content: bytes, chance: random.Random) -> bytes:
    """Insert, delete, replace, repeat or cut off, up to four times."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(content))
        stop = min(len(content), start + chance.choice([0, 1, 1, 3, 20]))
        piece = chance.choice([b"", chance.choice(ALPHABET), content[start:stop] * 2])
        content = content[:start] + piece + content[stop:]
        if chance.random() < 0.1:
            content = content[:start]
    return content


def changed_tree(tree: Any, chance: random.Random) -> Any:
    """Put junk in the place of one value, drop or rename one key, or add one."""
    if isinstance(tree, list) and tree and chance.random() < 0.7:
        i = chance.randrange(len(tree))
        return [*tree[:i], changed_tree(tree[i], chance), *tree[i + 1 :]]
    if not isinstance(tree, dict) or not tree or chance.random() < 0.1:
        return chance.choice(JUNK)
    key = chance.choice(list(tree))
    rest = {name: value for name, value in tree.items() if name != key}
    kind = chance.random()
    if kind < 0.1:
        return rest
    if kind < 0.2:
        return {**rest, changed_word(key, chance): tree[key]}
    return {**tree, key: changed_tree(tree[key], chance)}


def changed_word(word: str, chance: random.Random) -> str:
    """Misspell a word."""
    i = chance.randint(0, len(word))
    return chance.choice([word[:i] + word[i + 1 :], word[:i] + "q" + word[i:], word.upper(), word + "²", ""])
