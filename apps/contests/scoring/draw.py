"""The draw of a starting order that anyone can repeat, in any language, from the seed and the keys alone.

Each key gets the SHA-256 of `<seed>:<key>` in UTF-8; the order is that of the digests in hexadecimal, ascending. In
Python, with nothing but the standard library:

    sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).hexdigest())
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

ALGORITHM = "sha256-sort-1"


def draw_order(seed: str, keys: Iterable[str]) -> list[str]:
    """The keys in the order that the seed gives them, whatever order they come in."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).hexdigest())
