"""What is wrong with an import's files: by file, line and column, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.errors import FieldError, Invalid

# So many are told; how many there are is told too.
TOLD_AT_MOST = 100
SHOWN = 40


class InvalidFiles(Invalid):
    """Rows of the files can't be used, so that nothing of the whole set was loaded."""

    code = "IMPORT_INVALID"
    title = "The files can't be imported"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong. `line` counts from 1, the header's; 0 is the file as a whole. `sentence` says what to do."""

    file: str
    line: int
    column: str
    code: str
    sentence: str

    @property
    def pointer(self) -> str:
        """Such as `#/files/judge-scores.csv/rows/12/score`."""
        parts = [f"#/files/{self.file}"]
        if self.line:
            parts.append(f"rows/{self.line}")
        if self.column:
            parts.append(self.column.replace("~", "~0").replace("/", "~1"))  # RFC 6901
        return "/".join(parts)


class Faults:
    """Everything that is wrong with a set of files; the first ones are kept, all are counted.

    `unread` names files that could not be read to their end: what others seem to lack may be in them.
    """

    def __init__(self, *, most: int | None = None) -> None:
        self.most = TOLD_AT_MOST if most is None else most
        self.total = 0
        self.unread: set[str] = set()
        self._kept: list[Fault] = []

    def add(self, file: str, line: int, column: str, code: str, sentence: str) -> None:
        """Note one fault."""
        self.total += 1
        if len(self._kept) < self.most:
            self._kept.append(Fault(file, line, column, code, sentence))

    def stop(self, file: str, line: int, code: str, sentence: str) -> None:
        """Note why a file can't be read on."""
        self.add(file, line, "", code, sentence)
        self.unread.add(file)

    def sort(self) -> None:
        """Put them in the order of the lines, where rows were not checked in it."""
        self._kept.sort(key=lambda fault: (fault.file, fault.line))

    @property
    def kept(self) -> list[Fault]:
        """In the order of reading: a fault comes before those that follow from it."""
        return list(self._kept)

    def refuse(self) -> None:
        """Go on only if there are none.

        Raises:
            InvalidFiles: with one error a fault.
        """
        if not self.total:
            return
        first = self.kept[0]
        where = f"{first.file}, line {first.line}" if first.line else first.file
        many = f"{self.total} things are" if self.total > 1 else "One thing is"
        more = f" The first {self.most} are listed." if self.total > self.most else ""
        raise InvalidFiles(
            f"{many} wrong with these files, so nothing was imported. {where}: {first.sentence}{more}",
            errors=[FieldError(fault.pointer, fault.code, fault.sentence) for fault in self.kept],
            extra={"fault_count": self.total},
        )


def shown(text: str) -> str:
    """A cell's text as a message may quote it: short, in quotes, on one line."""
    short = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return repr(short)
