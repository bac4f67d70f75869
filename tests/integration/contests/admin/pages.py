"""Going through the admin of contests as a browser does."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

from django.contrib.messages import get_messages
from django.db import models
from django.test import Client

from tests.factories.contests import (
    AssignmentFactory,
    CategoryFactory,
    ContestantFactory,
    ContestFactory,
    CriterionFactory,
    DeductionFactory,
    DrawFactory,
    EntryFactory,
    JudgeFactory,
    RecusalFactory,
    ScoreFactory,
    certify,
)
from tests.factories.events import EventFactory

ADMIN = "/admin/contests"
FACTORIES: dict[str, Callable[..., Any]] = {
    "contest": ContestFactory.create,
    "category": CategoryFactory.create,
    "criterion": CriterionFactory.create,
    "contestant": ContestantFactory.create,
    "entry": EntryFactory.create,
    "judge": JudgeFactory.create,
    "assignment": AssignmentFactory.create,
    "recusal": RecusalFactory.create,
    "score": ScoreFactory.create,
    "deduction": DeductionFactory.create,
    "draw": DrawFactory.create,
}
NAMES = [*FACTORIES, "certification"]


def entering(user: Any) -> Client:
    """The admin, as this person."""
    client = Client()
    client.force_login(user)
    return client


def made(name: str, organization: Any, count: int = 1) -> list[Any]:
    """Rows of this kind, each in a contest of its own where it is in one."""
    rows = []
    for _ in range(count):
        if name == "certification":
            rows.append(certify(ContestFactory.create(event=EventFactory.create(organization=organization))))
        elif name == "contest":
            rows.append(ContestFactory.create(event=EventFactory.create(organization=organization)))
        elif name == "judge":
            rows.append(JudgeFactory.create(organization=organization))
        else:
            contest = ContestFactory.create(event=EventFactory.create(organization=organization))
            rows.append(FACTORIES[name](**{_way_to_contest(name): contest}))
    return rows


def _way_to_contest(name: str) -> str:
    return {
        "category": "contest",
        "contestant": "contest",
        "criterion": "category__contest",
        "entry": "category__contest",
        "assignment": "category__contest",
        "draw": "category__contest",
        "recusal": "assignment__category__contest",
        "score": "entry__category__contest",
        "deduction": "entry__category__contest",
    }[name]


def page(name: str, row: models.Model, tail: str = "change") -> str:
    """An address of a row."""
    return f"{ADMIN}/{name}/{row.pk}/{tail}/"


def told(response: Any) -> list[str]:
    """The messages of a redirect, as people read them."""
    return [unescape(str(message)) for message in get_messages(response.wsgi_request)]


def fields_of(response: Any) -> dict[str, Any]:
    """What the form on a change page would send if nothing was changed."""
    context = response.context
    values = _values(context["adminform"].form)
    for formset in context["inline_admin_formsets"]:
        values |= _values(formset.formset.management_form)
        for form in formset.formset.forms:
            values |= _values(form)
    return values


def _values(form: Any) -> dict[str, Any]:
    values = {}
    for bound in form:
        value = bound.value()
        if value is not None and value is not False:
            values[bound.html_name] = value
    return values
