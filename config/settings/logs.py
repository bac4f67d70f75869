"""Logging: structlog over the standard library."""

from apps.core.correlation.logs import configure_structlog, logging_config
from config import env

configure_structlog()
LOGGING = logging_config(level=env.read(env.LOG_LEVEL), as_json=env.read(env.LOG_FORMAT) == "json")
