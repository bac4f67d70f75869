"""Zip archives that nobody has to trust."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from io import BytesIO

import pytest

from apps.contests.services.imports import archives
from apps.contests.services.imports.archives import unpack
from apps.contests.services.imports.faults import InvalidFiles
from tests.unit.contests.imports.small_files import TEXTS, zipped

CONTENTS = {name: text.encode() for name, text in TEXTS.items()}


def codes(archive: BytesIO) -> list[str]:
    with ExitStack() as keep, pytest.raises(InvalidFiles) as caught:
        unpack("archive.zip", archive, keep=keep)
    return [error.code for error in caught.value.errors]


def test_the_three_files_are_found_in_whichever_folder() -> None:
    archive = zipped(
        {f"season/2026/{name}": content for name, content in CONTENTS.items()} | {"readme.txt": b"hello"}
    )
    with ExitStack() as keep:
        found = unpack("archive.zip", archive, keep=keep)
        contents = {name: stream.read() for name, stream in found.items()}

    assert contents == CONTENTS
    assert [stream.closed for stream in found.values()] == [True] * 3


def test_a_finders_shadow_files_are_left_alone() -> None:
    shadows = {f"__MACOSX/{name}": b"\0" for name in CONTENTS}

    with ExitStack() as keep:
        assert set(unpack("archive.zip", zipped(CONTENTS | shadows), keep=keep)) == set(CONTENTS)


def test_what_is_no_archive_is_refused() -> None:
    assert codes(BytesIO(b"PK, but no zip")) == ["NOT_A_ZIP"]


def test_a_damaged_archive_is_refused() -> None:
    whole = zipped(CONTENTS).getvalue()
    damaged = bytearray(whole)
    damaged[80:120] = bytes(40)

    assert codes(BytesIO(bytes(damaged))) == ["NOT_A_ZIP"]


def test_missing_files_are_named() -> None:
    without = {name: content for name, content in CONTENTS.items() if name != "judge-scores.csv"}

    assert codes(zipped(without)) == ["MISSING_FILE"]


def test_the_same_file_twice_is_refused() -> None:
    assert codes(zipped(CONTENTS | {"copy/judge-scores.csv": b""})) == ["DUPLICATE_FILE"]


def test_a_bomb_ends_at_the_limit_whatever_it_says_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST", 1024 * 1024)
    bomb = zipped(CONTENTS | {"judge-scores.csv": b"0" * (20 * 1024 * 1024)})

    assert len(bomb.getvalue()) < 64 * 1024
    assert codes(bomb) == ["TOO_LARGE"]


def test_an_archive_of_very_many_files_is_refused() -> None:
    assert codes(zipped({f"{number}.txt": b"" for number in range(300)})) == ["TOO_MANY_FILES"]


def test_an_unusual_packing_is_refused() -> None:
    assert set(codes(zipped(CONTENTS, compression=zipfile.ZIP_LZMA))) == {"CANNOT_UNPACK"}
