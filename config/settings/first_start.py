"""The first start: whom `manage.py bootstrap` creates when there is nobody yet."""

from config import env

PODIUM_ADMIN_EMAIL = env.read(env.PODIUM_ADMIN_EMAIL)
PODIUM_ADMIN_PASSWORD = env.read(env.PODIUM_ADMIN_PASSWORD)
