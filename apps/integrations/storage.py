"""The file storage behind its policy: each operation of Django's storages API is one protected call.

While the circuit `storage` is open, nothing waits for the storage: callers get `CircuitOpen`, which the API answers
as 503 with `Retry-After`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from os import PathLike
from typing import IO, Any, ParamSpec, TypeVar

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible

from apps.resilience import policy

SERVICE = "storage"

P = ParamSpec("P")
R = TypeVar("R")


def _guarded(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call the storage within its policy. A name that it refuses says nothing about the storage."""

    def attempt() -> R | _Refused:
        try:
            return function(*args, **kwargs)
        except SuspiciousFileOperation as error:
            return _Refused(error)

    answer = policy(SERVICE).call(attempt)
    if isinstance(answer, _Refused):
        raise answer.error
    return answer


@dataclass(frozen=True, slots=True)
class _Refused:
    """The storage would not touch this name."""

    error: SuspiciousFileOperation


class GuardedFile(File):  # type: ignore[type-arg]  # not generic when it runs
    """An open file; each read from the storage is a protected call of its own, so that streams are covered too."""

    def read(self, *args: Any, **kwargs: Any) -> Any:
        file: Any = self.file
        begin = file.tell() if file.seekable() else None
        tries = count()

        def attempt() -> Any:
            if next(tries) and begin is not None:
                file.seek(begin)  # a read that broke may have moved on
            return file.read(*args, **kwargs)

        return _guarded(attempt)

    def seek(self, *args: Any, **kwargs: Any) -> Any:
        return _guarded(self.file.seek, *args, **kwargs)  # type: ignore[union-attr]


@deconstructible(path="apps.integrations.storage.GuardedStorage")
class GuardedStorage(Storage):
    """Any storage, named by its alias in `STORAGES`, behind the policy `storage`.

    Names and addresses are computed by the storage itself without leaving the process, so they are not guarded.
    """

    def __init__(self, *, inner: str = "files") -> None:
        self._inner_alias = inner

    @property
    def inner(self) -> Storage:
        """The storage that does the work."""
        return storages[self._inner_alias]

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        """Store `content` in pieces; each attempt begins at the beginning."""

        def attempt() -> str:
            if content.seekable():
                content.seek(0)
            return self.inner.save(name, content, max_length)

        return _guarded(attempt)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        return GuardedFile(_guarded(self.inner.open, name, mode), name)

    def delete(self, name: str) -> None:
        _guarded(self.inner.delete, name)

    def exists(self, name: str) -> bool:
        return _guarded(self.inner.exists, name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return _guarded(self.inner.listdir, path)

    def size(self, name: str) -> int:
        return _guarded(self.inner.size, name)

    def get_accessed_time(self, name: str) -> datetime:
        return _guarded(self.inner.get_accessed_time, name)

    def get_created_time(self, name: str) -> datetime:
        return _guarded(self.inner.get_created_time, name)

    def get_modified_time(self, name: str) -> datetime:
        return _guarded(self.inner.get_modified_time, name)

    def url(self, name: str | None) -> str:
        return self.inner.url(name)

    def path(self, name: str) -> str:
        return self.inner.path(name)

    def get_valid_name(self, name: str) -> str:
        return self.inner.get_valid_name(name)

    def generate_filename(self, filename: str | PathLike[str]) -> str:
        return self.inner.generate_filename(filename)
