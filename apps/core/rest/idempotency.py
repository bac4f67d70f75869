"""`Idempotency-Key`: a `POST` that is sent again is done once, and answered as it was the first time.

It comes after authentication, permissions and the rate limit, so that nobody is answered what they may not ask. Who
has not signed in has no keys: the header is ignored then, as it is on the other methods, which need none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import wraps
from hashlib import sha256
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import QueryDict
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from apps.core.errors import FieldError, MalformedRequest
from apps.core.idempotency.errors import HEADER
from apps.core.idempotency.services import Answer, Claim, Place, claim_key, keep_answer, release_key
from apps.core.rest.permissions import access_of

REPLAYED = "Idempotent-Replayed"
PATTERN = "^[!-~]{1,255}$"
# What may be otherwise at the next attempt: another sign-in, role, state, version or load. Also all from 500 on.
NOT_KEPT = frozenset({401, 403, 409, 412, 428, 429})
FAULTS = 500

Handle = Callable[..., HttpResponseBase]


def place_of(request: Request) -> Place | None:
    """Where the request's key counts; None where it has none that does.

    Raises:
        MalformedRequest: what was sent is no key.
    """
    key, match = request.headers.get(HEADER), request.resolver_match
    user_id = request.user.pk if request.user else None
    if request.method != "POST" or key is None or user_id is None or match is None:
        return None
    if not re.fullmatch(PATTERN, key):
        detail = "A key is 1 to 255 visible ASCII characters."
        raise MalformedRequest(detail, errors=[FieldError(HEADER, "INVALID_IDEMPOTENCY_KEY", detail)])
    access = access_of(request)
    organization_id = access.organization_id if access else None
    return Place(organization_id, user_id, f"{request.method} {match.view_name}", key)


def once(view: Any, handle: Handle, place: Place) -> Handle:
    """`handle`, which answers the `POST`s of `view`, in one transaction with its key."""

    @wraps(handle)
    def handle_once(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        claim = claim_key(place=place, fingerprint=fingerprint_of(request))
        if isinstance(claim, Answer):
            return _replayed(claim)
        response: HttpResponseBase
        try:
            with transaction.atomic():
                response = handle(request, *args, **kwargs)
                _settle(claim, response)
        except Exception as error:  # noqa: BLE001 - the view's own handler makes an answer of every error, and logs it
            response = view.handle_exception(error)
            _settle(claim, response)
        return response

    return handle_once


def fingerprint_of(request: Request) -> str:
    """A digest of the address, the media type and the body as it was read.

    Of the body as it was read, since a view sees no more of it, and the boundary between the parts of an upload is
    another one whenever the same form is sent. A file stands for its name, type and content, and is read in pieces.

    Raises:
        ParseError, UnsupportedMediaType: there is no reading it.
    """
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    body = request.data
    if isinstance(body, QueryDict):
        body = sorted((name, [_part(value) for value in values]) for name, values in body.lists())
    asked = [request.path, request.META.get("QUERY_STRING", ""), media_type, body]
    return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _part(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = _digest(value.chunks())
    value.seek(0)
    return [value.name, value.content_type, digest]


def _digest(chunks: Iterable[bytes]) -> str:
    digest = sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _settle(claim: Claim, response: HttpResponseBase) -> None:
    if response.status_code in NOT_KEPT or response.status_code >= FAULTS:
        release_key(claim=claim)
    else:
        keep_answer(claim=claim, answer=_answer(response))


def _answer(response: HttpResponseBase) -> Answer | None:
    """What is kept of a response: all that the view has said. Of one that is not made of data, a file, nothing is."""
    if not isinstance(response, Response):
        return None
    return Answer(
        status=response.status_code,
        headers={name: value for name, value in response.headers.items() if name != "Content-Type"},
        body=json.dumps(response.data, cls=JSONEncoder, ensure_ascii=False),
        is_problem=getattr(response, "is_problem", False),
    )


def _replayed(answer: Answer) -> Response:
    """The answer again, in the format that is asked for this time."""
    response = Response(json.loads(answer.body), status=answer.status, headers={**answer.headers, REPLAYED: "true"})
    response.is_problem = answer.is_problem  # type: ignore[attr-defined]
    return response
