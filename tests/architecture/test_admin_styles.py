"""Classes of the admin's pages are in a stylesheet of theirs: the theme brings only those that it uses itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.contrib.staticfiles import finders

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [*ROOT.glob("apps/*/templates/**/*.html"), *ROOT.glob("config/templates/admin/**/*.html")]
# They have stylesheets of their own.
OTHER_PAGES = {"web", "print", "api"}
STYLESHEETS = ["unfold/css/styles.css", "unfold/fonts/material-symbols/styles.css", "podium/admin.css"]


def _classes(template: Path) -> Iterator[str]:
    for names in re.findall(r'class="([^"]*)"', template.read_text(encoding="utf-8")):
        yield from re.sub(r"{%.*?%}|{{.*?}}", " ", names).split()


def _defined() -> set[str]:
    sheets = "".join(Path(str(finders.find(sheet))).read_text(encoding="utf-8") for sheet in STYLESHEETS)
    return {name.replace("\\", "") for name in re.findall(r"\.((?:[\w-]|\\.)+)", sheets)}


def test_every_class_of_an_admin_page_is_defined() -> None:
    pages = [page for page in TEMPLATES if not OTHER_PAGES & set(page.parts)]
    defined = _defined()

    missing = {f"{page.name}: {name}" for page in pages for name in _classes(page) if name not in defined}

    assert pages
    assert missing == set()
