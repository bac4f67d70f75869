"""The test suite: fast hashing, no throttling between tests, services from tests/services.py."""

from config.settings.base import *  # noqa: F403
from config.settings.base import API_RATES, INSTALLED_APPS, MIDDLEWARE, RESILIENCE, SIMPLE_JWT

SECRET_KEY = "a-key-for-tests-only-" + "0123456789" * 4
SIMPLE_JWT = {**SIMPLE_JWT, "SIGNING_KEY": SECRET_KEY}
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.zoo"]  # every kind of foreign key, for tests of soft delete
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# No store and so no threads of its own: what opens in one test must not reach another, nor write to the database
# behind its back. Tests of the cluster build registries of their own.
RESILIENCE = {**RESILIENCE, "STORE_URL": ""}
API_RATES = dict.fromkeys(API_RATES, "100000/minute")
OUTBOX_CHECKED = True
OUTBOUND_ALLOW_LOOPBACK = True
# It knows only asynchronous requests: a synchronous client, as nearly all tests have, would start a loop and a thread
# for each of its own. tests/integration/config/test_middleware.py runs all of them.
STATIC_FILES = "servestatic.middleware.ServeStaticMiddleware"
MIDDLEWARE = [each for each in MIDDLEWARE if each != STATIC_FILES]
