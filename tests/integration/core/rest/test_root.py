"""The API's front page."""

from __future__ import annotations

import pytest

from tests.api import anonymous
from tests.routes import routes

pytestmark = pytest.mark.django_db


def test_every_list_has_its_place_on_the_front_page() -> None:
    lists = {route.url({}) for route in routes() if route.name.endswith("-list") and not route.parameters}

    front = anonymous().get("/api/v1/")
    listed = {address.removeprefix("http://testserver") for address in front.json().values()}

    assert anonymous().get("/api/v1").json() == front.json()
    assert lists - listed == set()
