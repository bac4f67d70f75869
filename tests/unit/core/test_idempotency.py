"""What makes two requests the same one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.core.idempotency.services import Place
from apps.core.ids import new_id
from apps.core.rest.idempotency import PATTERN, fingerprint_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)

LARGE = 3 * 1024 * 1024  # more than is held in memory


def asked(body: Any, path: str = "/api/v1/events/", **options: Any) -> Request:
    parsers = [JSONParser(), FormParser(), MultiPartParser()]
    return Request(APIRequestFactory().post(path, body, **{"format": "json", **options}), parsers=parsers)


def upload(content: bytes = b"a,b\n", name: str = "t.csv", kind: str = "text/csv") -> dict[str, Any]:
    return {"title": "T", "file": SimpleUploadedFile(name, content, kind)}


def form(boundary: str, title: str = "T") -> Request:
    """An upload whose parts are kept apart by `boundary`."""
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="title"',
        "",
        title,
        f"--{boundary}",
        'Content-Disposition: form-data; name="file"; filename="t.csv"',
        "Content-Type: text/csv",
        "",
        "a,b",
        f"--{boundary}--",
        "",
    ]
    body = "\r\n".join(lines).encode()
    return asked(body, format=None, content_type=f"multipart/form-data; boundary={boundary}")


@given(JSON)
def test_the_same_request_has_the_same_fingerprint_however_its_json_is_laid_out(body: Any) -> None:
    spaced = json.dumps({"body": body}, indent=3)
    usual = json.dumps({"body": body}, separators=(",", ":"))

    prints = {fingerprint_of(asked(text, format=None, content_type="application/json")) for text in (spaced, usual)}

    assert len(prints) == 1


@given(JSON, JSON)
def test_other_json_has_another_fingerprint(one: Any, other: Any) -> None:
    is_same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (fingerprint_of(asked({"body": one})) == fingerprint_of(asked({"body": other}))) is is_same


@pytest.mark.parametrize(
    "other",
    [
        asked({"name": "A"}, "/api/v1/contests/"),
        asked({"name": "A"}, "/api/v1/events/?dry_run=true"),
        asked({"name": "A"}, format="multipart"),
        asked("name=A", format=None, content_type="application/x-www-form-urlencoded"),
        asked({"name": "B"}),
        asked({"name": ["A"]}),
        asked([{"name": "A"}]),
        asked(None),
    ],
    ids=["path", "query", "type", "form", "value", "shape", "list", "nothing"],
)
def test_what_differs_in_one_respect_is_another_request(other: Request) -> None:
    assert fingerprint_of(other) != fingerprint_of(asked({"name": "A"}))


def test_parameters_of_the_content_type_don_t_make_another_request() -> None:
    plain = asked('{"a": 1}', format=None, content_type="application/json")
    charset = asked('{"a": 1}', format=None, content_type="Application/JSON; charset=utf-8")

    assert fingerprint_of(plain) == fingerprint_of(charset)


def test_the_same_upload_under_another_boundary_is_the_same_request() -> None:
    """Browsers and libraries choose a new boundary each time that a form is sent."""
    assert fingerprint_of(form("one")) == fingerprint_of(form("two"))
    assert fingerprint_of(form("one", title="U")) != fingerprint_of(form("two"))


@pytest.mark.parametrize("other", [upload(b"a,c\n"), upload(name="u.csv"), upload(kind="text/plain")])
def test_another_file_is_another_request(other: dict[str, Any]) -> None:
    assert fingerprint_of(asked(other, format="multipart")) != fingerprint_of(asked(upload(), format="multipart"))


def test_a_file_is_left_to_be_read_from_its_beginning() -> None:
    request = asked(upload(b"a,b\n1,2\n"), format="multipart")

    fingerprint_of(request)

    assert request.data["file"].read() == b"a,b\n1,2\n"


def test_a_large_file_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    request = asked(upload(b"x" * LARGE), format="multipart")
    file, sizes = request.data["file"], []
    assert isinstance(file, TemporaryUploadedFile)
    read = file.file.read

    def noticed(size: int = -1) -> Any:
        sizes.append(size)
        return read(size)

    monkeypatch.setattr(file.file, "read", noticed)
    fingerprint_of(request)

    file.close()

    assert set(sizes) == {file.DEFAULT_CHUNK_SIZE}


def test_a_body_that_can_t_be_read_has_none() -> None:
    with pytest.raises(ParseError):
        fingerprint_of(asked("{", format=None, content_type="application/json"))


@pytest.mark.parametrize("key", ["a", "!", "~", '"0198c1d2"', "x" * 255, "order:7/retry,2"])
def test_visible_ascii_is_a_key(key: str) -> None:
    assert re.fullmatch(PATTERN, key)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", "a\t", "a\n", "\x7f"])
def test_anything_else_is_none(key: str) -> None:
    assert not re.fullmatch(PATTERN, key)


def test_a_place_is_that_of_one_person_in_one_organization_at_one_route() -> None:
    ours, me = new_id(), new_id()
    places = [
        Place(ours, me, "POST v1:events:event-list", "k"),
        Place(None, me, "POST v1:events:event-list", "k"),
        Place(new_id(), me, "POST v1:events:event-list", "k"),
        Place(ours, new_id(), "POST v1:events:event-list", "k"),
        Place(ours, me, "POST v1:events:event-lis", "tk"),
        Place(ours, me, "POST v1:events:event-list", "K"),
    ]

    assert len({place.digest for place in places}) == len(places)
    assert Place(ours, me, "POST v1:events:event-list", "k").digest == places[0].digest
