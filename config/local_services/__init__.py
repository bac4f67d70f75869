"""The embedded PostgreSQL and Valkey of `make run`, `make test` and of `manage.py` commands.

With neither `DATABASE_URL` nor `REDIS_URL` set, real servers from PyPI wheels run on the loopback address,
with their data in `PODIUM_HOME`. All processes with the same `PODIUM_HOME` share them: the first one starts
them and the last one stops them.
"""

import atexit
import os
import signal
import sys
from typing import Final, NoReturn

from config import env
from config.local_services.errors import LocalServiceError
from config.local_services.services import LocalServices, Services

__all__ = ["LocalServiceError", "LocalServices", "Services", "ensure_services", "export_services"]

PRODUCTION_SETTINGS: Final = "config.settings.production"


def ensure_services() -> None:
    """Have PostgreSQL and Valkey run for as long as this process does, and put their URLs in the environment.

    Does nothing about one whose URL is set, and nothing at all in production, whose settings then say which
    URL is missing. An error ends the process with its message.
    """
    if os.environ.get("DJANGO_SETTINGS_MODULE") == PRODUCTION_SETTINGS:
        return
    local = LocalServices(env.read(env.PODIUM_HOME))
    try:
        export_services(local)
    except LocalServiceError as error:
        sys.exit(str(error))
    atexit.register(local.release)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Python's own way to end by a signal skips atexit, and the servers would be left running.
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _exit_on_signal)


def export_services(local: LocalServices) -> Services:
    """Start those services whose URL is not set, and set it for this process and its children."""
    needs_postgres, needs_valkey = not env.is_set(env.DATABASE_URL), not env.is_set(env.REDIS_URL)
    if not needs_postgres and not needs_valkey:
        return Services()
    services = local.start(postgres=needs_postgres, valkey=needs_valkey)
    for variable, url in ((env.DATABASE_URL, services.database_url), (env.REDIS_URL, services.redis_url)):
        if url:
            os.environ[variable.name] = url
    return services


def _exit_on_signal(number: int, frame: object) -> NoReturn:  # noqa: ARG001 - the handler's signature
    sys.exit(128 + number)
