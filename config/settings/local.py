"""`make run`: one machine, embedded services, readable logs, keys generated once in PODIUM_HOME."""

from config import env
from config.local_keys import local_key
from config.settings.base import *  # noqa: F403
from config.settings.base import SIMPLE_JWT

DEBUG = True
ALLOWED_HOSTS = ["*"]
SECRET_KEY = env.read(env.DJANGO_SECRET_KEY) or local_key("secret-key")
SIMPLE_JWT = {**SIMPLE_JWT, "SIGNING_KEY": env.read(env.JWT_SIGNING_KEY) or local_key("jwt-key")}
OUTBOX_CHECKED = True
# Receivers under development run on the same machine.
OUTBOUND_ALLOW_LOOPBACK = env.read(env.OUTBOUND_ALLOW_LOOPBACK) or not env.is_set(env.OUTBOUND_ALLOW_LOOPBACK)
