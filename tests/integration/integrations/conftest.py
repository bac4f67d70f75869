"""A storage that fails when it is told to, behind circuits of its own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages

from apps.resilience import defaults
from apps.resilience.history import history
from config.settings.resilience import RESILIENCE

STORAGE = {
    "breaker": {"failure_threshold": 3, "volume_threshold": 1, "recovery_timeout": 60.0},
    "deadline": 10.0,
}


class MoodyStorage(FileSystemStorage):
    """Files in a folder; counts its calls, and fails `failures` times before it works."""

    def __init__(self, location: str) -> None:
        super().__init__(location=location)
        self.calls = 0
        self.failures = 0

    def _work(self) -> None:
        self.calls += 1
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is away")

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        try:
            self._work()
        except OSError:
            content.read(3)  # it failed in the middle
            raise
        return super().save(name, content, max_length)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        self._work()
        return File(MoodyFile(self, name), name)

    def delete(self, name: str) -> None:
        self._work()
        super().delete(name)

    def exists(self, name: str) -> bool:
        self._work()
        return super().exists(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        self._work()
        return super().listdir(path)

    def size(self, name: str) -> int:
        self._work()
        return super().size(name)


class MoodyFile(io.BytesIO):
    """What was stored; each read may fail too."""

    def __init__(self, storage: MoodyStorage, name: str) -> None:
        super().__init__(Path(storage.path(name)).read_bytes())
        self._storage = storage

    def read(self, *args: Any) -> bytes:
        try:
            self._storage._work()
        except OSError:
            super().read(3)  # it failed in the middle
            raise
        return super().read(*args)


def quick_circuits(attempts: int = 1) -> Any:
    """A registry whose storage is tried `attempts` times without a pause."""
    storage = {**STORAGE, "retry": {"attempts": attempts, "base": 0.0, "cap": 0.0}}
    services = {**RESILIENCE["SERVICES"], "storage": storage}  # type: ignore[dict-item]
    return defaults.build({**RESILIENCE, "STORE_URL": "", "SERVICES": services}, threads=False)


@pytest.fixture
def circuits() -> Iterator[None]:
    """Circuits that no other test knows."""
    registry = quick_circuits()
    previous = defaults.install(registry)
    yield
    defaults.install(previous)
    registry.close()
    history._waiting.clear()  # what opened here is no news for the next test's database


@pytest.fixture
def moody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MoodyStorage:
    """The storage behind `default_storage`."""
    storage = MoodyStorage(str(tmp_path))
    monkeypatch.setitem(storages._storages, "files", storage)  # type: ignore[attr-defined]
    return storage
