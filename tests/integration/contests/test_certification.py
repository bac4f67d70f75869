"""What is signed, and what a changed mark does to it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785

from apps.accounts.enums import Role
from apps.contests.models import Certification
from apps.core.audit.models import AuditRecord
from apps.core.erasure.services import erase_person
from tests.api import problem
from tests.factories.accounts import member
from tests.integration.contests.arena import Arena, arena
from tests.tampering import behind_our_backs

pytestmark = pytest.mark.django_db


def certified() -> Arena:
    found = arena()
    found.mark_all("7.25")
    found.stand("locked")
    found.sign()
    return found


def verification(found: Arena) -> dict[str, Any]:
    response = found.client(Role.AUDITOR).get(found.url("certification/verify/"))
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def test_the_digest_is_that_of_the_documents_canonical_json() -> None:
    found = certified()

    body = found.client().get(found.url("certification/")).json()

    assert body["digest"] == hashlib.sha256(rfc8785.dumps(body["document"])).hexdigest()
    assert json.loads(rfc8785.dumps(body["document"])) == body["document"]


def test_the_document_holds_marks_rules_and_standings_and_no_names() -> None:
    found = certified()

    document = found.client().get(found.url("certification/")).json()["document"]

    entry, criterion = str(found.entries[0].pk), str(found.criteria[0].pk)
    assert document["marks"][entry][criterion] == {str(seat.pk): "7.25" for seat in found.seats}
    assert [(line["rank"], line["total"]) for line in document["standings"]["contest"]] == [
        (1, "14.5"),
        (2, "12.5"),
        (3, "10.5"),
    ]
    assert document["categories"][str(found.category.pk)]["rule"]["aggregation"] == "mean"
    text = json.dumps(document)
    assert "Club" not in text
    with found.scope():
        names = {entry.contestant.name for entry in found.entries} | {seat.judge.name for seat in found.seats}
    assert [name for name in names if name in text] == []


def test_a_certification_holds_as_long_as_the_rows_say_the_same() -> None:
    found = certified()

    body = verification(found)

    assert {name: value for name, value in body.items() if name not in {"digest", "recomputed"}} == {
        "holds": True,
        "number": 1,
        "document_intact": True,
        "signatures_intact": True,
        "chain_intact": True,
        "rows_intact": True,
        "erratum": "intact",
        "differences": [],
    }
    assert body["recomputed"] == body["digest"]


def test_a_certification_holds_after_its_event_was_deleted_and_restored() -> None:
    found = certified()
    client = found.client()
    client.post(found.url("void/"), {"reason": "To delete it"})
    event = f"/api/v1/events/{found.contest.event_id}/"
    client.delete(event)
    client.post(f"{event}restore/", {})

    found.sign()

    with found.scope():
        first, second = Certification.objects.order_by("number")
    parts = ("marks", "standings", "categories", "contestants", "rule")
    assert {part: first.document[part] for part in parts} == {part: second.document[part] for part in parts}
    assert verification(found)["holds"] is True


def test_one_changed_mark_makes_verification_fail_and_say_where() -> None:
    found = certified()
    seat, entry, criterion = found.seats[0], found.entries[1], found.criteria[1]
    behind_our_backs(
        "UPDATE contests_score SET value = 9 WHERE assignment_id = %s AND entry_id = %s AND criterion_id = %s",
        seat.pk,
        entry.pk,
        criterion.pk,
    )

    body = verification(found)

    assert (body["holds"], body["document_intact"], body["rows_intact"]) == (False, True, False)
    assert body["recomputed"] != body["digest"]
    assert body["differences"][0] == {
        "pointer": f"#/marks/{entry.pk}/{criterion.pk}/{seat.pk}",
        "certified": "6.25",
        "stored": "9",
    }


def test_a_changed_rule_a_removed_mark_and_a_changed_document_are_found_too() -> None:
    found = certified()
    behind_our_backs("UPDATE contests_category SET weight = 2 WHERE id = %s", found.category.pk)
    weight = verification(found)["differences"][0]
    behind_our_backs("UPDATE contests_category SET weight = 1 WHERE id = %s", found.category.pk)
    behind_our_backs(
        "UPDATE contests_certification SET document = jsonb_set(document, '{number}', '7') WHERE contest_id = %s",
        found.contest.pk,
    )
    document = verification(found)

    assert weight == {
        "pointer": f"#/categories/{found.category.pk}/weight",
        "certified": "1",
        "stored": "2",
    }
    assert (document["holds"], document["document_intact"]) == (False, False)
    assert document["differences"] == [{"pointer": "#/number", "certified": 7, "stored": 1}]


def test_a_broken_chain_is_found() -> None:
    found = certified()
    client = found.client()
    client.post(found.url("void/"), {"reason": "Again"})
    found.sign()
    assert verification(found)["chain_intact"] is True

    behind_our_backs(
        "UPDATE contests_certification SET document = document - 'rule' WHERE contest_id = %s AND number = 1",
        found.contest.pk,
    )

    assert (verification(found)["holds"], verification(found)["chain_intact"]) == (False, False)


def test_nothing_is_verified_where_nothing_is_certified() -> None:
    found = arena()

    problem(found.client().get(found.url("certification/verify/")), 404, "NOT_CERTIFIED")


def test_certifications_are_listed_without_their_documents() -> None:
    found = certified()
    client = found.client()

    listed = client.get(f"/api/v1/certifications/?contest={found.contest.pk}&voided=false").json()["results"]

    assert [(row["number"], "document" in row) for row in listed] == [(1, False)]
    assert "marks" in client.get(listed[0]["url"]).json()["document"]


def test_those_who_may_not_read_marks_learn_that_it_holds_and_no_marks() -> None:
    found = certified()
    viewer = found.client(Role.VIEWER)
    behind_our_backs("UPDATE contests_score SET value = 9.75 WHERE entry_id = %s", found.entries[0].pk)

    verified = viewer.get(found.url("certification/verify/")).json()

    assert viewer.get(found.url("certification/")).json()["document"] is None
    assert verified["holds"] is False
    assert verified["differences"]
    assert {(row["certified"], row["stored"]) for row in verified["differences"]} == {(None, None)}


def corrected(erratum: str) -> Arena:
    """A published result that supersedes another one, and says so in these words."""
    found = certified()
    client = found.client()
    client.post(found.url("publish/"), {})
    client.post(found.url("void/"), {"reason": "Wrong skater"})
    assert client.patch(found.url(), {"erratum": erratum}).status_code == 200
    found.sign()
    client.post(found.url("publish/"), {})
    return found


def test_an_erasure_takes_a_person_out_of_an_erratum_and_the_certification_still_holds() -> None:
    name = "Aino-Maija Räsänen"
    found = corrected(f"{name} had entered number 2 as number 3.")
    aino = member(found.organization, Role.TALLY_MASTER, full_name=name)
    before = found.client().get(found.url("certification/")).json()

    erase_person(user_id=aino.pk)

    after = found.client().get(found.url("certification/")).json()
    words = "[erased] had entered number 2 as number 3."
    assert (before["document"]["erratum"], after["document"]) == (
        hashlib.sha256(f"{name} had entered number 2 as number 3.".encode()).hexdigest(),
        before["document"],
    )
    assert (after["erratum"], found.now().erratum, after["digest"]) == (words, words, before["digest"])
    history = AuditRecord.of_all_organizations.filter(row_id=found.contest.pk).values_list("old", "new")
    assert (words in str(list(history)), name in str(list(history))) == (True, False)
    checked = verification(found)
    assert (checked["holds"], checked["erratum"], checked["differences"]) == (True, "erased", [])


def test_an_erratum_that_somebody_has_changed_does_not_hold() -> None:
    found = corrected("Number 2 skated as number 3.")
    intact = verification(found)
    behind_our_backs("UPDATE contests_certification SET erratum = 'All is well.' WHERE erratum <> ''")
    changed = verification(found)

    assert (intact["holds"], intact["erratum"]) == (True, "intact")
    assert (changed["holds"], changed["erratum"], changed["document_intact"]) == (False, "altered", True)
