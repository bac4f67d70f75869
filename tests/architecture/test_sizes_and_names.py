"""A house whose rooms stay small, and have names that say what is in them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for folder in ("apps", "config") for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts
)
LIMIT = 300
NARROW_LIMIT = 200
NARROW = {"views.py", "serializers.py"}
REFUSED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base_utils"}


def _ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_module_stays_readable_in_one_sitting() -> None:
    too_long = {
        _ids(path): lines
        for path in SOURCES
        if (lines := len(path.read_text().splitlines())) > (NARROW_LIMIT if path.name in NARROW else LIMIT)
    }

    assert too_long == {}


def test_no_module_is_a_junk_drawer() -> None:
    drawers = [_ids(path) for path in SOURCES if path.stem in REFUSED_NAMES or path.parent.name in REFUSED_NAMES]

    assert drawers == []


def test_no_task_is_sent_past_the_queue() -> None:
    """`core.queue` sends after the commit; `.delay()` and `.apply_async()` don't know of it."""
    direct = re.compile(r"\.(delay|apply_async|send_task)\(|\bsend_task,")
    found = [
        _ids(path) for path in SOURCES if direct.search(path.read_text()) and path != ROOT / "apps/core/queue.py"
    ]

    assert found == []


def test_no_django_signals_are_connected_in_apps() -> None:
    signals = re.compile(
        r"from django\.(db\.models|core|dispatch)[\w.]* import [^\n]*\b(receiver|Signal|post_save|pre_save)"
    )
    found = [_ids(path) for path in SOURCES if signals.search(path.read_text())]

    assert found == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = [_ids(path) for path in SOURCES if marks.search(path.read_text())]

    assert found == []


def test_functions_import_at_the_top() -> None:
    """An import inside a function hides a cycle; `ready()` and start-up files have their reasons."""
    allowed = {"manage.py", "apps.py"}
    found = [_ids(path) for path in SOURCES if path.name not in allowed and _imports_inside_functions(path)]

    assert found == []


def _imports_inside_functions(path: Path) -> bool:
    functions = (
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return any(isinstance(node, ast.Import | ast.ImportFrom) for function in functions for node in ast.walk(function))


@pytest.mark.timeout(120)
def test_imports_keep_to_the_layers() -> None:
    """The contracts are in pyproject.toml, `[tool.importlinter]`."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout
