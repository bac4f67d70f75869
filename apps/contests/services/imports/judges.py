"""Judges from a CSV file into the organization, and onto the panels of a contest where one is named."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple
from uuid import UUID

from apps.accounts.selectors import members_of
from apps.contests.enums import SeatRole
from apps.contests.models import Assignment, Category, Judge
from apps.contests.services.announcing import announce_changed_boards, announce_seated
from apps.contests.services.conflicts import recuse_affiliated
from apps.contests.services.imports.intake import BATCH, Intake, give, save_changed
from apps.contests.services.imports.tables import Row
from apps.contests.services.structure import recuse_where_seated

FIELDS = ("name", "affiliation", "email", "qualifications", "user")
LONGEST_SEAT = 10
ROLES = ", ".join(SeatRole.values)


class Seat(NamedTuple):
    """A seat as the file names it."""

    category: Category
    name: str
    role: str


class JudgeIntake(Intake):
    """One judge a row, known by email, or by name where there is none.

    An email that a member signs in with makes the judge that member; a judge who signs in already stays who they are.
    `seats` names seats of the contest's panels, such as `short-program:J1; free-skating:J4:head_judge`.
    """

    columns = ("name",)
    optional = ("affiliation", "email", "qualifications", "seats")

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._known: dict[str, list[Judge]] = defaultdict(list)
        for judge in Judge.objects.select_related("user").order_by("id"):
            signs_in = judge.user.email if judge.user else ""
            for key in {judge.email.casefold(), judge.name.casefold(), signs_in.casefold()} - {""}:
                self._known[key].append(judge)
        members = members_of(self.organization_id).filter(user__is_active=True)
        self._members = {
            email.casefold(): user_id for email, user_id in members.values_list("user__email", "user_id")
        }
        self._sitting: dict[tuple[UUID, str], UUID] = {}
        self._seat_of: dict[tuple[UUID, UUID], str] = {}
        if self.contest is not None:
            for seat in Assignment.objects.filter(category__contest=self.contest):
                self._sit(seat)
        self._lines: dict[str, int] = {}
        self._new: list[Judge] = []
        self._changed: list[Judge] = []
        self._moved: list[Judge] = []
        self._seats: list[Assignment] = []

    def take(self, row: Row) -> None:
        values: dict[str, object] = {"name": row.text("name")}
        email = row.email("email")
        if row.has("affiliation"):
            values["affiliation"] = row.any_text("affiliation")
        if row.has("email"):
            values["email"] = email
        if row.has("qualifications"):
            values["qualifications"] = row.any_text("qualifications", longest=500)
        seats = self._seats_in(row)
        column = "email" if email else "name"
        known = self._find(row, column, (email or str(values["name"])).casefold())
        if email.casefold() in self._members and (known is None or known.user_id is None):
            values["user_id"] = self._members[email.casefold()]
        judge = Judge(organization_id=self.organization_id, **values) if known is None else known
        for seat in seats:
            self._check_seat(row, judge, seat)
        if not row.is_good:
            return
        self._keep(judge, values, is_new=known is None)
        for seat in seats:
            self._seat(judge, seat)

    def save(self) -> None:
        Judge.objects.bulk_create(self._new, batch_size=BATCH)
        save_changed(self._changed, FIELDS)
        Assignment.objects.bulk_create(self._seats, batch_size=BATCH)
        recuse_where_seated(self._moved)
        if self.contest is not None:
            recuse_affiliated(contest_id=self.contest.pk)
            announce_seated(self.contest, self._seats)
            announce_changed_boards([self.contest])

    def _find(self, row: Row, column: str, key: str) -> Judge | None:
        """The stored judge of this row; faults where that can't be said, or is not wanted."""
        found = self._known.get(key, []) if key else []
        line = self._lines.setdefault(key, row.line) if key else row.line
        if line != row.line:
            sentence = f"Line {line} names the same {column}; keep one of the two, or tell them apart by email."
            row.refuse(column, "DUPLICATE_ROW", sentence)
        elif len(found) > 1:
            sentence = f"{len(found)} judges have this {column}. Tell them apart by email, there and here."
            row.refuse(column, "AMBIGUOUS", sentence)
        elif found and not self.updates:
            sentence = (
                f"A judge with this {column} is there already. Leave the row out, or import with on_existing=update."
            )
            row.refuse(column, "ALREADY_EXISTS", sentence)
        return found[0] if found else None

    def _seats_in(self, row: Row) -> list[Seat]:
        named = row.parts("seats")
        if named and self.contest is None:
            row.refuse("seats", "CONTEST_REQUIRED", "Name the contest whose seats these are, or empty the column.")
            return []
        found: list[Seat] = []
        for text in named:
            slug, _, rest = text.partition(":")
            name, _, role = (part.strip() for part in rest.partition(":"))
            category = self.category(row, "seats", slug.strip())
            if not name or len(name) > LONGEST_SEAT:
                sentence = f"Write category:seat, such as short-program:J1; a seat has 1 to {LONGEST_SEAT} signs."
                row.refuse("seats", "NOT_A_SEAT", sentence)
            elif role and role not in SeatRole.values:
                row.refuse("seats", "UNKNOWN_ROLE", f"A seat's role is one of {ROLES}, not {role[:40]!r}.")
            elif category is not None and category in [seat.category for seat in found]:
                row.refuse("seats", "ALREADY_SEATED", f"Name one seat of {slug.strip()}; nobody sits on two.")
            elif category is not None:
                found.append(Seat(category, name, role or SeatRole.JUDGE))
        return found

    def _check_seat(self, row: Row, judge: Judge, seat: Seat) -> None:
        where = f"{seat.name} of {seat.category.slug}"
        own = self._seat_of.get((seat.category.pk, judge.pk))
        if own not in (None, seat.name):
            row.refuse(
                "seats", "ALREADY_SEATED", f"This judge sits on {own} of {seat.category.slug}; change it there."
            )
        elif self._sitting.get((seat.category.pk, seat.name)) not in (None, judge.pk):
            row.refuse("seats", "SEAT_TAKEN", f"Somebody else sits on {where}. Name another seat.")

    def _keep(self, judge: Judge, values: dict[str, object], *, is_new: bool) -> None:
        if "user_id" in values:
            self.counts["linked"] += 1
        if is_new:
            self._new.append(judge)
            self.counts["created"] += 1
            return
        moved = values.get("affiliation", judge.affiliation) != judge.affiliation
        if give(judge, values):
            self._changed.append(judge)
            self.counts["updated"] += 1
        else:
            self.counts["unchanged"] += 1
        if moved:
            self._moved.append(judge)

    def _seat(self, judge: Judge, seat: Seat) -> None:
        if (seat.category.pk, judge.pk) in self._seat_of:
            return
        made = Assignment(
            organization_id=self.organization_id,
            judge=judge,
            category=seat.category,
            seat=seat.name,
            role=seat.role,
        )
        self._sit(made)
        self._seats.append(made)
        self.counts["seats"] += 1

    def _sit(self, seat: Assignment) -> None:
        self._sitting[seat.category_id, seat.seat] = seat.judge_id
        self._seat_of[seat.category_id, seat.judge_id] = seat.seat
