"""What stops Podium from starting with a storage or a mail server that can't work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution

NOT_ABSOLUTE = Error(
    "STORAGE_URL names a folder that is not absolute.",
    hint="Write file:///var/lib/podium, with three slashes.",
    id="integrations.E001",
)
NO_BUCKET = Error(
    "STORAGE_URL names no bucket.",
    hint="Write s3://bucket or s3://bucket/prefix, and give the keys as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    id="integrations.E003",
)

NO_MAIL_SERVER = Caution(
    "No mail server is set: mails are written to a folder, and reach nobody.",
    hint="Set SMTP_URL, such as smtp+starttls://user:password@smtp.example.org:587.",
    id="integrations.W001",
)
LINKS_LEAD_NOWHERE = Caution(
    "PUBLIC_URL is no https address: links in mails lead to where nobody is.",
    hint="Set PUBLIC_URL to where people reach Podium, such as https://podium.example.org.",
    id="integrations.W002",
)
NO_SENDER = Error(
    "EMAIL_FROM names no address.",
    hint="Write podium@example.org, or Podium <podium@example.org>.",
    id="integrations.E004",
)
NO_MAIL_HOST = Error(
    "SMTP_URL or SMTP_SECOND_URL names no host.",
    hint="Write smtp+starttls://user:password@smtp.example.org:587.",
    id="integrations.E005",
)


@register()
def mail_can_work(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Look at the sender and the servers without touching a network."""
    del app_configs, kwargs
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    found: list[CheckMessage] = [] if all(address.partition("@")) else [NO_SENDER]
    hosts = [account["options"].get("host", "a folder") for account in settings.MAIL["ACCOUNTS"]]
    return found if all(hosts) else [*found, NO_MAIL_HOST]


@register(deploy=True)
def mail_reaches_people(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """In production mails go out, and their links lead back."""
    del app_configs, kwargs
    found: list[CheckMessage] = []
    if any("host" not in account["options"] for account in settings.MAIL["ACCOUNTS"]):
        found.append(NO_MAIL_SERVER)
    if not settings.PUBLIC_URL.startswith("https://"):
        found.append(LINKS_LEAD_NOWHERE)
    return found


@register()
def storage_can_work(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Look at `STORAGE_URL` without touching a network."""
    del app_configs, kwargs
    parts = urlsplit(settings.STORAGE_URL)
    if parts.scheme == "s3":
        return [] if parts.netloc else [NO_BUCKET]
    if parts.scheme == "file" and (parts.netloc or not parts.path.startswith("/")):
        return [NOT_ABSOLUTE]
    return _check_folder(Path(parts.path or settings.PODIUM_HOME / "media"))


def _check_folder(folder: Path) -> list[CheckMessage]:
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"Podium can't write files to {str(folder)!r}.",
            hint=f"Let the user that runs Podium write to {str(nearest)!r}, or set STORAGE_URL to another folder.",
            id="integrations.E002",
        )
    ]
