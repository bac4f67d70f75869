"""Logging: structlog over the standard library."""

import os
import sys

from apps.core.correlation.logs import configure_structlog, logging_config
from config import env

configure_structlog()
LOGGING = logging_config(
    level=env.read(env.LOG_LEVEL),
    as_json=env.read(env.LOG_FORMAT) == "json",
    # The supervisor sets FORCE_COLOR where its own console is a terminal.
    coloured=sys.stderr.isatty() or bool(os.environ.get("FORCE_COLOR")),
)
