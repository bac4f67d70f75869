"""The admin site (django-unfold): its title, colours and menu."""

from django.templatetags.static import static
from django.urls import reverse_lazy


def _item(title: str, icon: str, view: str, seen_by: str | None = None) -> dict[str, object]:
    """An item of the menu; `seen_by` names a function of apps/accounts/admin/menu.py that says for whom it is."""
    permission = f"apps.accounts.admin.menu.{seen_by}" if seen_by else None
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{view}"), "permission": permission}


UNFOLD = {
    "SITE_TITLE": "Podium",
    "SITE_HEADER": "Podium",
    "SITE_SUBHEADER": "apps.accounts.admin.menu.acting_in",
    "ACCOUNT": {"navigation": "apps.accounts.admin.menu.account_links"},
    "SITE_URL": "/",
    "SITE_SYMBOL": "trophy",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("podium/icon.svg")}],
    "STYLES": [lambda _request: static("podium/admin.css")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "config.admin.environment_label",
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.7% .014 308.3)",
            "100": "oklch(94.6% .033 307.2)",
            "200": "oklch(90.2% .063 306.7)",
            "300": "oklch(82.7% .119 306.4)",
            "400": "oklch(71.4% .203 305.5)",
            "500": "oklch(55.8% .22 285)",
            "600": "oklch(49.6% .22 280)",
            "700": "oklch(43.2% .2 278)",
            "800": "oklch(37.2% .17 277)",
            "900": "oklch(31.1% .14 276)",
            "950": "oklch(22.4% .11 275)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Competitions",
                "items": [
                    _item("Events", "event", "events_event_changelist"),
                    _item("Contests", "trophy", "contests_contest_changelist"),
                    _item("Contestants", "groups", "contests_contestant_changelist"),
                    _item("Judges", "gavel", "contests_judge_changelist"),
                    _item("Scores", "scoreboard", "contests_score_changelist"),
                    _item("Certifications", "verified", "contests_certification_changelist"),
                    _item("Import", "upload_file", "core_job_changelist"),
                ],
            },
            {
                "title": "Data",
                "items": [_item("Datasets", "database", "datasets_dataset_changelist")],
            },
            {
                "title": "Webhooks",
                "items": [
                    _item("Endpoints", "webhook", "notifications_webhookendpoint_changelist", "sees_webhooks"),
                    _item("Deliveries", "outgoing_mail", "notifications_webhookdelivery_changelist", "sees_webhooks"),
                ],
            },
            {
                "title": "Mail",
                "items": [
                    _item("Mails", "mail", "notifications_emailmessage_changelist", "manages_people"),
                    _item(
                        "Suppressed", "unsubscribe", "notifications_suppressedaddress_changelist", "manages_people"
                    ),
                ],
            },
            {
                "title": "Platform",
                "items": [
                    _item("Recycle bin", "restore_from_trash", "core_deletion_changelist", "keeps_the_bin"),
                    _item("Circuit breakers", "electrical_services", "resilience_circuit_changelist"),
                    _item("Outbox", "outbox", "core_outboxmessage_changelist", "operates"),
                    _item("Failed tasks", "running_with_errors", "core_failedtask_changelist", "operates"),
                    _item("Task results", "checklist", "django_celery_results_taskresult_changelist", "operates"),
                    _item("Schedule", "schedule", "django_celery_beat_periodictask_changelist", "operates"),
                    _item("Organizations", "apartment", "accounts_organization_changelist"),
                    _item("Members", "badge", "accounts_membership_changelist", "manages_people"),
                    _item("People", "person", "accounts_user_changelist", "operates"),
                ],
            },
        ],
    },
}
