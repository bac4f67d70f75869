"""The ASGI application: HTTP by Django."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
os.environ.setdefault("PODIUM_PROCESS", "web")

from django.core.asgi import get_asgi_application

from apps.core.heap import settle_heap

application = get_asgi_application()
settle_heap()
