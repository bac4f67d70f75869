"""Web: a few pages for people who look rather than read JSON."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "apps.web"
    label = "web"
    verbose_name = "Pages"
