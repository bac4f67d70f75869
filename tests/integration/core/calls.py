"""How each operation is called so that it succeeds: its body, what has to be the case before, what it answers.

Without an entry, `POST` to a list needs one, another `POST` sends `{}`, and `PUT` and `PATCH` send back what `GET`
gave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.urls import reverse

from apps.accounts.enums import Role
from apps.accounts.models import TokenFamily, User
from apps.accounts.policies import MemberAccess
from apps.accounts.services.passwords import reset_token
from apps.accounts.services.tokens import TokenPair, issue_pair
from apps.contests.models import (
    Assignment,
    Category,
    Contest,
    Contestant,
    Criterion,
    Entry,
    Judge,
    Score,
)
from apps.contests.selectors.sign_off import read_sign_off
from apps.contests.services.freezing import freeze_board
from apps.core.softdelete.models import Deletion
from apps.core.tenancy import organization_scope
from apps.events.models import Event
from tests.factories.accounts import PASSWORD
from tests.factories.contests import certify
from tests.factories.datasets import csv_file
from tests.integration.core.house import House
from tests.routes import Operation
from tests.unit.contests.imports.small_files import TEXTS, zipped

STATUS = {"GET": 200, "POST": 200, "PUT": 200, "PATCH": 200, "DELETE": 204}


def _nothing(house: House) -> None:
    """No preparation."""


@dataclass(frozen=True, slots=True)
class Call:
    """`body` is made from the house's rows; `status` is what a caller with the right gets."""

    body: Callable[[House], Any] | None = None
    prepare: Callable[[House], None] = _nothing
    status: int | None = None
    format: str = "json"


def call_of(operation: Operation) -> Call:
    """The call of an operation, where it has one of its own, else the usual one of its method."""
    return CALLS.get(str(operation), Call())


def status_of(operation: Operation) -> int:
    """What a caller with the right gets."""
    created = 201 if operation.action == "create" else STATUS[operation.method]
    return call_of(operation).status or created


def _pair(house: House) -> TokenPair:
    return issue_pair(house.one(TokenFamily))


def _reset(house: House) -> dict[str, str]:
    """What the link of a mail says."""
    owner = User.objects.get(pk=house.owner.pk)
    return {"user": str(owner.pk), "token": reset_token(owner), "new_password": "another long passphrase 7"}


def _id(model: type[Model]) -> Callable[[House], str]:
    return lambda house: str(house.one(model).pk)


def _of(model: type[Model], **fields: Any) -> Callable[[House], dict[str, Any]]:
    """A body: the fields, and under the model's name the id of the house's row. Functions get the house."""

    def body(house: House) -> dict[str, Any]:
        values = {model._meta.model_name: _id(model), **fields}
        return {str(name): value(house) if callable(value) else value for name, value in values.items()}

    return body


def _mark(house: House) -> dict[str, Any]:
    """A mark by the judge's seat, of an entry that has none yet."""
    entry = house.another(Entry)
    return {**_seat(house), "entry": str(entry.pk), "value": "6.50"}


def _seat(house: House) -> dict[str, Any]:
    return {"assignment": str(house.one(Assignment).pk), "criterion": str(house.one(Criterion).pk)}


def _card(house: House) -> dict[str, Any]:
    url = reverse(
        "v1:contests:scorecard",
        kwargs={"assignment_id": house.one(Assignment).pk, "entry_id": house.one(Entry).pk},
    )
    house.one(Criterion)
    marks = [{"criterion": line["criterion"], "value": "5.00"} for line in house.client.get(url).json()["marks"]]
    return {"marks": marks, "version": house.client.get(url).json()["version"]}


def _contest(status: str) -> Callable[[House], None]:
    """The contest stands at `status`, with marks."""

    def prepare(house: House) -> None:
        house.one(Score)
        contest = house.one(Contest)
        with organization_scope(house.organization.pk):
            Contest.objects.filter(pk=contest.pk).update(status=status)

    return prepare


def _stand(status: str) -> Callable[[House], None]:
    def prepare(house: House) -> None:
        with organization_scope(house.organization.pk):
            Event.objects.filter(pk=house.one(Event).pk).update(status=status)

    return prepare


def _certified(house: House) -> None:
    """The contest's result is signed."""
    house.one(Score)
    certify(house.one(Contest))


