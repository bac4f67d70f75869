"""Every environment variable that Podium reads: its type, its default and its meaning, in one table.

Settings ask for a variable by its entry, `env.read(env.PORT)`, so that a misspelt name is a type error and
not a silent default. The table in docs/configuration.md is what `python -m config.env` prints.
"""

import sys
from pathlib import Path
from typing import Final

from config.variable import (
    BROKER_URL,
    FILE_STORE_URL,
    LOG_FORMATS,
    LOG_LEVELS,
    NAMES,
    PATH,
    PORT_NUMBER,
    POSTGRES_URL,
    REDIS_LIKE_URL,
    ROOT,
    SCHEDULE,
    SECONDS,
    SITE_URL,
    SMTP_SERVER_URL,
    TEXT,
    TRUTH,
    WHOLE,
    EnvironmentVariableError,
    Variable,
    is_set,
    read,
    require,
)

__all__ = ["ROOT", "TABLE", "EnvironmentVariableError", "is_set", "markdown_table", "read", "require"]

# Running

PODIUM_HOME: Final = Variable(
    "PODIUM_HOME",
    PATH,
    ROOT / ".local",
    "Where a local Podium keeps its database, files, mail and generated secrets.",
)
HOST: Final = Variable("HOST", TEXT, "127.0.0.1", "Address that `make run` listens on.")
PORT: Final = Variable("PORT", PORT_NUMBER, 8000, "Port that `make run` listens on.")
PODIUM_ADMIN_EMAIL: Final = Variable(
    "PODIUM_ADMIN_EMAIL",
    TEXT,
    "owner@podium.local",
    "Email of the owner whom the first start creates.",
)
PODIUM_ADMIN_PASSWORD: Final = Variable(
    "PODIUM_ADMIN_PASSWORD",
    TEXT,
    "",
    "Password of that owner; without it one is generated and printed once.",
    secret=True,
)

PODIUM_PROCESS: Final = Variable(
    "PODIUM_PROCESS",
    TEXT,
    "",
    "What this process is (`web`, `worker`, `sender`, `beat`, `relay`, `command`); `web` gets a pool of connections.",
)

# Web

DJANGO_SECRET_KEY: Final = Variable(
    "DJANGO_SECRET_KEY",
    TEXT,
    "",
    "Signs sessions, cursors and undo links; at least 50 characters. Locally generated in `PODIUM_HOME`, "
    "in production required.",
    secret=True,
)
ALLOWED_HOSTS: Final[Variable[tuple[str, ...]]] = Variable(
    "ALLOWED_HOSTS", NAMES, (), "Host names that production answers to."
)
CSRF_TRUSTED_ORIGINS: Final[Variable[tuple[str, ...]]] = Variable(
    "CSRF_TRUSTED_ORIGINS", NAMES, (), "Origins (`https://podium.example`) whose forms are accepted."
)
CORS_ALLOWED_ORIGINS: Final[Variable[tuple[str, ...]]] = Variable(
    "CORS_ALLOWED_ORIGINS", NAMES, (), "Origins whose scripts may call the API from a browser."
)

# Database

DATABASE_URL: Final = Variable(
    "DATABASE_URL",
    POSTGRES_URL,
    "",
    "PostgreSQL 15 or newer. Unset, a local PostgreSQL is started in `PODIUM_HOME`.",
    secret=True,
)
DATABASE_DIRECT_URL: Final = Variable(
    "DATABASE_DIRECT_URL",
    POSTGRES_URL,
    "",
    "The same database without a pooler in between, for the relay's `LISTEN`. Unset, `DATABASE_URL`.",
    secret=True,
)
DATABASE_POOL_MAX: Final = Variable("DATABASE_POOL_MAX", WHOLE, 10, "Connections that one web process opens at most.")
DATABASE_POOL_TIMEOUT: Final = Variable(
    "DATABASE_POOL_TIMEOUT", SECONDS, 5.0, "How long a request waits for a free connection before it fails."
)

# Valkey or Redis, and Celery

REDIS_URL: Final = Variable(
    "REDIS_URL",
    REDIS_LIKE_URL,
    "",
    "Valkey or Redis for cache, limits and breaker state. Unset, a local Valkey is started in `PODIUM_HOME`.",
    secret=True,
)
CELERY_BROKER_URL: Final = Variable(
    "CELERY_BROKER_URL", BROKER_URL, "", "Broker of the task queues. Unset, `REDIS_URL`.", secret=True
)

# Messages

OUTBOX_POLL_SECONDS: Final = Variable(
    "OUTBOX_POLL_SECONDS", SECONDS, 1.0, "How often the relay looks for messages that nothing has told it of."
)
OUTBOX_MAX_ATTEMPTS: Final = Variable(
    "OUTBOX_MAX_ATTEMPTS", WHOLE, 8, "How often a message is handed to its consumers before it is parked."
)
OUTBOX_RETENTION_DAYS: Final = Variable(
    "OUTBOX_RETENTION_DAYS", WHOLE, 30, "How long published messages stay in the outbox."
)

# Files

