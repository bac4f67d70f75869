"""The compose file: it can't be run without an engine, but it can be held against the rest of the repository."""

from typing import Any

import pytest
import yaml

from config import env

COMPOSE: dict[str, Any] = yaml.safe_load((env.ROOT / "docker" / "compose.yml").read_text())
OWN = {
    name: service for name, service in COMPOSE["services"].items() if service.get("image", "").startswith("podium:")
}
OF_UVICORN = {"FORWARDED_ALLOW_IPS"}


def test_our_processes_are_all_there() -> None:
    assert sorted(OWN) == ["beat", "migrate", "relay", "sender", "web", "worker"]


@pytest.mark.parametrize("name", OWN)
def test_a_container_is_told_only_what_podium_reads(name: str) -> None:
    known = {entry.name for entry in env.TABLE} | {entry.file_name for entry in env.TABLE if entry.secret}
    assert set(OWN[name]["environment"]) - known - OF_UVICORN == set()


@pytest.mark.parametrize("name", OWN)
def test_a_secret_comes_from_a_file_that_the_container_has(name: str) -> None:
    environment = OWN[name]["environment"]
    files = {value for key, value in environment.items() if key.endswith("_FILE")}
    assert files == {f"/run/secrets/{secret}" for secret in OWN[name]["secrets"]}
    with_password = {entry.name for entry in env.TABLE if entry.secret} - {"REDIS_URL"}  # that one has none
    assert with_password & set(environment) == set()


@pytest.mark.parametrize("name", OWN)
def test_a_container_of_ours_has_no_rights_that_it_does_not_need(name: str) -> None:
    service = OWN[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service


def test_every_secret_that_is_used_is_made() -> None:
    used = {secret for service in COMPOSE["services"].values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    head = (env.ROOT / "docker" / "compose.yml").read_text().partition("\nname:")[0]
    assert [name for name in COMPOSE["secrets"] if f"> secrets/{name}" not in head] == []