def _signed_by_the_owner(house: House) -> None:
    """The contest is locked, and its result takes one signature."""
    with organization_scope(house.organization.pk):
        Contest.objects.filter(pk=house.one(Contest).pk).update(sign_off=[Role.OWNER])
    _contest("locked")(house)


def _digest(house: House) -> dict[str, str]:
    """What is to be signed."""
    with organization_scope(house.organization.pk):
        return {"digest": read_sign_off(Contest.objects.get(pk=house.one(Contest).pk)).digest}


def _public(house: House) -> None:
    """The contest and its result are for everybody."""
    _certified(house)
    _stand("completed")(house)
    with organization_scope(house.organization.pk):
        Contest.objects.filter(pk=house.one(Contest).pk).update(status="published", visibility="public")


def _frozen(house: House) -> None:
    """The contest's public board is frozen."""
    house.one(Score)
    contest = house.one(Contest)
    with organization_scope(house.organization.pk):
        freeze_board(contest_id=contest.pk, access=MemberAccess(house.owner.pk, house.organization.pk, Role.OWNER))


def _because(house: House) -> dict[str, str]:
    """The body of what needs a reason."""
    del house
    return {"reason": "A drill"}


def _competition(house: House) -> dict[str, Any]:
    del house
    archive = zipped({name: text.encode() for name, text in TEXTS.items()})
    return {"archive": SimpleUploadedFile("competition.zip", archive.read(), content_type="application/zip")}


def _without_marks(house: House) -> None:
    """An entry, and no marks."""
    house.one(Entry)
    with organization_scope(house.organization.pk):
        Score.objects.filter(entry__category=house.one(Category)).delete()


def _csv(text: str) -> Callable[[House], dict[str, Any]]:
    """An upload for the house's contest; `{number}` and the like name what is in it."""

    def body(house: House) -> dict[str, Any]:
        entry, criterion, seat = house.another(Entry), house.one(Criterion), house.one(Assignment)
        names = {
            "number": entry.contestant.number,
            "category": house.one(Category).slug,
            "criterion": criterion.name,
            "seat": seat.seat,
        }
        file = SimpleUploadedFile("rows.csv", text.format(**names).encode(), content_type="text/csv")
        return {"contest": str(house.one(Contest).pk), "file": file}

    return body