STORAGE_URL: Final = Variable(
    "STORAGE_URL",
    FILE_STORE_URL,
    "",
    "Where uploads go: `file:///path` or `s3://bucket/prefix`. Unset, `PODIUM_HOME/media`.",
)

# Tokens

JWT_SIGNING_KEY: Final = Variable(
    "JWT_SIGNING_KEY",
    TEXT,
    "",
    "Signs access and refresh tokens; at least 32 bytes. Unset, derived from `DJANGO_SECRET_KEY`.",
    secret=True,
)
JWT_ACCESS_MINUTES: Final = Variable("JWT_ACCESS_MINUTES", WHOLE, 15, "How long an access token is valid.")
JWT_REFRESH_DAYS: Final = Variable("JWT_REFRESH_DAYS", WHOLE, 14, "How long a refresh token is valid.")

# Webhooks, and whatever else goes to addresses that users have typed

WEBHOOK_RETRY_SCHEDULE: Final[Variable[tuple[int, ...]]] = Variable(
    "WEBHOOK_RETRY_SCHEDULE",
    SCHEDULE,
    (0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000),
    "Seconds before each attempt to deliver a webhook; as many attempts as there are numbers.",
)
WEBHOOK_TIMEOUT: Final = Variable(
    "WEBHOOK_TIMEOUT", SECONDS, 20.0, "How long a webhook's receiver may take to answer."
)
OUTBOUND_ALLOW_LOOPBACK: Final = Variable(
    "OUTBOUND_ALLOW_LOOPBACK",
    TRUTH,
    False,
    "Lets webhooks go to this machine, and by `http`. For development: `make run` sets it.",
)
ENCRYPTION_KEYS: Final[Variable[tuple[str, ...]]] = Variable(
    "ENCRYPTION_KEYS",
    NAMES,
    (),
    "Keys for secrets in the database (any text of 32 characters or more), the newest first: it encrypts, the others "
    "still decrypt. Unset, derived from `DJANGO_SECRET_KEY`.",
    secret=True,
)

# Mail

PUBLIC_URL: Final = Variable(
    "PUBLIC_URL",
    SITE_URL,
    "",
    "Where people reach Podium, for the links in mails: `https://podium.example`. Unset, `http://HOST:PORT`.",
)
SMTP_URL: Final = Variable(
    "SMTP_URL",
    SMTP_SERVER_URL,
    "",
    "Mail server: `smtp+starttls://user:password@host:587`, `smtps://…` (TLS from the start) or `smtp://…`. "
    "Unset, mails are written to `PODIUM_HOME/mail`.",
    secret=True,
)
SMTP_SECOND_URL: Final = Variable(
    "SMTP_SECOND_URL", SMTP_SERVER_URL, "", "Mail server that is asked where the first takes nothing.", secret=True
)
EMAIL_FROM: Final = Variable("EMAIL_FROM", TEXT, "Podium <podium@localhost>", "Sender of all mails.")
OPERATOR_EMAILS: Final[Variable[tuple[str, ...]]] = Variable(
    "OPERATOR_EMAILS", NAMES, (), "Who hears of the platform's own troubles. Unset, everybody who is staff."
)
EMAIL_RETRY_SCHEDULE: Final[Variable[tuple[int, ...]]] = Variable(
    "EMAIL_RETRY_SCHEDULE",
    SCHEDULE,
    (0, 10, 60, 600, 1800, 7200, 21_600, 43_200, 86_400),
    "Seconds before each attempt to send a mail; as many attempts as there are numbers.",
)

# Observability

LOG_LEVEL: Final = Variable("LOG_LEVEL", LOG_LEVELS, "INFO", "Lowest level that is logged.")
LOG_FORMAT: Final[Variable[str]] = Variable(
    "LOG_FORMAT", LOG_FORMATS, "console", "Coloured lines for people, or JSON for a log collector."
)
METRICS_TOKEN: Final = Variable(
    "METRICS_TOKEN",
    TEXT,
    "",
    "Bearer token that `/metrics` asks for. Unset, `/metrics` is not served in production.",
    secret=True,
)

# In the order of their definition above, which the docs table follows.
TABLE: Final[tuple[Variable[object], ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Variable)
)


def markdown_table() -> str:
    """The table of docs/configuration.md."""
    rows = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for variable in TABLE:
        secret = f" **Secret**: also `{variable.file_name}`." if variable.secret else ""
        cells = (
            f"`{variable.name}`",
            variable.kind.label,
            _shown(variable.default),
            variable.meaning + secret,
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _shown(default: object) -> str:
    match default:
        case None | "" | ():
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return f"`{','.join(map(str, default))}`"
        case Path():
            return f"`{default.relative_to(ROOT)}`"
        case _:
            return f"`{default}`"


def main(arguments: list[str]) -> int:
    """Print the table; or, given the page that has it, check that it is there word for word."""
    table = markdown_table()
    if not arguments:
        sys.stdout.write(table)
        return 0
    page = Path(arguments[0])
    if table in page.read_text(encoding="utf-8"):
        return 0
    sys.stderr.write(f"The table in {page} is out of date: put in what `python -m config.env` prints.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
