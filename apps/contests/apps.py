"""Contests: judging, results, certification."""

from django.apps import AppConfig


class ContestsConfig(AppConfig):
    name = "apps.contests"
    label = "contests"
    verbose_name = "Contests"
