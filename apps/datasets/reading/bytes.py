"""The first look at a file: its size, its hash, and how its bytes become text."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from apps.datasets.reading.problems import Limits, TableProblem

CHUNK = 1 << 20

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What people upload under the name of a CSV file.
OTHER_FORMATS = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
)


@dataclass(frozen=True, slots=True)
class ByteSurvey:
    """Size in bytes, SHA-256 in hexadecimal, and the name of Python's codec."""

    size: int
    sha256: str
    encoding: str


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """The file from its beginning, in pieces."""
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def survey_bytes(file: BinaryIO, limits: Limits) -> ByteSurvey:
    """Read the whole file once.

    Raises:
        TableProblem: EMPTY_FILE, TOO_LARGE, UNSUPPORTED_FORMAT, NUL_BYTES or NOT_TEXT.
    """
    digest = hashlib.sha256()
    size = 0
    encodings = _Encodings()
    for chunk in chunks_of(file):
        if size == 0:
            _refuse_other_formats(chunk)
        size += len(chunk)
        if size > limits.bytes:
            raise TableProblem("TOO_LARGE", f"The file has more than {limits.bytes:,} bytes.")
        digest.update(chunk)
        encodings.look_at(chunk)
    if size == 0:
        raise TableProblem("EMPTY_FILE", "The file is empty.")
    return ByteSurvey(size, digest.hexdigest(), encodings.verdict())


def _refuse_other_formats(beginning: bytes) -> None:
    for signature, what in OTHER_FORMATS:
        if beginning.startswith(signature):
            raise TableProblem("UNSUPPORTED_FORMAT", f"This is {what}, not a CSV file.")


class _Encodings:
    """Which encodings are still possible: a byte order mark decides, else UTF-8, else Windows-1252."""

    def __init__(self) -> None:
        self._marked: str | None = None
        self._lines = 1
        self._is_first = True
        self._candidates = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "cp1252")}

    def look_at(self, chunk: bytes) -> None:
        if self._is_first:
            self._is_first = False
            self._marked = next((name for mark, name in BYTE_ORDER_MARKS if chunk.startswith(mark)), None)
        if self._marked not in {None, "utf-8-sig"}:
            return
        self._refuse_nul(chunk)
        for name in list(self._candidates):
            try:
                self._candidates[name].decode(chunk)
            except UnicodeDecodeError:
                del self._candidates[name]

    def _refuse_nul(self, chunk: bytes) -> None:
        at = chunk.find(b"\x00")
        if at >= 0:
            line = self._lines + chunk.count(b"\n", 0, at)
            raise TableProblem(
                "NUL_BYTES", f"Line {line} holds a NUL byte. Save the file as UTF-8 text, without any."
            )
        self._lines += chunk.count(b"\n")

    def verdict(self) -> str:
        if self._marked not in {None, "utf-8-sig"}:
            return str(self._marked)
        if "utf-8" in self._candidates:
            try:
                self._candidates["utf-8"].decode(b"", final=True)
            except UnicodeDecodeError:
                del self._candidates["utf-8"]
        if self._marked and "utf-8" in self._candidates:
            return self._marked
        if self._marked or not self._candidates:
            raise TableProblem("NOT_TEXT", "The file is not text in UTF-8, UTF-16 or Windows-1252.")
        return next(iter(self._candidates))
