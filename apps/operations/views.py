"""Health and metrics: for machines, outside the API."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from apps.operations.health import Status
from apps.operations.metrics import look_at_tables
from apps.operations.probes import prober

LOOPBACK = frozenset({"127.0.0.1", "::1"})


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """The process answers. It looks at nothing else: restarting it would mend nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Whether requests can be served; 503 while they can't."""
    report = prober().report()
    return JsonResponse(report, status=503 if report["status"] == Status.UNAVAILABLE else 200)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' exposition, for who knows the token. Without a token: only in development, on this machine."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
            return HttpResponse("Send the metrics token.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    elif not (settings.DEBUG and request.META.get("REMOTE_ADDR") in LOOPBACK):
        raise Http404
    look_at_tables()
    exposition: HttpResponse = ExportToDjangoView(request)
    return exposition
