"""Secrets at rest: encrypted with a key that is not in the database, by AES and HMAC in Fernet's format.

`ENCRYPTION_KEYS` are the keys, the newest first. Without them, and behind them, stands a key derived from
`SECRET_KEY`, so that the first key of one's own can be set at any time. After a change, `manage.py
reencrypt_secrets` encrypts everything anew, and the old key can go.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

PURPOSE = b"podium secrets at rest"


class UnreadableSecretError(RuntimeError):
    """None of the keys fits: an operator has taken away one that is still needed."""

    def __init__(self) -> None:
        super().__init__("No key of ENCRYPTION_KEYS opens this secret.")


class Sealed:
    """A JSON value that is encrypted until somebody opens it. It says nothing of itself in logs."""

    __slots__ = ("token",)

    def __init__(self, token: bytes) -> None:
        self.token = token

    @classmethod
    def of(cls, value: object) -> Sealed:
        """Encrypt `value`."""
        return cls(_box().encrypt(json.dumps(value, separators=(",", ":")).encode()))

    def open(self) -> Any:
        """The value.

        Raises:
            UnreadableSecretError: it was encrypted with a key that is not there any more.
        """
        try:
            return json.loads(_box().decrypt(self.token))
        except InvalidToken as error:
            raise UnreadableSecretError from error

    def open_or(self, fallback: Any) -> Any:
        """The value, or `fallback` where no key opens it any more."""
        try:
            return self.open()
        except UnreadableSecretError:
            return fallback

    def renewed(self) -> Sealed:
        """The same value, encrypted with the newest key.

        Raises:
            UnreadableSecretError: as `open` does.
        """
        try:
            return Sealed(_box().rotate(self.token))
        except InvalidToken as error:
            raise UnreadableSecretError from error

    def __repr__(self) -> str:
        return "Sealed(•••)"


def sealed_object() -> Sealed:
    """An empty JSON object."""
    return Sealed.of({})


def sealed_list() -> Sealed:
    """An empty JSON list."""
    return Sealed.of([])


class SealedField(models.BinaryField):  # type: ignore[type-arg]
    """A column of `Sealed` values. What is not changed keeps its ciphertext, and history does not notice a save."""

    def from_db_value(self, value: Any, *_: object) -> Sealed | None:
        """Wrap the bytes; nothing is decrypted yet."""
        return None if value is None else Sealed(bytes(value))

    def get_prep_value(self, value: Any) -> Any:
        return value.token if isinstance(value, Sealed) else value


def _box() -> MultiFernet:
    return _box_of((*settings.ENCRYPTION_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _box_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    raw = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(raw)
