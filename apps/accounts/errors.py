"""What can go wrong with people, organizations and sessions."""

from __future__ import annotations

from apps.core.errors import Conflict, Forbidden, Gone, TooManyRequests, Unauthenticated


class SignInFailed(Unauthenticated):
    """Email and password don't belong together, or the account is closed: nobody learns which."""

    code = "SIGN_IN_FAILED"
    title = "Wrong email or password"


class SignInLocked(TooManyRequests):
    """Too many wrong passwords for this account or from this address."""

    code = "SIGN_IN_LOCKED"
    title = "Signing in is locked for a while"


class TokenInvalid(Unauthenticated):
    """Not a token of ours, of the wrong kind, too old, or of a session that has ended."""

    code = "TOKEN_INVALID"
    title = "This token is not valid"


class TokenReused(Unauthenticated):
    """A refresh token was used twice, so its session has ended."""

    code = "TOKEN_REUSED"
    title = "This refresh token was used before"


class LastOwner(Conflict):
    """An organization always has an owner."""

    code = "LAST_OWNER"
    title = "The last owner has to stay"


class OwnerNeeded(Forbidden):
    """Only owners make and change owners."""

    code = "OWNER_NEEDED"
    title = "Only an owner may do this"


class ResetLinkInvalid(Gone):
    """The link for a new password was used, is too old, or was never ours."""

    code = "RESET_LINK_INVALID"
    title = "This link is no longer good"
