"""Actions of admin lists that do something to each row that was chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest

from apps.core.errors import PodiumError

Row = TypeVar("Row", bound=Model)


def do_each(
    request: HttpRequest,
    rows: Iterable[Row],
    act: Callable[[Row], object],
    *,
    done: str,
    name: Callable[[Row], str] = str,
) -> None:
    """Do `act` to each row, and say for how many (`done`), and why not for the others, each by its `name`."""
    count = 0
    for row in rows:
        try:
            act(row)
            count += 1
        except PodiumError as error:
            messages.warning(request, f"{name(row)}: {error.detail}")
    if count:
        messages.success(request, f"{done}: {count}.")
