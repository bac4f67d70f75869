"""Keys, passwords, headers and cookies."""

from corsheaders.defaults import default_headers
from csp.constants import NONCE, SELF

from config import env

SECRET_KEY = env.read(env.DJANGO_SECRET_KEY)
SECRET_KEY_FALLBACKS: list[str] = []
ENCRYPTION_KEYS = env.read(env.ENCRYPTION_KEYS)
OUTBOUND_ALLOW_LOOPBACK = env.read(env.OUTBOUND_ALLOW_LOOPBACK)
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.authentication.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Wrong passwords, counted by whom and where from. The pair is tight; the account alone is wider, so that a stranger
# can't lock its owner out with a handful of guesses; an address may be a whole venue behind one router.
SIGN_IN_FAILURES = {
    "account_and_address": "5/15minute",
    "account": "50/15minute",
    "address": "100/15minute",
}
# Links for a new password to one address, whoever asks for them: nobody's mailbox is to be flooded.
RESET_LINKS = "5/hour"
# An email is unique among live people (user_email_unique); Django's check knows unconditional constraints only.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

ALLOWED_HOSTS = list(env.read(env.ALLOWED_HOSTS))
CSRF_TRUSTED_ORIGINS = list(env.read(env.CSRF_TRUSTED_ORIGINS))
CORS_ALLOWED_ORIGINS = list(env.read(env.CORS_ALLOWED_ORIGINS))
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-match",
    "if-none-match",
    "traceparent",
    "x-correlation-id",
    "x-organization",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Correlation-ID",
    "X-Deletion-ID",
    "X-Request-ID",
]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Alpine.js, which the admin's theme is made with, evaluates its attributes: it needs 'unsafe-eval'.
        "script-src": [SELF, NONCE, "'unsafe-eval'"],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "frame-ancestors": ["'none'"],
        "form-action": [SELF],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}
