"""Files into a contest and out of it, by the buttons of the admin."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.enums import Role
from apps.contests.models import Contestant
from apps.contests.tasks import import_csv
from apps.core.jobs.models import Job
from tests.integration.contests.admin.pages import entering, page, told
from tests.integration.contests.arena import Arena, arena

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media", "sent")]

BAD = "number,name\n1,Twin\n8,\n"


@pytest.fixture
def found() -> Arena:
    """A contest with the numbers 1 to 3."""
    return arena()


def upload(found: Arena, content: str, role: Role = Role.ORGANIZER, kind: str = "contestants", **button: str) -> Any:
    body = {"kind": kind, "on_existing": "refuse", "file": SimpleUploadedFile("a.csv", content.encode()), **button}
    return entering(found.person(role)).post(page("contest", found.contest, "import-file"), body)


def rows_of(response: Any) -> list[list[str]]:
    rows = re.findall(r"<tr class[^>]*>(.*?)</tr>", response.content.decode(), re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def test_a_check_names_every_fault_by_line_and_column(found: Arena) -> None:
    for button in ({"check": "1"}, {"load": "1"}):
        assert rows_of(upload(found, BAD, **button)) == [
            [
                "2",
                "number",
                "Number 1 is taken in this contest. Give another one, or import with on_existing=update.",
            ],
            ["3", "name", "Fill in name; it is empty."],
        ]
    assert Job.of_all_organizations.count() == 0


def test_a_good_file_can_be_checked_and_is_then_loaded_by_a_job(found: Arena) -> None:
    checked = upload(found, "number,name\n7,Aada\n", check="1").content.decode()
    loaded = upload(found, "number,name\n7,Aada\n", load="1")
    job = Job.of_all_organizations.get()

    assert "Nothing is wrong with these 1 row; nothing was loaded. Created: 1." in checked
    assert (loaded.status_code, loaded["Location"]) == (302, f"/admin/core/job/{job.pk}/change/")
    assert import_csv(str(job.pk)) == "succeeded"
    with found.scope():
        assert Contestant.objects.filter(number=7).count() == 1


def test_the_button_is_there_for_what_a_role_imports_while_the_contest_takes_it(found: Arena) -> None:
    address = page("contest", found.contest, "import-file")
    shown = {}
    for role in (Role.ORGANIZER, Role.TALLY_MASTER, Role.AUDITOR):
        client = entering(found.person(role))
        button = f'href="{address}"' in client.get(page("contest", found.contest)).content.decode()
        response = client.get(address)
        kinds = re.findall(r'<option value="(contestants|judges|scores)"', response.content.decode())
        shown[role] = (button, response.status_code, kinds)

    assert shown == {
        Role.ORGANIZER: (True, 200, ["contestants", "judges"]),
        Role.TALLY_MASTER: (True, 200, ["scores"]),
        Role.AUDITOR: (False, 403, []),
    }
    found.stand("locked")
    assert address not in entering(found.person(Role.OWNER)).get(page("contest", found.contest)).content.decode()
    response = upload(found, "number,name\n7,Aada\n", load="1")
    assert told(response) == ["The contest is locked: its marks, deductions and structure are read-only."]


def test_somebody_elses_kind_of_file_is_not_taken(found: Arena) -> None:
    response = upload(found, "number,name\n7,Aada\n", role=Role.TALLY_MASTER, load="1")

    assert (response.status_code, "Select a valid choice" in response.content.decode()) == (200, True)
    assert Job.of_all_organizations.count() == 0


def test_the_board_leads_to_the_files(found: Arena) -> None:
    text = entering(found.person(Role.OWNER)).get(page("contest", found.contest, "board")).content.decode()

    for tail in ("results/print/", "results/xlsx/", "results/csv/", "run-of-show/print/"):
        assert f'href="{found.url(tail)}"' in text
