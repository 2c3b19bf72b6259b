"""Names of text encodings."""

from __future__ import annotations

import codecs
from contextlib import suppress


def canonical(encoding: str) -> str | None:
    """Python's name of a text encoding that can be decoded incrementally; None if there is no such encoding."""
    with suppress(Exception):  # codecs raise errors of many types
        name = codecs.lookup(encoding).name
        decoder = codecs.getincrementaldecoder(name)()
        if decoder.decode("a,1\r\n".encode(name), final=True).lstrip("\ufeff") == "a,1\r\n":
            return name
    return None
