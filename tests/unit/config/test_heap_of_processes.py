"""Each process that serves has set aside what it has loaded, before its first request or task."""

from __future__ import annotations

import subprocess
import sys

import pytest

from apps.core.heap import MANY
from config.env import ROOT

SETTLED = "import gc; print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0])"


def printed_by(code: str) -> str:
    """What a fresh process prints."""
    command = [sys.executable, "-c", f"{code}; {SETTLED}"]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import config.asgi", id="web"),
        pytest.param(
            "import config.celery; from celery.signals import worker_before_create_process as forking;"
            "config.celery.app.loader.import_default_modules(); forking.send(sender=None)",
            id="worker",
        ),
        pytest.param(
            "import config.celery, django; django.setup(); from unittest.mock import patch;"
            "patch('apps.messaging.relay.Relay.run').start();"
            "from django.core.management import call_command; call_command('relay')",
            id="relay",
        ),
    ],
)
def test_it_has_set_aside_what_it_has_loaded(code: str) -> None:
    assert printed_by(code) == f"True {MANY}"