CALLS: dict[str, Call] = {
    "POST accounts:login": Call(lambda house: {"email": house.owner.email, "password": PASSWORD}),
    "POST accounts:refresh": Call(lambda house: {"refresh": _pair(house).refresh}),
    "POST accounts:verify": Call(lambda house: {"token": _pair(house).access}, status=204),
    "POST accounts:logout": Call(lambda house: {"refresh": _pair(house).refresh}, status=204),
    "POST accounts:password": Call(
        lambda _: {"current_password": PASSWORD, "new_password": "another long passphrase 7"}, status=204
    ),
    "POST accounts:password-reset": Call(lambda house: {"email": house.owner.email}, status=202),
    "POST accounts:password-reset-confirm": Call(_reset, status=204),
    "POST accounts:organization-list": Call(lambda house: {"name": "Rink", "owner_email": house.owner.email}),
    "POST accounts:membership-list": Call(lambda _: {"email": "new@example.org", "role": "judge"}),
    "PUT accounts:membership-detail": Call(lambda _: {"role": "judge"}),
    "PATCH accounts:membership-detail": Call(lambda _: {"role": "judge"}),
    "POST events:event-list": Call(lambda _: {"name": "Spring cup", "timezone": "Europe/Helsinki"}),
    "POST events:event-publish": Call(prepare=_stand("draft")),
    "POST events:event-go-live": Call(prepare=_stand("published")),
    "POST events:event-complete": Call(prepare=_stand("live")),
    "POST events:event-archive": Call(prepare=_stand("completed")),
    "POST events:event-cancel": Call(prepare=_stand("live")),
    "POST contests:contest-list": Call(_of(Event, name="Seniors")),
    "POST contests:contest-open": Call(prepare=_contest("draft")),
    "POST contests:contest-start-scoring": Call(prepare=_contest("open")),
    "POST contests:contest-lock": Call(prepare=_contest("scoring")),
    "POST contests:contest-reopen": Call(_because, prepare=_contest("locked")),
    "POST contests:contest-sign": Call(_digest, prepare=_signed_by_the_owner),
    "POST contests:contest-publish": Call(prepare=_certified),
    "POST contests:contest-void": Call(_because, prepare=_certified),
    "POST contests:contest-unfreeze": Call(prepare=_frozen),
    "GET contests:public-contest": Call(prepare=_public),
    "GET contests:public-leaderboard": Call(prepare=_public),
    "GET contests:public-certification": Call(prepare=_public),
    "GET contests:public-event": Call(prepare=_public),
    "GET contests:contest-certification": Call(prepare=_certified),
    "GET contests:contest-verify": Call(prepare=_certified),
    "POST contests:category-list": Call(_of(Contest, name="Free skating")),
    "POST contests:criterion-list": Call(_of(Category, name="Presentation")),
    "POST contests:contest-panels-allocate-judges": Call(lambda _: {"seats": 1}, status=201),
    "POST contests:contest-progress-remind-judges": Call(prepare=_contest("scoring")),
    "POST contests:contest-copy-clone": Call(lambda _: {"name": "Juniors", "panels": True}, status=201),
    "POST contests:event-copy-clone": Call(lambda _: {"name": "Next year"}, status=201),
    "POST contests:category-draw-draw": Call(lambda _: {"seed": "7"}, prepare=_without_marks, status=201),
    "POST contests:contestant-list": Call(_of(Contest, name="Mao", number=900_001)),
    "POST contests:entry-list": Call(_of(Category, contestant=lambda house: str(house.another(Contestant).pk))),
    "POST contests:judge-list": Call(lambda house: {"name": "Ann", "user": str(house.person(Role.AUDITOR).pk)}),
    "POST contests:assignment-list": Call(
        _of(Category, judge=lambda house: str(house.another(Judge).pk), seat="J90")
    ),
    "POST contests:recusal-list": Call(_of(Assignment, contestant=_id(Contestant), reason="Coaches them")),
    "POST contests:score-list": Call(_mark),
    "POST contests:score-bulk": Call(lambda house: {"scores": [_mark(house)]}, status=201),
    "PUT contests:scorecard": Call(_card),
    "POST contests:deduction-list": Call(_of(Entry, amount="1.00", reason="Fall")),
    "POST contests:deduction-reverse": Call(_because),
    "POST notifications:webhook-endpoint-list": Call(lambda _: {"target_url": "https://hooks.example.org/podium"}),
    "POST notifications:webhook-endpoint-test": Call(status=202),
    "POST notifications:webhook-endpoint-recover": Call(lambda _: {"since": "2026-01-01T00:00:00Z"}),
    "POST notifications:webhook-delivery-redeliver": Call(status=202),
    "POST notifications:email-resend": Call(status=202),
    "PATCH notifications:mail-switches": Call(lambda _: {"results": True}),
    "POST operations:import-list": Call(_competition, status=202, format="multipart"),
    "POST operations:import-contestants": Call(
        _csv("number,name,categories\n900002,Mao,{category}\n"), status=202, format="multipart"
    ),
    "POST operations:import-judges": Call(
        _csv("name,email,seats\nAnn,ann@example.org,{category}:J91\n"), status=202, format="multipart"
    ),
    "POST operations:import-scores": Call(
        _csv("number,category,criterion,seat,value\n{number},{category},{criterion},{seat},6.5\n"),
        status=202,
        format="multipart",
    ),
    "POST resilience:circuit-breaker-reset": Call(_because),
    "POST resilience:circuit-breaker-force-open": Call(_because),
    "POST resilience:circuit-breaker-mode": Call(lambda _: {"mode": "monitor", "reason": "A drill"}),
    "POST core:user-erase": Call(lambda house: {"confirm": str(house.owner.pk)}, status=202),
    "POST core:deletion-hold": Call(lambda _: {"legal_hold": True}),
    "POST core:deletion-purge": Call(lambda house: {"label": house.one(Deletion).root_label}, status=202),
    "POST datasets:dataset-list": Call(lambda _: {"name": "Marks of 2026"}),
    "POST datasets:dataset-upload": Call(
        lambda _: {"name": "Marks of 2026", "file": csv_file()}, status=201, format="multipart"
    ),
    "POST datasets:dataset-version-list": Call(lambda _: {"file": csv_file()}, format="multipart"),
}
