"""What is remembered about the services of a home."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from config.local_services.errors import LocalServiceError
from config.local_services.identity import load_identity, save_identity


def test_an_identity_is_made_once_and_kept(tmp_path: Path) -> None:
    first = load_identity(tmp_path)
    assert load_identity(tmp_path) == first
    assert sorted(first.passwords) == ["postgres", "valkey"]
    assert min(map(len, first.passwords.values())) >= 32


def test_two_homes_have_nothing_in_common(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = load_identity(tmp_path / "one"), load_identity(tmp_path / "two")
    assert one.marker != two.marker
    assert not set(one.passwords.values()) & set(two.passwords.values())


def test_only_its_owner_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_identity(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "identity.json").stat().st_mode & 0o777 == 0o600


def test_a_port_is_remembered(tmp_path: Path) -> None:
    identity = load_identity(tmp_path)
    save_identity(tmp_path, replace(identity, ports={"postgres": 4321}))
    assert load_identity(tmp_path).ports == {"postgres": 4321}


def test_a_copy_gets_a_marker_and_ports_of_its_own_but_the_passwords_of_its_data(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    old = load_identity(tmp_path / "old")
    save_identity(tmp_path / "old", replace(old, ports={"postgres": 4321}))
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    new = load_identity(tmp_path / "new")
    assert new.marker != old.marker
    assert (new.passwords, new.ports) == (old.passwords, {})
    assert load_identity(tmp_path / "old").marker == old.marker


def test_a_moved_home_keeps_its_marker(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    old = load_identity(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    assert load_identity(tmp_path / "new") == replace(old, place=str(tmp_path / "new"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"marker": "x"}', json.dumps({"surprise": 1})])
def test_a_damaged_one_is_refused_and_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "identity.json").write_text(text)
    with pytest.raises(LocalServiceError, match="restore it, or remove"):
        load_identity(tmp_path)
    assert (tmp_path / "identity.json").read_text() == text


def test_a_crash_while_writing_leaves_the_old_one(tmp_path: Path) -> None:
    identity = load_identity(tmp_path)
    (tmp_path / "identity.json.draft").write_text("half")
    assert load_identity(tmp_path) == identity
