"""PostgreSQL through psycopg: a pool in web processes, one persistent connection in workers and commands."""

import sys
from urllib.parse import parse_qsl, unquote, urlsplit

from config import env

PROCESS_IS_WEB = "uvicorn" in sys.argv[0] or env.read(env.PODIUM_PROCESS) == "web"


CONNECT_WITHIN = 5
"""Seconds: the deadline of the policy `database`, which can't stop libpq. A host that is gone says nothing at all."""


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    options: dict[str, object] = {"connect_timeout": CONNECT_WITHIN, **dict(parse_qsl(parts.query))}
    settings: dict[str, object] = {
        "ENGINE": "apps.resilience.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or str(options.pop("host", ""))),
        "PORT": str(parts.port or ""),
        "ATOMIC_REQUESTS": False,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
    if PROCESS_IS_WEB:
        options["pool"] = {
            "min_size": 1,
            "max_size": env.read(env.DATABASE_POOL_MAX),
            "timeout": env.read(env.DATABASE_POOL_TIMEOUT),
        }
    else:
        settings["CONN_MAX_AGE"] = None
    return settings


_URL = env.read(env.DATABASE_URL) or "postgresql:///podium"
DATABASES = {"default": _database(_URL)}
DATABASE_DIRECT_URL = env.read(env.DATABASE_DIRECT_URL) or _URL
