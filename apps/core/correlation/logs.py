"""structlog over the standard library's logging: one shape for our lines and for those of our libraries."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, cast

import structlog

from apps.core.correlation.context import current
from apps.core.tenancy import current_organization_id

EventDict = MutableMapping[str, Any]

SECRET_KEYS = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api_?key|signing|credential|email|phone|full_name",
    re.IGNORECASE,
)
SECRET_VALUES = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "[jwt]"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[address]"),
    (re.compile(r"://[^/\s:@]*:[^/\s@]+@"), "://[credentials]@"),
    (re.compile(r"\bwhsec_[\w+/=]+"), "[secret]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 [token]"),
)
# What each of them has in it, in lower case: most texts are looked at once, and left as they are.
SIGNS_OF_SECRETS = ("eyj", "@", "whsec_", "bearer", "basic")
HIDDEN = "[redacted]"
NOT_SECRET = frozenset({"email_id", "token_type", "secret_count"})


def add_correlation(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Put request, correlation, user and organization on the line; a record made elsewhere keeps its own."""
    correlation = current()
    if correlation:
        event.setdefault("request_id", correlation.request_id)
        event.setdefault("correlation_id", correlation.correlation_id)
        if correlation.actor_id:
            event.setdefault("user_id", str(correlation.actor_id))
    organization_id = current_organization_id()
    if organization_id:
        event.setdefault("organization_id", str(organization_id))
    return event


def redact(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Hide secrets and personal data, by the name of a key and by the look of a value, at any depth."""
    if _may_hold_secrets(event):
        for key in list(event):
            event[key] = _redacted(key, event[key])
    return event


def _may_hold_secrets(event: EventDict) -> bool:
    """Whether a closer look is worth it: most lines have nothing to hide, and are many."""
    texts = []
    for key, value in event.items():
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict | list | tuple):
            return True
        if _is_secret(key):
            return True
    return _shows_signs("\n".join(texts))


def _shows_signs(text: str) -> bool:
    lowered = text.lower()
    return any(sign in lowered for sign in SIGNS_OF_SECRETS)


def _redacted(key: str, value: Any) -> Any:
    if value is not None and _is_secret(key):
        return HIDDEN
    if isinstance(value, str):
        return hide_secrets(value)
    if isinstance(value, dict):
        return {str(k): _redacted(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(key, item) for item in value]
    return value


@lru_cache(maxsize=4096)
def _is_secret(key: str) -> bool:
    return SECRET_KEYS.search(key) is not None and key not in NOT_SECRET


def hide_secrets(text: str) -> str:
    """`text` with tokens, addresses, credentials in URLs and webhook secrets replaced."""
    if not _shows_signs(text):
        return text
    for pattern, replacement in SECRET_VALUES:
        text = pattern.sub(replacement, text)
    return text


OF_EACH_LINE: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_correlation,
]
OF_LIBRARIES: list[Any] = [structlog.stdlib.ExtraAdder(), structlog.processors.StackInfoRenderer()]
"""What `logging` knows besides the text; our own loggers say it all."""


def _drop_colour(_logger: object, _name: str, event: EventDict) -> EventDict:
    """uvicorn sends each message twice, the second time with colours."""
    event.pop("color_message", None)
    return event


def _module_name(_logger: object, _name: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    event["module"] = record.name if isinstance(record, logging.LogRecord) else event.pop("logger", "podium")
    return event


def _as_json(_logger: object, _name: str, event: EventDict) -> str:
    return _encode(event)


_encode = json.JSONEncoder(default=str).encode


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats a line of ours without the copies that it would need if other handlers formatted it too."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        logger = getattr(record, "_logger", None)  # put there by `wrap_for_formatter`
        if logger is None:
            return super().format(record)
        event = cast("EventDict", record.msg)
        line: Any = {**event, "_record": record, "_from_structlog": True}
        for processor in self.processors:
            line = processor(logger, record.levelname.lower(), line)
        return str(line)


def logging_config(*, level: str, as_json: bool, coloured: bool = False) -> dict[str, Any]:
    """The `LOGGING` dictionary: JSON lines in production, readable ones for people (coloured on a terminal)."""
    # Plain tracebacks, turned into text before secrets are hidden: the pretty ones show local variables.
    plain = structlog.dev.plain_traceback
    lines: Any = (
        _as_json
        if as_json
        else structlog.dev.ConsoleRenderer(pad_event_to=24, exception_formatter=plain, colors=coloured)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "podium": {
                "()": LineFormatter,
                "foreign_pre_chain": [*OF_LIBRARIES, *OF_EACH_LINE],
                "processors": [
                    _module_name,
                    _drop_colour,
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    redact,
                    lines,
                ],
            },
        },
        "handlers": {"console": {"class": "apps.core.correlation.lines.LineHandler", "formatter": "podium"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": level, "propagate": True, "handlers": []},
            "django.server": {"level": "WARNING", "propagate": True, "handlers": []},
            "django.request": {"level": "ERROR", "propagate": True, "handlers": []},
            "uvicorn": {"level": "INFO", "propagate": True, "handlers": []},
            "uvicorn.access": {"level": "WARNING", "propagate": True, "handlers": []},
            "celery": {"level": "INFO", "propagate": True, "handlers": []},
            # Our own task class logs one line at the start and one at the end of a task.
            "celery.app.trace": {"level": "WARNING", "propagate": True, "handlers": []},
            "celery.worker.strategy": {"level": "WARNING", "propagate": True, "handlers": []},
            "celery.beat": {"level": "WARNING", "propagate": True, "handlers": []},
            "httpx": {"level": "WARNING", "propagate": True},
        },
    }


def configure_structlog() -> None:
    """Route structlog's own loggers through the standard library, once per process."""
    # Nobody prints them, and they are looked up for each line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *OF_EACH_LINE,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
