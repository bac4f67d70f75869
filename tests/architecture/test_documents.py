"""Documents that are made from the code say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from apps.core.rest.catalogue import error_codes, markdown

ROOT = Path(__file__).resolve().parents[2]


def test_every_error_code_is_in_the_docs() -> None:
    """After a change: `manage.py error_codes docs/api/errors.md`."""
    assert (ROOT / "docs/api/errors.md").read_text(encoding="utf-8") == markdown()


def test_a_code_has_one_shape_one_status_and_a_meaning() -> None:
    entries = error_codes()
    codes = [entry.code for entry in entries]

    assert [code for code in codes if not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", code)] == []
    assert sorted(set(codes)) == sorted(codes)
    assert [entry.code for entry in entries if not entry.title or not entry.meaning] == []
