"""A competition small enough to read: two skaters, a short program and a free skating, three judges."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from io import BytesIO

from apps.contests.services.imports.isu_rows import ASPECTS, MARKS, PERFORMANCES

PERFORMANCE_ROWS = """\
performance_id,competition,program,name,nation,rank,starting_number,total_segment_score,total_element_score,\
total_component_score,total_deductions
p1,Lake Cup 2026,LADIES SHORT PROGRAM,Aada AALTO,FIN,1,2,41.20,30.00,11.20,0.00
p2,Lake Cup 2026,LADIES SHORT PROGRAM,Berit BERG,SWE,2,1,34.40,25.00,10.40,1.00
p3,Lake Cup 2026,LADIES FREE SKATING,Aada AALTO,FIN,2,1,82.40,60.00,22.40,0.00
p4,Lake Cup 2026,LADIES FREE SKATING,Berit BERG,SWE,1,2,83.60,62.00,21.60,0.00
"""
ASPECT_ROWS = """\
aspect_id,performance_id,section,aspect_desc,factor
e1,p1,elements,3Lz,
a1,p1,components,Skating Skills,0.8
b1,p1,components,Composition,0.8
a2,p2,components,Skating Skills,0.8
b2,p2,components,Composition,0.8
a3,p3,components,Skating Skills,1.6
b3,p3,components,Composition,1.6
a4,p4,components,Skating Skills,1.6
b4,p4,components,Composition,1.6
"""
MARK_ROWS = "aspect_id,judge,score\ne1,J1,-1.0\n" + "".join(
    f"{aspect}{number},J{judge},{mark}\n"
    for number, marks in (("1", "7.0 7.0 7.25"), ("2", "6.5 6.75 6.5"), ("3", "7.0 7.0 6.5"), ("4", "6.5 6.75 6.75"))
    for aspect in ("a", "b")
    for judge, mark in enumerate(marks.split(), start=1)
)

TEXTS: Mapping[str, str] = {PERFORMANCES: PERFORMANCE_ROWS, ASPECTS: ASPECT_ROWS, MARKS: MARK_ROWS}


def small_files(*changes: tuple[str, str, str]) -> dict[str, BytesIO]:
    """The three files, each change `(file, old, new)` made in them; `old` must be there."""
    texts = dict(TEXTS)
    for file, old, new in changes:
        assert old in texts[file], f"{old!r} is not in {file}"
        texts[file] = texts[file].replace(old, new, 1)
    return {name: BytesIO(text.encode()) for name, text in texts.items()}


def zipped(files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> BytesIO:
    """A zip archive of these files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    archive.seek(0)
    return archive
