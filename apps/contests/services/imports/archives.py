"""The three files out of what somebody uploads: as they are, or in one zip archive that nobody has to trust."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, cast

from apps.contests.services.imports.faults import Faults, shown
from apps.contests.services.imports.isu_rows import COLUMNS

MEGABYTE = 1024 * 1024
LARGEST = 64 * MEGABYTE  # of all three files together, unpacked
IN_MEMORY = 4 * MEGABYTE
CHUNK = 256 * 1024
MOST_MEMBERS = 200
ENCRYPTED = 0x1  # a bit of a member's flags (APPNOTE 4.4.4)
UNPACKS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def unpack(file: str, archive: IO[bytes], *, keep: ExitStack) -> dict[str, BinaryIO]:
    """The three files of a zip archive, in whichever folder they are; anything else in it is left alone.

    Sizes are counted while unpacking, whatever the archive says about itself, so that a bomb ends at `LARGEST`.

    Args:
        file: the name that people know the archive by.
        keep: closes the files.

    Raises:
        InvalidFiles: it is no archive, lacks a file, has one twice, or holds too much.
    """
    faults = Faults()
    found: dict[str, BinaryIO] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _members(file, opened, faults)
            faults.refuse()
            left = LARGEST
            for name, member in members.items():
                with opened.open(member) as packed:
                    found[name], size = copy(packed, limit=left, keep=keep)
                left -= size
                if left < 0:
                    sentence = f"Split it: unpacked, it holds more than {LARGEST // MEGABYTE} MB."
                    faults.add(file, 0, "", "TOO_LARGE", sentence)
                faults.refuse()
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, zlib.error):
        faults.add(file, 0, "", "NOT_A_ZIP", "This is not a zip archive, or a damaged one. Make it anew.")
    faults.refuse()
    return found


def _members(file: str, opened: zipfile.ZipFile, faults: Faults) -> dict[str, zipfile.ZipInfo]:
    members = opened.infolist()
    if len(members) > MOST_MEMBERS:
        faults.add(file, 0, "", "TOO_MANY_FILES", f"It holds {len(members)} files; put in the three that are needed.")
        return {}
    found: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        path = PurePosixPath(member.filename)
        name = path.name.lower()
        if member.is_dir() or "__MACOSX" in path.parts or name not in COLUMNS:
            continue
        if name in found:
            sentence = f"{shown(member.filename)} and {shown(found[name].filename)} are both in it. Keep one."
            faults.add(file, 0, "", "DUPLICATE_FILE", sentence)
        elif member.flag_bits & ENCRYPTED or member.compress_type not in UNPACKS:
            sentence = f"{name} is encrypted or packed in an unusual way. Make a plain zip archive."
            faults.add(file, 0, "", "CANNOT_UNPACK", sentence)
        found.setdefault(name, member)
    for name in COLUMNS.keys() - found.keys():
        faults.add(file, 0, "", "MISSING_FILE", f"There is no {name} in it.")
    return found


def copy(source: IO[bytes], *, keep: ExitStack, limit: int = LARGEST) -> tuple[BinaryIO, int]:
    """A stream in a temporary file, which `keep` closes, and its size; ends one chunk after `limit`."""
    temporary = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by `keep`
    target = cast("BinaryIO", keep.enter_context(temporary))
    size = 0
    while size <= limit and (chunk := source.read(CHUNK)):
        size += len(chunk)
        target.write(chunk)
    target.seek(0)
    return target, size


def sort_out(names: Sequence[str]) -> tuple[dict[str, int], int | None]:
    """Which of several files, given by the names that people gave them, is what.

    Returns:
        the places of the three files by their proper names, and that of an archive.

    Raises:
        InvalidFiles: for a file that has no place in an import.
    """
    faults = Faults()
    places: dict[str, int] = {}
    archive: int | None = None
    for place, name in enumerate(names):
        known = PurePosixPath(name).name.lower()
        if known.endswith(".zip") and len(names) == 1:
            archive = place
        elif known not in COLUMNS:
            wanted = ", ".join(COLUMNS)
            faults.add(name, 0, "", "UNKNOWN_FILE", f"This is none of {wanted}, nor a single zip archive of them.")
        elif known in places:
            faults.add(name, 0, "", "DUPLICATE_FILE", "This file was chosen twice.")
        else:
            places[known] = place
    faults.refuse()
    return places, archive


def require_all(files: Mapping[str, object]) -> None:
    """Go on only with all three files.

    Raises:
        InvalidFiles: naming those that were not sent.
    """
    faults = Faults()
    for name in COLUMNS:
        if name not in files:
            faults.add(name, 0, "", "MISSING_FILE", f"Send {name} too, or all three files in a zip archive.")
    faults.refuse()
