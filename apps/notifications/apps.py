"""Notifications: email and webhooks, what leaves because something happened."""

from django.apps import AppConfig


def resources() -> dict[str, str]:
    """What the API's front page lists of this app."""
    return {
        "emails": "notifications:email-list",
        "mail-switches": "notifications:mail-switches",
        "suppressed-addresses": "notifications:suppressed-address-list",
        "webhook-deliveries": "notifications:webhook-delivery-list",
        "webhook-endpoints": "notifications:webhook-endpoint-list",
    }


class NotificationsConfig(AppConfig):
    name = "apps.notifications"
    label = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from apps.core.erasure.hooks import erasing  # noqa: PLC0415 - models are loaded by now
        from apps.core.outbox.catalogue import event_types  # noqa: PLC0415
        from apps.core.rest.root import api_resources  # noqa: PLC0415
        from apps.core.softdelete import hooks  # noqa: PLC0415
        from apps.messaging.hooks import messages_published  # noqa: PLC0415
        from apps.notifications.messages import webhook_events  # noqa: PLC0415
        from apps.notifications.services.email.hooks import mails_about  # noqa: PLC0415
        from apps.notifications.services.email.retention import forget_erased_in_mail, stop_mailing  # noqa: PLC0415
        from apps.notifications.services.email.rules import mail_what_follows, mails_of_the_platform  # noqa: PLC0415
        from apps.notifications.services.webhooks.disabling import stop_sending  # noqa: PLC0415
        from apps.notifications.services.webhooks.fanout import fan_out  # noqa: PLC0415
        from apps.notifications.services.webhooks.retention import forget_erased  # noqa: PLC0415

        api_resources.register(resources)
        event_types.register(webhook_events)
        messages_published.register(fan_out)
        messages_published.register(mail_what_follows)
        mails_about.register(mails_of_the_platform)
        erasing.register(forget_erased)
        erasing.register(forget_erased_in_mail)
        hooks.rows_deleted.register(stop_sending)
        hooks.rows_deleted.register(stop_mailing)
