"""What an environment variable is, which kinds of values there are, and how one is read.

The variables themselves are in config/env.py. An empty value counts as unset, because compose files pass
unset variables on as empty ones. A secret can also come from a file, as Docker and Kubernetes hand secrets
out: `DATABASE_URL_FILE=/run/secrets/database_url`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

ROOT: Final = Path(__file__).resolve().parent.parent

TRUE_WORDS: Final = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS: Final = frozenset({"0", "false", "no", "off"})


class EnvironmentVariableError(ImproperlyConfigured):
    """A variable that is set, but not to a value it can have. The message never shows a secret."""


@dataclass(frozen=True)
class Kind(Generic[T_co]):
    """How a value is written: its name in the docs, and a parser whose ValueError says what it must be."""

    label: str
    parse: Callable[[str], T_co]


@dataclass(frozen=True)
class Variable(Generic[T_co]):
    """One environment variable. `default` is the parsed value that an unset variable has."""

    name: str
    kind: Kind[T_co]
    default: T_co
    meaning: str
    secret: bool = False

    @property
    def file_name(self) -> str:
        """The variable that names a file holding this secret."""
        return f"{self.name}_FILE"


def read(variable: Variable[T], environ: Mapping[str, str] | None = None) -> T:
    """The variable's value in the environment, parsed, or its default."""
    source = os.environ if environ is None else environ
    raw = source.get(variable.name, "")
    if variable.secret and (file_name := source.get(variable.file_name, "")):
        if raw:
            raise EnvironmentVariableError(f"{variable.name} and {variable.file_name} are both set: set one.")
        raw = _read_secret_file(variable.file_name, file_name)
    if not raw:
        return variable.default
    try:
        return variable.kind.parse(raw)
    except ValueError as error:
        shown = "" if variable.secret else f", not {raw!r}"
        # A parser quotes what it refuses, so that a secret's parse error must not travel along as the cause.
        raise EnvironmentVariableError(
            f"{variable.name} must be {error}{shown}. It means: {variable.meaning}"
        ) from None


def is_set(variable: Variable[T], environ: Mapping[str, str] | None = None) -> bool:
    """Whether the variable has a value of its own, given directly or by a file."""
    source = os.environ if environ is None else environ
    return bool(source.get(variable.name) or (variable.secret and source.get(variable.file_name)))


def _read_secret_file(variable_name: str, file_name: str) -> str:
    try:
        return Path(file_name).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise EnvironmentVariableError(f"{variable_name} names {file_name!r}, unreadable: {reason}.") from error


def _parse_whole(raw: str) -> int:
    try:
        number = int(raw)
    except ValueError:
        number = -1
    if number < 0:
        raise ValueError("a whole number, zero or more")
    return number


def _parse_port(raw: str) -> int:
    if raw.isascii() and raw.isdigit() and 0 < int(raw) <= 65535:  # noqa: PLR2004 - the highest TCP port
        return int(raw)
    raise ValueError("a port from 1 to 65535")


def _parse_seconds(raw: str) -> float:
    try:
        number = float(raw)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise ValueError("a number of seconds above zero")
    return number


def _parse_schedule(raw: str) -> tuple[int, ...]:
    try:
        return tuple(_parse_whole(part.strip()) for part in raw.split(","))
    except ValueError:
        raise ValueError("whole numbers of seconds, separated by commas") from None


def _parse_truth(raw: str) -> bool:
    word = raw.strip().lower()
    if word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    raise ValueError("true or false")


def _parse_names(raw: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in raw.split(",")) if part)


def _parse_path(raw: str) -> Path:
    return (ROOT / Path(raw).expanduser()).absolute()


def _url_of(*schemes: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        scheme, separator, rest = raw.partition("://")
        if scheme not in schemes or not separator or not rest:
            raise ValueError(f"a URL that begins with {' or '.join(f'{name}://' for name in schemes)}")
        return raw

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return raw

    return parse


TEXT: Final = Kind("text", str)
WHOLE: Final = Kind("whole number", _parse_whole)
PORT_NUMBER: Final = Kind("port", _parse_port)
SECONDS: Final = Kind("seconds", _parse_seconds)
SCHEDULE: Final = Kind("list of seconds, comma-separated", _parse_schedule)
TRUTH: Final = Kind("true or false", _parse_truth)
NAMES: Final = Kind("list, comma-separated", _parse_names)
PATH: Final = Kind("path", _parse_path)
POSTGRES_URL: Final = Kind("URL", _url_of("postgres", "postgresql"))
REDIS_LIKE_URL: Final = Kind("URL", _url_of("redis", "rediss", "unix"))
BROKER_URL: Final = Kind("URL", _url_of("redis", "rediss", "amqp", "amqps", "sentinel"))
SMTP_SERVER_URL: Final = Kind("URL", _url_of("smtp", "smtp+starttls", "smtps"))
SITE_URL: Final = Kind("URL", _url_of("http", "https"))
FILE_STORE_URL: Final = Kind("URL", _url_of("file", "s3"))
LOG_LEVELS: Final = Kind("log level", _one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOG_FORMATS: Final = Kind("`console` or `json`", _one_of("console", "json"))


def require(variable: Variable[T], environ: Mapping[str, str] | None = None) -> T:
    """The variable's value.

    Raises:
        EnvironmentVariableError: it is not set, and there is no default that would be safe.
    """
    value = read(variable, environ)
    if not value:
        secret = f" (or {variable.file_name})" if variable.secret else ""
        raise EnvironmentVariableError(f"{variable.name}{secret} must be set here: {variable.meaning}")
    return value
