"""Webhooks: tell the servers of shops what has happened."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "tryon.webhooks"
    label = "webhooks"
    verbose_name = _("Webhooks")

    @override
    def ready(self) -> None:
        """Hear the news of jobs, results and shoppers, and forget old events with cron's cleanups."""
        from config.people.audit import follow, host_alone
        from tryon.cleanup import TASKS, Task
        from tryon.webhooks import telling  # noqa: F401  (it connects the receivers)
        from tryon.webhooks.models import WebhookEndpoint
        from tryon.webhooks.upkeep import old_webhook_events

        follow(WebhookEndpoint, hide=["url"], mask=host_alone)
        TASKS["old_webhook_events"] = Task(
            old_webhook_events, _("events for webhooks older than WEBHOOK_LOG_DAYS, with their log")
        )
