"""The chain of signatures: in order, by different people, each over the result that they have read."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.enums import Role
from apps.contests.models import Certification, Score, Signature
from apps.core.outbox.models import OutboxMessage
from tests.api import pointers, problem, signed_in
from tests.factories.accounts import OperatorFactory, member
from tests.integration.contests.arena import Arena, arena
from tests.tampering import behind_our_backs

pytestmark = pytest.mark.django_db


def locked(**contest: Any) -> Arena:
    found = arena(**contest)
    found.mark_all("7.25")
    found.stand("locked")
    return found


def sign_off(found: Arena, role: Role = Role.OWNER) -> dict[str, Any]:
    response = found.client(role).get(found.url("sign-off/"))
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def sign(found: Arena, role: Role, digest: str | None = None) -> Any:
    return found.client(role).post(found.url("sign/"), {"digest": digest or sign_off(found)["digest"]})


def test_each_signature_of_the_chain_is_over_the_same_result_and_the_last_one_certifies_it() -> None:
    found = locked()
    digest = sign_off(found)["digest"]

    answers = [sign(found, role, digest).json() for role in (Role.TALLY_MASTER, Role.AUDITOR, Role.ORGANIZER)]

    assert [(answer["status"], answer["next"]) for answer in answers] == [
        ("locked", "auditor"),
        ("locked", "organizer"),
        ("certified", None),
    ]
    certified = found.client().get(found.url("certification/")).json()
    assert certified["result_digest"] == digest
    assert [(one["place"], one["role"], one["signed_by"], one["digest"]) for one in certified["signatures"]] == [
        (place, role, str(found.person(role).pk), digest)
        for place, role in enumerate((Role.TALLY_MASTER, Role.AUDITOR, Role.ORGANIZER), start=1)
    ]
    assert [one["role"] for one in certified["document"]["signatures"]] == ["tally_master", "auditor", "organizer"]
    assert answers[-1]["digest"] == digest


def test_the_chain_says_whose_turn_it_is_and_what_is_in_the_way() -> None:
    found = arena()
    found.mark_all()
    before = sign_off(found)
    found.stand("locked")

    after = sign_off(found, Role.TALLY_MASTER)

    assert (before["digest"], before["blocks"][0]["code"], before["may_sign"]) == ("", "NOT_LOCKED", False)
    assert (after["next"], after["blocks"], after["may_sign"]) == ("tally_master", [], True)
    assert sign_off(found, Role.AUDITOR)["may_sign"] is False
    assert [(step["place"], step["role"], step["signed_by"]) for step in after["steps"]] == [
        (1, "tally_master", None),
        (2, "auditor", None),
        (3, "organizer", None),
    ]


def test_signatures_are_given_in_order_by_the_roles_of_the_chain() -> None:
    found = locked()

    early = problem(sign(found, Role.AUDITOR), 409, "NOT_YOUR_TURN")
    problem(sign(found, Role.OWNER), 403, "NOT_A_SIGNATORY")
    problem(sign(found, Role.JUDGE), 403, "FORBIDDEN")
    staff = signed_in(OperatorFactory.create(), found.organization)
    problem(staff.post(found.url("sign/"), {"digest": sign_off(found)["digest"]}), 403, "NOT_A_SIGNATORY")

    assert early["next"] == "tally_master"
    with found.scope():
        assert Signature.objects.count() == 0


def test_nobody_signs_twice_whatever_they_have_become_meanwhile() -> None:
    found = locked(sign_off=["tally_master", "tally_master"])
    other = member(found.organization, Role.TALLY_MASTER)
    digest = sign_off(found)["digest"]
    sign(found, Role.TALLY_MASTER, digest)

    problem(sign(found, Role.TALLY_MASTER, digest), 409, "ALREADY_SIGNED")
    last = signed_in(other).post(found.url("sign/"), {"digest": digest})

    assert last.json()["status"] == "certified"


def test_a_signature_over_another_result_is_refused_and_told_the_current_digest() -> None:
    found = locked()
    read = sign_off(found)["digest"]
    found.client().post(found.url("reopen/"), {"reason": "A mark was wrong"})
    with found.scope():
        Score.objects.filter(entry=found.entries[0]).update(value=1)
    found.stand("locked")

    refused = problem(sign(found, Role.TALLY_MASTER, read), 409, "RESULT_DIFFERS")

    assert refused["digest"] == sign_off(found)["digest"] != read
    body = problem(sign(found, Role.TALLY_MASTER, "0"), 422, "INVALID")
    assert pointers(body) == [("#/digest", "INVALID")]


def test_reopening_voids_the_signatures_given_so_far_and_keeps_them() -> None:
    found = locked()
    found.sign(but=1)
    tally = found.person(Role.TALLY_MASTER)

    found.client(Role.TALLY_MASTER).post(found.url("reopen/"), {"reason": "A mark was wrong"})
    found.stand("locked")

    assert [step["signed_by"] for step in sign_off(found)["steps"]] == [None, None, None]
    with found.scope():
        voided = Signature.objects.order_by("place").values_list("role", "void_reason", "voided_by", "certification")
        assert list(voided) == [
            ("tally_master", "A mark was wrong", tally.pk, None),
            ("auditor", "A mark was wrong", tally.pk, None),
        ]
    found.sign()
    assert found.now().status == "certified"


def test_a_result_that_changed_under_its_signatures_takes_no_more_of_them() -> None:
    found = locked()
    found.sign(but=1)
    behind_our_backs("UPDATE contests_score SET value = 9 WHERE entry_id = %s", found.entries[0].pk)

    refused = problem(sign(found, Role.ORGANIZER), 409, "SIGN_OFF_BLOCKED")

    assert [block["code"] for block in refused["blocks"]] == ["RESULT_CHANGED"]
    assert found.now().status == "locked"


def test_who_signs_is_chosen_until_the_lock() -> None:
    found = arena()
    found.mark_all()
    client = found.client()

    chosen = client.patch(found.url(), {"sign_off": ["admin"]})
    nobody = client.patch(found.url(), {"sign_off": []})
    unknown = client.patch(found.url(), {"sign_off": ["judge"]})
    found.stand("locked")
    late = client.patch(found.url(), {"sign_off": ["auditor"]})

    assert chosen.json()["sign_off"] == ["admin"]
    assert [response.status_code for response in (nobody, unknown)] == [422, 422]
    problem(late, 409, "CONTEST_LOCKED")
    assert sign(found, Role.ADMIN).json()["status"] == "certified"


def test_a_correction_after_publication_supersedes_and_says_why() -> None:
    found = locked()
    found.sign()
    client = found.client()
    problem(client.patch(found.url(), {"erratum": "None"}), 409, "NOTHING_TO_CORRECT")
    client.post(found.url("publish/"), {})
    first = client.get(found.url("certification/")).json()
    client.post(found.url("void/"), {"reason": "Wrong skater"})
    blocked = problem(sign(found, Role.TALLY_MASTER), 409, "SIGN_OFF_BLOCKED")

    written = client.patch(found.url(), {"erratum": "Number 2 skated as number 3."})
    found.sign(but=2)
    late = client.patch(found.url(), {"erratum": "Another one"})
    found.sign()
    client.post(found.url("publish/"), {})

    second = client.get(found.url("certification/")).json()
    assert [block["code"] for block in blocked["blocks"]] == ["ERRATUM_MISSING"]
    assert written.status_code == 200
    problem(late, 409, "SIGNATURES_GIVEN")
    assert (first["published_at"] is None, first["supersedes"], first["erratum"]) == (False, None, "")
    assert (second["number"], second["supersedes"], second["erratum"]) == (
        2,
        first["id"],
        "Number 2 skated as number 3.",
    )
    assert second["document"]["supersedes"] == first["id"]
    with found.scope():
        kept = Certification.objects.get(number=1)
    assert (kept.void_reason, str(kept.pk), kept.digest) == ("Wrong skater", first["id"], first["digest"])
    assert client.get(found.url("certification/verify/")).json()["holds"] is True
    told = OutboxMessage.objects.filter(subject=f"contest/{found.contest.pk}", type="contest.certified")
    assert [message.data["supersedes"] for message in told.order_by("id")] == [None, first["id"]]


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE contests_certification SET digest = repeat('0', 64)", "certification_written_once"),
        ("UPDATE contests_certification SET document = '{}'", "certification_written_once"),
        ("UPDATE contests_certification SET void_reason = 'Another'", "certification_written_once"),
        ("UPDATE contests_certification SET erratum = 'Another'", "certification_written_once"),
        ("DELETE FROM contests_certification", "certification_written_once"),
        ("UPDATE contests_signature SET signed_by = gen_random_uuid()", "signature_written_once"),
        ("UPDATE contests_signature SET certification_id = NULL", "signature_written_once"),
        ("DELETE FROM contests_signature", "signature_written_once"),
    ],
)
def test_what_was_signed_is_written_once(statement: str, constraint: str) -> None:
    found = locked()
    found.sign()
    found.client().post(found.url("void/"), {"reason": "Wrong skater"})

    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert refusal.value.__cause__.diag.constraint_name == constraint  # type: ignore[union-attr]
