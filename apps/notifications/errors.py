"""What can go wrong with webhooks and mails."""

from __future__ import annotations

from apps.core.errors import Conflict, Gone


class EndpointDisabled(Conflict):
    """The endpoint is switched off, so nothing can be sent to it; enable it first."""

    code = "ENDPOINT_DISABLED"
    title = "This endpoint is disabled"


class DeliveryUnderWay(Conflict):
    """The delivery is not finished: it will be sent anyway."""

    code = "DELIVERY_UNDER_WAY"
    title = "This delivery is not finished yet"


class PayloadGone(Gone):
    """What was sent has been erased, with a person or with age, and can't be sent again."""

    code = "PAYLOAD_GONE"
    title = "The payload is no longer there"


class MailUnderWay(Conflict):
    """The mail is not finished: it will be sent anyway."""

    code = "MAIL_UNDER_WAY"
    title = "This mail is not finished yet"


class WordsGone(Gone):
    """What the mail said has been erased, with a person or with age, and can't be sent again."""

    code = "WORDS_GONE"
    title = "The words of this mail are no longer there"


class NotReached(Conflict):
    """The mail would not get there: its address refused mail before, or wants none of these."""

    code = "MAIL_OUT_OF_REACH"
    title = "This mail would reach nobody"
