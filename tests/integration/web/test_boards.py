"""The public board as a page."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.integration.contests.arena import Arena
from tests.integration.contests.test_public import publish, shown

pytestmark = pytest.mark.django_db


def address(found: Arena) -> str:
    return f"/boards/{found.contest.pk}/"


def ranks(page: str) -> list[tuple[str, str]]:
    """Who is where, as the page says it."""
    return re.findall(r'data-rank="(\d*)".*?<td class="number">(\d+)</td>', page, re.DOTALL)


def test_a_published_result_is_a_page_for_anybody() -> None:
    found = shown()
    publish(found)

    answer = Client().get(address(found))

    assert answer.status_code == 200
    assert ranks(answer.content.decode()) == [("1", "1"), ("2", "2"), ("3", "3")]
    assert "Certified result" in answer.content.decode()


def test_a_private_contest_has_no_page() -> None:
    found = shown(visibility="private")

    assert Client().get(address(found), HTTP_ACCEPT="text/html").status_code == 404


def test_a_board_that_has_not_changed_is_not_sent_again() -> None:
    found = shown()
    publish(found)
    client = Client()
    first = client.get(address(found), HTTP_HX_REQUEST="true")

    again = client.get(address(found), HTTP_HX_REQUEST="true", HTTP_IF_NONE_MATCH=first["ETag"])

    assert "<html" not in first.content.decode()
    assert (again.status_code, again.content) == (304, b"")


def test_pages_run_nothing_but_files_of_their_own() -> None:
    policy = Client().get("/")["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
