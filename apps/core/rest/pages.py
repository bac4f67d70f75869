"""Errors outside DRF's views: problem documents for the API, a plain page for people."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from apps.core.rest.problems import CODES, CONTENT_TYPE, internal_problem, problem


def _answer(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    code, title = CODES[status]
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        document = problem(status=status, code=code, title=title, detail=detail, instance=request.path)
        return JsonResponse(document, status=status, content_type=CONTENT_TYPE)
    return render(request, "core/error.html", {"status": status, "title": title, "detail": detail}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: Django could not make sense of the request (its Host, its size, its encoding)."""
    del exception
    return _answer(request, HTTPStatus.BAD_REQUEST, "The request can't be read.")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    del exception
    return _answer(request, HTTPStatus.FORBIDDEN, "Your role does not allow this.")


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such route; the API's root lists those that there are."""
    del exception
    return _answer(request, HTTPStatus.NOT_FOUND, "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: logged by Django; the caller gets the ids to ask with."""
    if request.path.startswith("/api/"):
        return JsonResponse(internal_problem(request.path), status=500, content_type=CONTENT_TYPE)
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, "This was logged.")
