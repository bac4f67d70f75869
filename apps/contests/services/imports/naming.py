"""Groups and addresses: what belongs together in the files, and where Podium will have it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.utils.text import slugify

LONGEST = 80

T = TypeVar("T")
K = TypeVar("K")


def group(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """The items by key; groups and their items in the order in which they come."""
    groups: dict[K, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def slug_of(name: str) -> str:
    """The address of a name: the same one at each import, and for names in any script.

    A name that a slug can't hold whole, or at all, gets an address that ends with a digest of it.
    """
    slug = slugify(name)
    if slug and len(slug) <= LONGEST:
        return slug
    digest = hashlib.blake2s(name.encode(), digest_size=5).hexdigest()
    return f"{slug[: LONGEST - len(digest) - 1].strip('-')}-{digest}".strip("-")
