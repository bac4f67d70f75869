"""Mail: who sends it, through which servers, when it is tried again, how long it is kept."""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from config import env

SERVER_ANSWERS_WITHIN = 10
"""Seconds for each command: the deadline of the policy `email`, which can't stop a socket."""
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def _account(service: str, url: str) -> dict[str, Any]:
    """A mail server, and the circuit that stands before it."""
    parts = urlsplit(url)
    return {
        "service": service,
        "backend": "apps.integrations.mail.backends.SmtpBackend",
        "options": {
            "host": parts.hostname or "",
            "port": parts.port or PORTS[parts.scheme],
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": parts.scheme == "smtp+starttls",
            "use_ssl": parts.scheme == "smtps",
            "timeout": SERVER_ANSWERS_WITHIN,
        },
    }


def _accounts() -> list[dict[str, Any]]:
    """The servers in the order in which they are asked; without one, a folder."""
    first, second = env.read(env.SMTP_URL), env.read(env.SMTP_SECOND_URL)
    if first:
        return [_account("email", first), *([_account("email_second", second)] if second else [])]
    folder = str(env.read(env.PODIUM_HOME) / "mail")
    backend = "apps.integrations.mail.backends.FolderBackend"
    return [{"service": "email", "backend": backend, "options": {"folder": folder}}]


PUBLIC_URL = (env.read(env.PUBLIC_URL) or f"http://{env.read(env.HOST)}:{env.read(env.PORT)}").rstrip("/")
DEFAULT_FROM_EMAIL = env.read(env.EMAIL_FROM)
OPERATOR_EMAILS = env.read(env.OPERATOR_EMAILS)
MAIL: dict[str, Any] = {
    "ACCOUNTS": _accounts(),
    "RETRY_SCHEDULE": env.read(env.EMAIL_RETRY_SCHEDULE),
    # Up to this share is added at random, so that what failed together is not tried again together.
    "RETRY_JITTER": 0.2,
    # A letter that a killed worker had begun is sent again after this: each of a handful of commands may take as
    # long as a server may, the letter itself a minute, and that with two servers.
    "LEASE": timedelta(minutes=5),
    # What a letter said, for those who ask what happened; then the row alone, which keeps it from being sent twice.
    "KEEP_BODIES": timedelta(days=30),
    "KEEP_ROWS": timedelta(days=90),
}
