"""Contests: judging, results, certification."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    names = (
        "assignments",
        "categories",
        "certifications",
        "contestants",
        "contests",
        "criteria",
        "deductions",
        "draws",
        "entries",
        "judges",
        "recusals",
        "scores",
    )
    singular = {"categories": "category", "criteria": "criterion", "entries": "entry"}
    return {name: f"contests:{singular.get(name, name.removesuffix('s'))}-list" for name in names}


class ContestsConfig(AppConfig):
    name = "apps.contests"
    label = "contests"
    verbose_name = "Contests"

    def ready(self) -> None:
        from apps.contests.messages import contest_events  # noqa: PLC0415
        from apps.contests.services import deletions  # noqa: PLC0415 - models are loaded by now
        from apps.contests.services.imports.storing import discard_upload  # noqa: PLC0415
        from apps.contests.services.mails import mails_about_contests  # noqa: PLC0415
        from apps.core.jobs.hooks import job_finished  # noqa: PLC0415
        from apps.core.outbox.catalogue import event_types  # noqa: PLC0415
        from apps.core.rest.root import api_resources  # noqa: PLC0415
        from apps.core.softdelete import hooks  # noqa: PLC0415
        from apps.notifications.services.email.hooks import mails_about  # noqa: PLC0415

        api_resources.register(resources)
        event_types.register(contest_events)
        job_finished.register(discard_upload)
        mails_about.register(mails_about_contests)
        hooks.may_delete.register(deletions.objections_to_deleting)
        hooks.may_purge.register(deletions.objections_to_purging)
        hooks.may_restore.register(deletions.objections_to_restoring)
        hooks.restore_effects.register(deletions.effects_of_restoring)
        hooks.rows_deleted.register(deletions.tell_of_deleted)
        hooks.rows_restoring.register(deletions.tell_of_restored)
