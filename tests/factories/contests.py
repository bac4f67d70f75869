"""Contests and what is in them. The organization comes from whatever a row belongs to."""

from __future__ import annotations

from decimal import Decimal

import factory

from apps.contests import models
from apps.contests.enums import ContestStatus
from apps.contests.selectors.certification import build_document, digest_of
from apps.core import clock
from apps.core.tenancy import organization_scope
from tests.factories.accounts import OrganizationFactory, UserFactory
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


def certify(contest: models.Contest, *, voided: bool = False) -> models.Certification:
    """Sign the contest's result as it is, past the services and their rules; take it back where `voided`."""
    with organization_scope(contest.organization_id):
        document = build_document(contest, number=1, previous="")
        certification: models.Certification = models.Certification.objects.create(
            organization_id=contest.organization_id,
            contest_id=contest.pk,
            contest_name=contest.name,
            number=1,
            document=document,
            digest=digest_of(document),
            signed_by=UserFactory.create().pk,
            voided_at=clock.now() if voided else None,
            void_reason="A drill" if voided else "",
        )
        status = ContestStatus.LOCKED if voided else ContestStatus.CERTIFIED
        models.Contest.objects.filter(pk=contest.pk).update(status=status)
    return certification
