"""Accounts: people, organizations, roles, tokens."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    return {
        "me": "accounts:me",
        "memberships": "accounts:membership-list",
        "organizations": "accounts:organization-list",
        "sessions": "accounts:session-list",
    }


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"
    verbose_name = "People and organizations"

    def ready(self) -> None:
        from apps.accounts import checks  # noqa: F401, PLC0415 - registers the checks
        from apps.accounts.messages import account_events  # noqa: PLC0415
        from apps.accounts.selectors import access_of_request  # noqa: PLC0415 - models below apps
        from apps.accounts.services import removal  # noqa: PLC0415
        from apps.core.erasure.hooks import erasing  # noqa: PLC0415
        from apps.core.outbox.catalogue import event_types  # noqa: PLC0415
        from apps.core.rest.root import api_resources  # noqa: PLC0415
        from apps.core.rest.views import resolve_access  # noqa: PLC0415
        from apps.core.softdelete import hooks  # noqa: PLC0415

        resolve_access.register(access_of_request)
        api_resources.register(resources)
        event_types.register(account_events)
        erasing.register(removal.forget_sessions_of_erased)
        hooks.may_delete.register(removal.object_to_ownerless)
        hooks.may_restore.register(removal.object_to_restoring_people)
        hooks.rows_deleted.register(removal.end_sessions_of_deleted)
        hooks.retention_days.register(removal.retention_days_of)
