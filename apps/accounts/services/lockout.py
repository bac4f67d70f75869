"""Guessing passwords stops early: wrong ones are counted per account and address, per account, and per address.

The tight limit is on the pair, so that a stranger who guesses can't lock the account's owner out at home.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.errors import SignInLocked
from apps.core import rates


def _counted(email: str, request: HttpRequest | None) -> Iterator[tuple[str, str, str]]:
    """(rate, kind, key) of everything that one attempt counts for. Keys are digests: no address is kept."""
    address = request.META.get("REMOTE_ADDR", "") if request is not None else ""
    keys = {
        "account_and_address": f"{email.lower()}\n{address}",
        "account": email.lower(),
        "address": address,
    }
    for kind, rate in settings.SIGN_IN_FAILURES.items():
        digest = hashlib.blake2s(keys[kind].encode(), key=settings.SECRET_KEY.encode()[:32], digest_size=16)
        yield rate, f"sign-in:{kind}", digest.hexdigest()


def require_open(*, email: str, request: HttpRequest | None) -> None:
    """Refuse an attempt that comes after too many wrong ones.

    Raises:
        SignInLocked: with the seconds to wait.
    """
    for rate, kind, key in _counted(email, request):
        window = rates.peek(rate, kind, key)
        if not window.allowed:
            raise SignInLocked(
                "Too many wrong passwords. Wait a while, or ask an administrator.", retry_after=window.reset_in
            )


def count_failure(*, email: str, request: HttpRequest | None) -> None:
    """One more wrong password."""
    for rate, kind, key in _counted(email, request):
        rates.hit(rate, kind, key)


def count_success(*, email: str, request: HttpRequest | None) -> None:
    """The right password: this account's count from this address starts anew, the others go on."""
    for rate, kind, key in _counted(email, request):
        if kind == "sign-in:account_and_address":
            rates.forget(rate, kind, key)
