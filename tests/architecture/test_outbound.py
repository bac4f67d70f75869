"""Nothing leaves the process but through resilience: who may open a connection is listed here, with its reason.

The import-linter contract of pyproject.toml follows imports through modules, for HTTP and mail; this looks at every
import, for whatever can open a connection.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CAN_CONNECT = (
    "aiohttp",
    "aiobotocore",
    "amqp",
    "boto3",
    "botocore",
    "confluent_kafka",
    "django.core.cache",
    "django.core.mail",
    "ftplib",
    "http.client",
    "httpx",
    "kombu",
    "limits",
    "openai",
    "paramiko",
    "psycopg.connect",
    "redis",
    "requests",
    "requests_hardened",
    "smtplib",
    "socket",
    "socketserver",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "valkey",
    "websockets",
    "xmlrpc",
)
MAY: dict[str, str] = {
    "apps/resilience/": "the policies themselves",
    "apps/core/rates.py": "behind the policy `cache`, which resilience puts around it (`protect_with`)",
    "apps/integrations/mail/": "couriers, behind the policies `email` and `email_second`",
    "apps/messaging/bell.py": "LISTENs to PostgreSQL on a connection of its own, and does without where it can't",
    "apps/operations/probes.py": "health asks each thing itself, within its own limit",
}


def sources() -> Iterator[Path]:
    yield from sorted((ROOT / "apps").rglob("*.py"))


def connecting_imports(text: str) -> set[str]:
    """Names of `CAN_CONNECT` that a module imports, at whatever depth."""
    nodes = list(ast.walk(ast.parse(text)))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            named.add(f"{node.value.id}.{node.attr}")
    return {known for known in CAN_CONNECT for name in named if f"{name}.".startswith(f"{known}.")}


def test_nobody_else_imports_what_can_open_a_connection() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): names
        for path in sources()
        if (names := connecting_imports(path.read_text(encoding="utf-8")))
    }
    strangers = {path: names for path, names in found.items() if not path.startswith(tuple(MAY))}
    assert strangers == {}
    unused = [place for place in MAY if not any(path.startswith(place) for path in found)]
    assert unused == [], "take these out of the list"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import httpx", {"httpx"}),
        ("def late():\n    from urllib import request", {"urllib.request"}),
        ("import urllib.request as r", {"urllib.request"}),
        ("from urllib.parse import quote", set()),
        ("import psycopg\npsycopg.connect('')", {"psycopg.connect"}),
        ("from psycopg import connect", {"psycopg.connect"}),
        ("import psycopg\npsycopg.errors", set()),
        ("import socketserver", {"socketserver"}),
        ("from . import redis", set()),
        ("limits = 1\nlimits.real", set()),
    ],
)
def test_the_scan_finds_what_it_looks_for(text: str, names: set[str]) -> None:
    assert connecting_imports(text) == names
