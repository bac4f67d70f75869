"""Outbound HTTP: the only package that opens a connection to somebody else's server.

`HttpClient` talks to services that the operator has chosen, `PinnedClient` to addresses that users have typed:
those pass the outbound guard.
"""

from apps.resilience.http.client import HttpClient, OversizedAnswerError
from apps.resilience.http.errors import BadAnswerError, ForbiddenTarget, OutboundFaultError
from apps.resilience.http.guard import check_url
from apps.resilience.http.pinned import Answer, PinnedClient

__all__ = [
    "Answer",
    "BadAnswerError",
    "ForbiddenTarget",
    "HttpClient",
    "OutboundFaultError",
    "OversizedAnswerError",
    "PinnedClient",
    "check_url",
]
