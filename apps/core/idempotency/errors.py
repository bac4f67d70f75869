"""What can stand against a request with a key."""

from __future__ import annotations

from apps.core.errors import Conflict, FieldError, Invalid, RetryableError

HEADER = "Idempotency-Key"


class KeyReused(Invalid):
    """The `Idempotency-Key` was used before, for another request. A new request takes a new key."""

    code = "IDEMPOTENCY_KEY_REUSED"
    title = "This key belongs to another request"

    def __init__(self) -> None:
        detail = "The same key came with another address, content type or body. Send a new request under a new key."
        super().__init__(detail, errors=[FieldError(HEADER, self.code, detail)])


class RequestInFlight(Conflict, RetryableError):
    """A request with this `Idempotency-Key` is being worked on; its answer will be given to this one too."""

    code = "REQUEST_IN_FLIGHT"
    title = "The same request is being worked on"

    def __init__(self) -> None:
        RetryableError.__init__(self, "Send it again in a moment, for the same answer.", retry_after=1.0)


class AnswerNotKept(Conflict):
    """The request with this `Idempotency-Key` was done, and is not done again; its answer is not there any more."""

    code = "ANSWER_NOT_KEPT"
    title = "This was done already"
