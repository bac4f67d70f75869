"""Who may do what: every route and method of the API, in one table. A route that is not in it fails the tests."""

from __future__ import annotations

from tests.routes import Operation

ANONYMOUS = "anonymous"
OUTSIDER = "other organization"
OPERATOR = "operator"
ROLES = (
    "viewer",
    "judge",
    "data_scientist",
    "organizer",
    "tally_master",
    "auditor",
    "admin",
    "owner",
)
CALLERS = (ANONYMOUS, OUTSIDER, *ROLES, OPERATOR)

Who = frozenset[str]

OPERATORS: Who = frozenset({OPERATOR})
OWNERS: Who = OPERATORS | {"owner"}
ADMINS: Who = OWNERS | {"admin"}
ORGANIZERS: Who = ADMINS | {"organizer"}
SCIENTISTS: Who = ADMINS | {"data_scientist"}
TALLY: Who = ADMINS | {"tally_master"}
MARKERS: Who = TALLY | {"judge"}
MARK_READERS: Who = TALLY | {"auditor"}
MEMBERS: Who = OPERATORS | frozenset(ROLES)
SIGNED_IN: Who = MEMBERS | {OUTSIDER}
ANYBODY: Who = SIGNED_IN | {ANONYMOUS}

# "<app>:<route>" → method → who may. Everybody else is refused: 401 unless signed in, 404 from another organization,
# 403 with the wrong role.
TABLE: dict[str, dict[str, Who]] = {
    "root": {"GET": ANYBODY},
    "schema": {"GET": ANYBODY},
    "docs": {"GET": ANYBODY},
    "redoc": {"GET": ANYBODY},
    # signing in
    "accounts:login": {"POST": ANYBODY},
    "accounts:refresh": {"POST": ANYBODY},
    "accounts:verify": {"POST": ANYBODY},
    "accounts:logout": {"POST": ANYBODY},
    "accounts:me": {"GET": MEMBERS},
    "accounts:password": {"POST": SIGNED_IN},
    "accounts:password-reset": {"POST": ANYBODY},
    "accounts:password-reset-confirm": {"POST": ANYBODY},
    "accounts:session-list": {"GET": SIGNED_IN},
    "accounts:session-detail": {"DELETE": frozenset({"owner"})},
    # people
    "accounts:organization-list": {"GET": MEMBERS, "POST": OPERATORS},
    "accounts:organization-detail": {"GET": MEMBERS, "PUT": ADMINS, "PATCH": ADMINS, "DELETE": OWNERS},
    "accounts:organization-restore": {"POST": OPERATORS},
    "accounts:organization-deletion-preview": {"GET": OWNERS},
    "accounts:membership-list": {"GET": MEMBERS, "POST": ADMINS},
    "accounts:membership-detail": {"GET": ADMINS, "PUT": ADMINS, "PATCH": ADMINS, "DELETE": ADMINS},
    "accounts:membership-restore": {"POST": ADMINS},
    "accounts:membership-deletion-preview": {"GET": ADMINS},
    "core:user-erase": {"POST": OPERATORS | {"owner"}},  # the owner's own account
    # events
    "events:event-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "events:event-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "events:event-restore": {"POST": ORGANIZERS},
    "events:event-deletion-preview": {"GET": ORGANIZERS},
    "events:event-publish": {"POST": ORGANIZERS},
    "events:event-go-live": {"POST": ORGANIZERS},
    "events:event-complete": {"POST": ORGANIZERS},
    "events:event-archive": {"POST": ORGANIZERS},
    "events:event-cancel": {"POST": ORGANIZERS},
    "events:event-calendar-calendar": {"GET": MEMBERS},
    "events:event-calendar-calendar-link": {"GET": MEMBERS},
    "events:event-calendar-revoke-calendar-link": {"POST": ORGANIZERS},
    "events:calendar": {"GET": ANYBODY},  # the link is the right
    # contests and their way
    "contests:contest-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "contests:contest-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "contests:contest-restore": {"POST": ORGANIZERS},
    "contests:contest-deletion-preview": {"GET": ORGANIZERS},
    "contests:contest-open": {"POST": ORGANIZERS},
    "contests:contest-start-scoring": {"POST": TALLY},
    "contests:contest-lock": {"POST": TALLY},
    "contests:contest-reopen": {"POST": TALLY},
    "contests:contest-sign-off": {"GET": MEMBERS},
    "contests:contest-sign": {"POST": frozenset({"owner"})},  # whom the contest's chain names; see calls.py
    "contests:contest-publish": {"POST": ORGANIZERS},
    "contests:contest-void": {"POST": OWNERS},
    "contests:contest-leaderboard": {"GET": MEMBERS},
    "contests:contest-freeze": {"POST": ORGANIZERS},
    "contests:contest-unfreeze": {"POST": ORGANIZERS},
    "contests:public-contest": {"GET": ANYBODY},
    "contests:public-leaderboard": {"GET": ANYBODY},
    "contests:public-certification": {"GET": ANYBODY},
    "contests:public-event": {"GET": ANYBODY},
    "contests:history-changes": {"GET": MEMBERS},
    "contests:analysis-judge-statistics": {"GET": MARK_READERS},
    "contests:analysis-stability": {"GET": MARK_READERS},
    "contests:analysis-what-if": {"POST": ORGANIZERS},
    "contests:contest-export-results-csv": {"GET": MEMBERS},
    "contests:contest-export-results-xlsx": {"GET": MEMBERS},
    "contests:contest-export-results-print": {"GET": MEMBERS},
    "contests:contest-export-marks-csv": {"GET": MARK_READERS},
    "contests:contest-panels-allocate-judges": {"POST": ORGANIZERS},
    "contests:contest-progress-remind-judges": {"POST": ORGANIZERS | TALLY},
    "contests:contest-copy-clone": {"POST": ORGANIZERS},
    "contests:event-copy-clone": {"POST": ORGANIZERS},
    "contests:show-run-of-show": {"GET": MEMBERS},
    "contests:show-run-of-show-csv": {"GET": MEMBERS},
    "contests:show-run-of-show-print": {"GET": MEMBERS},
    "contests:category-draw-draw": {"POST": ORGANIZERS},
    "contests:draw-list": {"GET": MEMBERS},
    "contests:draw-detail": {"GET": MEMBERS},
    "contests:contest-certification": {"GET": MEMBERS},
    "contests:contest-verify": {"GET": MEMBERS},
    "contests:certification-list": {"GET": MEMBERS},
    "contests:certification-detail": {"GET": MEMBERS},
    # what a contest is made of
    "contests:category-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "contests:category-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "contests:category-restore": {"POST": ORGANIZERS},
    "contests:category-deletion-preview": {"GET": ORGANIZERS},
    "contests:category-leaderboard": {"GET": MEMBERS},
    "contests:criterion-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "contests:criterion-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "contests:criterion-restore": {"POST": ORGANIZERS},
    "contests:criterion-deletion-preview": {"GET": ORGANIZERS},
    # who takes part
    "contests:contestant-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "contests:contestant-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "contests:contestant-restore": {"POST": ORGANIZERS},
    "contests:contestant-deletion-preview": {"GET": ORGANIZERS},
    "contests:contestant-withdraw": {"POST": ORGANIZERS},
    "contests:contestant-disqualify": {"POST": ORGANIZERS},
    "contests:contestant-reinstate": {"POST": ORGANIZERS},
    "contests:entry-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "contests:entry-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "contests:entry-restore": {"POST": ORGANIZERS},
    "contests:entry-deletion-preview": {"GET": ORGANIZERS},
    "contests:entry-no-show": {"POST": ORGANIZERS},
    "contests:entry-withdraw": {"POST": ORGANIZERS},
    "contests:entry-disqualify": {"POST": ORGANIZERS},
    "contests:entry-reinstate": {"POST": ORGANIZERS},
    "contests:judge-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "contests:judge-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "contests:judge-restore": {"POST": ORGANIZERS},
    "contests:judge-deletion-preview": {"GET": ORGANIZERS},
    "contests:assignment-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "contests:assignment-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "contests:assignment-restore": {"POST": ORGANIZERS},
    "contests:assignment-deletion-preview": {"GET": ORGANIZERS},
    "contests:recusal-list": {"GET": MEMBERS, "POST": ORGANIZERS},
    "contests:recusal-detail": {"GET": MEMBERS, "PUT": ORGANIZERS, "PATCH": ORGANIZERS, "DELETE": ORGANIZERS},
    "contests:recusal-restore": {"POST": ORGANIZERS},
    "contests:recusal-deletion-preview": {"GET": ORGANIZERS},
    # marks: the seat is the judge's own
    "contests:score-list": {"GET": MEMBERS, "POST": MARKERS},
    "contests:score-detail": {"GET": MARK_READERS | {"judge"}, "PUT": MARKERS, "PATCH": MARKERS, "DELETE": TALLY},
    "contests:score-restore": {"POST": TALLY},
    "contests:score-deletion-preview": {"GET": TALLY},
    "contests:score-bulk": {"POST": MARKERS},
    "contests:seat-cards": {"GET": MARK_READERS | {"judge"}},
    "contests:scorecard": {"GET": MARK_READERS | {"judge"}, "PUT": MARKERS},
    "contests:deduction-list": {"GET": MEMBERS, "POST": TALLY},
    "contests:deduction-detail": {"GET": MEMBERS},
    "contests:deduction-reverse": {"POST": TALLY},
    # datasets
    "datasets:dataset-list": {"GET": MEMBERS, "POST": SCIENTISTS},
    "datasets:dataset-detail": {"GET": MEMBERS, "PUT": SCIENTISTS, "PATCH": SCIENTISTS, "DELETE": SCIENTISTS},
    "datasets:dataset-restore": {"POST": SCIENTISTS},
    "datasets:dataset-deletion-preview": {"GET": SCIENTISTS},
    "datasets:dataset-upload": {"POST": SCIENTISTS},
    "datasets:dataset-download": {"GET": MEMBERS},
    "datasets:dataset-version-list": {"GET": MEMBERS, "POST": SCIENTISTS},
    "datasets:version-detail": {"GET": MEMBERS, "DELETE": SCIENTISTS},
    "datasets:version-restore": {"POST": SCIENTISTS},
    "datasets:version-deletion-preview": {"GET": SCIENTISTS},
    # webhooks
    "notifications:webhook-endpoint-list": {"GET": ADMINS, "POST": ADMINS},
    "notifications:webhook-endpoint-detail": {"GET": ADMINS, "PUT": ADMINS, "PATCH": ADMINS, "DELETE": ADMINS},
    "notifications:webhook-endpoint-restore": {"POST": ADMINS},
    "notifications:webhook-endpoint-deletion-preview": {"GET": ADMINS},
    "notifications:webhook-endpoint-rotate-secret": {"POST": ADMINS},
    "notifications:webhook-endpoint-test": {"POST": ADMINS},
    "notifications:webhook-endpoint-recover": {"POST": ADMINS},
    "notifications:webhook-delivery-list": {"GET": ADMINS},
    "notifications:webhook-delivery-detail": {"GET": ADMINS},
    "notifications:webhook-delivery-redeliver": {"POST": ADMINS},
    # mails
    "notifications:email-list": {"GET": ADMINS},
    "notifications:email-detail": {"GET": ADMINS},
    "notifications:email-resend": {"POST": ADMINS},
    "notifications:suppressed-address-list": {"GET": ADMINS},
    "notifications:suppressed-address-detail": {"GET": ADMINS, "DELETE": ADMINS},
    "notifications:mail-switches": {"GET": MEMBERS - OPERATORS, "PATCH": MEMBERS - OPERATORS},
    # long work
    "operations:job-list": {"GET": MEMBERS},
    "operations:job-detail": {"GET": ORGANIZERS},
    "operations:job-cancel": {"POST": ORGANIZERS},
    "operations:import-list": {"POST": ORGANIZERS},
    "operations:import-contestants": {"POST": ORGANIZERS},
    "operations:import-judges": {"POST": ORGANIZERS},
    "operations:import-scores": {"POST": TALLY},
    # what was given up
    "operations:failed-task-list": {"GET": OPERATORS},
    "operations:failed-task-detail": {"GET": OPERATORS},
    "operations:failed-task-replay": {"POST": OPERATORS},
    "messaging:outbox-message-list": {"GET": OPERATORS},
    "messaging:outbox-message-detail": {"GET": OPERATORS},
    "messaging:outbox-message-replay": {"POST": OPERATORS},
    # circuits
    "resilience:circuit-breaker-list": {"GET": MEMBERS},
    "resilience:circuit-breaker-detail": {"GET": MEMBERS},
    "resilience:circuit-breaker-history": {"GET": MEMBERS},
    "resilience:circuit-breaker-reset": {"POST": OPERATORS},
    "resilience:circuit-breaker-force-open": {"POST": OPERATORS},
    "resilience:circuit-breaker-mode": {"POST": OPERATORS},
    "resilience:health-list": {"GET": MEMBERS},
    "resilience:summary-list": {"GET": MEMBERS},
    # the recycle bin
    "core:deletion-list": {"GET": ADMINS},
    "core:deletion-detail": {"GET": ADMINS},
    "core:deletion-restore": {"POST": ADMINS},
    "core:deletion-restore-plan": {"GET": ADMINS},
    "core:deletion-hold": {"POST": ADMINS},
    "core:deletion-purge": {"POST": OWNERS},
    "core:deletion-forecast": {"GET": ADMINS},
    "core:history-list": {"GET": ADMINS | {"auditor"}},
}

# Operations where somebody without the right is not told that the thing is there.
HIDDEN_FROM_OTHERS = {
    "DELETE accounts:session-detail": "sessions are one's own",
    "GET accounts:membership-detail": "people see their own membership; the others are for those who manage people",
    "DELETE accounts:membership-detail": "as above: everybody may leave",
    "GET accounts:membership-deletion-preview": "as above",
    "GET operations:job-detail": "people see the jobs that they started; those who organize see all",
    "POST operations:job-cancel": "as above",
    "GET contests:score-detail": "single marks are for the tally room, and a judge's own for the judge",
}

# Operations that people do to themselves: to anybody else, whoever that is, they are refused with 403.
ABOUT_ONESELF = {"POST core:user-erase"}


def who_may(operation: Operation) -> Who:
    """Those in the table."""
    row = _row(operation)
    assert operation.method in row, f"{operation} is not in tests/integration/core/authorisation.py"
    return row[operation.method]


def is_for(caller: str, operation: Operation) -> bool:
    """Whether the table says so; of an operation that is not in it, nothing is for anybody."""
    return caller in _row(operation).get(operation.method, ())


def _row(operation: Operation) -> dict[str, Who]:
    return TABLE.get(operation.route.name.removeprefix("v1:"), {})
