"""Names of text encodings."""

from __future__ import annotations

import codecs
from contextlib import suppress


def canonical(encoding: str) -> str | None:
    """What Python calls a text encoding that bytes can be decoded from piece by piece; None where it knows none."""
    with suppress(Exception):  # each codec has errors of its own
        name = codecs.lookup(encoding).name
        decoder = codecs.getincrementaldecoder(name)()
        if decoder.decode("a,1\r\n".encode(name), final=True).lstrip("\ufeff") == "a,1\r\n":
            return name
    return None
