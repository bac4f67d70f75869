"""Production: everything from the environment, https only, and no start with a missing or default secret."""

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import SIMPLE_JWT

SECRET_KEY = env.require(env.DJANGO_SECRET_KEY)
SIMPLE_JWT = {**SIMPLE_JWT, "SIGNING_KEY": env.require(env.JWT_SIGNING_KEY)}
env.require(env.DATABASE_URL)
env.require(env.REDIS_URL)
env.require(env.ALLOWED_HOSTS)

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
