"""Contests and what is in them. The organization comes from whatever a row belongs to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import factory

from apps.accounts.enums import Role
from apps.accounts.policies import MemberAccess
from apps.contests import models
from apps.contests.enums import ContestStatus
from apps.contests.selectors.sign_off import read_sign_off
from apps.contests.services.certification import sign_contest, void_certification
from apps.core import clock
from apps.core.ids import new_id
from apps.core.tenancy import organization_scope
from tests.factories.accounts import OrganizationFactory
from tests.factories.events import EventFactory
from tests.factories.scoped import ScopedFactory

__all__ = ["EventFactory", "OrganizationFactory"]


class ContestFactory(ScopedFactory[models.Contest]):
    """A draft."""

    class Meta:
        model = models.Contest

    event = factory.SubFactory(EventFactory)
    organization = factory.SelfAttribute("event.organization")
    name = factory.Sequence(lambda n: f"Ladies {n}")
    slug = factory.Sequence(lambda n: f"ladies-{n}")


class CategoryFactory(ScopedFactory[models.Category]):
    """A segment that is scored by the default rule."""

    class Meta:
        model = models.Category

    contest = factory.SubFactory(ContestFactory)
    organization = factory.SelfAttribute("contest.organization")
    name = factory.Sequence(lambda n: f"Short program {n}")
    slug = factory.Sequence(lambda n: f"short-program-{n}")


class CriterionFactory(ScopedFactory[models.Criterion]):
    """Marked from 0 to 10 in quarters."""

    class Meta:
        model = models.Criterion

    category = factory.SubFactory(CategoryFactory)
    organization = factory.SelfAttribute("category.organization")
    name = factory.Sequence(lambda n: f"Composition {n}")


class ContestantFactory(ScopedFactory[models.Contestant]):
    """Somebody with a number."""

    class Meta:
        model = models.Contestant

    contest = factory.SubFactory(ContestFactory)
    organization = factory.SelfAttribute("contest.organization")
    number = factory.Sequence(lambda n: n + 1)
    name = factory.Sequence(lambda n: f"Skater {n}")


class EntryFactory(ScopedFactory[models.Entry]):
    """A start in a category, by a contestant of its contest."""

    class Meta:
        model = models.Entry

    category = factory.SubFactory(CategoryFactory)
    organization = factory.SelfAttribute("category.organization")
    contestant = factory.SubFactory(ContestantFactory, contest=factory.SelfAttribute("..category.contest"))


class JudgeFactory(ScopedFactory[models.Judge]):
    """Somebody who marks, and does not sign in."""

    class Meta:
        model = models.Judge

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"Judge {n}")


class AssignmentFactory(ScopedFactory[models.Assignment]):
    """A seat on a panel."""

    class Meta:
        model = models.Assignment

    category = factory.SubFactory(CategoryFactory)
    organization = factory.SelfAttribute("category.organization")
    judge = factory.SubFactory(JudgeFactory, organization=factory.SelfAttribute("..organization"))
    seat = factory.Sequence(lambda n: f"J{n + 1}")


class RecusalFactory(ScopedFactory[models.Recusal]):
    """A seat that does not mark a contestant."""

    class Meta:
        model = models.Recusal

    assignment = factory.SubFactory(AssignmentFactory)
    organization = factory.SelfAttribute("assignment.organization")
    contestant = factory.SubFactory(ContestantFactory, contest=factory.SelfAttribute("..assignment.category.contest"))
    reason = "Coaches them"


class ScoreFactory(ScopedFactory[models.Score]):
    """A mark of one seat, entry and criterion of the same category."""

    class Meta:
        model = models.Score

    entry = factory.SubFactory(EntryFactory)
    organization = factory.SelfAttribute("entry.organization")
    assignment = factory.SubFactory(AssignmentFactory, category=factory.SelfAttribute("..entry.category"))
    criterion = factory.SubFactory(CriterionFactory, category=factory.SelfAttribute("..entry.category"))
    value = Decimal("7.25")


class DeductionFactory(ScopedFactory[models.Deduction]):
    """A point off."""

    class Meta:
        model = models.Deduction

    entry = factory.SubFactory(EntryFactory)
    organization = factory.SelfAttribute("entry.organization")
    amount = Decimal(1)
    reason = "Fall"


class BoardFreezeFactory(ScopedFactory[models.BoardFreeze]):
    """A freeze that was lifted."""

    class Meta:
        model = models.BoardFreeze

    contest = factory.SubFactory(ContestFactory)
    organization = factory.SelfAttribute("contest.organization")
    document: ClassVar[dict[str, Any]] = {"rows": []}
    frozen_at = factory.LazyFunction(clock.now)
    lifted_at = factory.LazyFunction(clock.now)


def sign(contest: models.Contest, *, but: int = 0) -> None:
    """Sign the locked contest's result by its whole chain, or all `but` the last ones, each by somebody else.

    They are the same at each call, so that the same result has the same digest.
    """
    with organization_scope(contest.organization_id):
        digest = read_sign_off(models.Contest.objects.get(pk=contest.pk)).digest
        for place, role in enumerate(contest.sign_off[: len(contest.sign_off) - but], start=1):
            access = MemberAccess(UUID(int=place), contest.organization_id, Role(role))
            sign_contest(contest_id=contest.pk, access=access, digest=digest)


class DrawFactory(ScopedFactory[models.Draw]):
    """A draw of nobody."""

    class Meta:
        model = models.Draw

    category = factory.SubFactory(CategoryFactory)
    organization = factory.SelfAttribute("category.organization")
    seed = factory.Sequence(lambda n: f"seed {n}")
    algorithm = "sha256-sort-1"
    participants = factory.LazyFunction(list)
    result = factory.LazyFunction(list)


def certify(contest: models.Contest, *, voided: bool = False) -> models.Certification:
    """Certify the contest's result as it is, wherever the contest stands; take it back where `voided`."""
    with organization_scope(contest.organization_id):
        models.Contest.objects.filter(pk=contest.pk).update(status=ContestStatus.LOCKED)
        sign(contest)
        certification: models.Certification = models.Certification.objects.get(contest_id=contest.pk, voided_at=None)
        if voided:
            owner = MemberAccess(new_id(), contest.organization_id, Role.OWNER)
            void_certification(contest_id=contest.pk, access=owner, reason="A drill")
    return certification
