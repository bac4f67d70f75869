"""Slugs made from names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.core.ids import new_id

MAX_LENGTH = 80
NUMBERED = 20

R = TypeVar("R")


def slug_candidates(name: str, *, fallback: str) -> Iterator[str]:
    """`finals`, `finals-2`, `finals-3`… and at last one that nobody has.

    `fallback` stands in for a name without a letter that a URL can hold.
    """
    stem = slugify(name)[: MAX_LENGTH - 13].strip("-") or fallback
    yield stem
    for number in range(2, NUMBERED + 1):
        yield f"{stem}-{number}"
    yield f"{stem}-{new_id().hex[-12:]}"


def save_with_free_slug(save: Callable[[str], R], *, name: str, fallback: str, constraint: str) -> R:
    """Call `save` with one candidate after the other until none breaks `constraint`.

    The database decides: a look before the insert could not see a row that somebody else inserts meanwhile.
    """
    *candidates, last = slug_candidates(name, fallback=fallback)
    for slug in candidates:
        try:
            with transaction.atomic():
                return save(slug)
        except IntegrityError as error:
            if constraint not in str(error):
                raise
    return save(last)
