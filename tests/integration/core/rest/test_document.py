"""The served OpenAPI document: the committed one, in each form, made once."""

from __future__ import annotations

import json

import pytest
import yaml
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from config.env import ROOT


@pytest.mark.django_db
def test_every_form_of_the_document_is_the_committed_one_and_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    committed = (ROOT / "docs/api/openapi.yaml").read_text(encoding="utf-8")
    read = yaml.load(committed, yaml.CSafeLoader)
    client, url = Client(), reverse("v1:schema")

    as_yaml = client.get(url)
    as_json = client.get(url, headers={"Accept": "application/json"})
    monkeypatch.setattr(SchemaGenerator, "get_schema", None)
    again = client.get(url)

    assert (as_yaml["Content-Type"], as_yaml.content.decode()) == ("application/vnd.oai.openapi", committed)
    assert as_yaml["Content-Disposition"] == 'inline; filename="Podium.yaml"'
    assert (as_json["Content-Type"], json.loads(as_json.content)) == ("application/json", read)
    assert as_json["Content-Disposition"] == 'inline; filename="Podium.json"'
    assert again.content == as_yaml.content
