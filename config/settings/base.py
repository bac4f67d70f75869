"""What every environment shares: apps, middleware, templates, and the modules for each concern."""

from config import env
from config.settings.admin import *  # noqa: F403
from config.settings.celery import *  # noqa: F403
from config.settings.database import *  # noqa: F403
from config.settings.files import *  # noqa: F403
from config.settings.first_start import *  # noqa: F403
from config.settings.logs import *  # noqa: F403
from config.settings.mail import *  # noqa: F403
from config.settings.messages import *  # noqa: F403
from config.settings.metrics import *  # noqa: F403
from config.settings.resilience import *  # noqa: F403
from config.settings.rest import *  # noqa: F403
from config.settings.security import *  # noqa: F403
from config.settings.webhooks import *  # noqa: F403

ROOT = env.ROOT
PODIUM_HOME = env.read(env.PODIUM_HOME)

DEBUG = False
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "apps.core",
    "apps.resilience",
    "apps.accounts",
    "apps.integrations",
    "apps.messaging",
    "apps.notifications",
    "apps.events",
    "apps.datasets",
    "apps.contests",
    "apps.web",
    "apps.operations",
    "unfold.apps.BasicAppConfig",  # the default one would put its own admin site in place of ours
    "unfold.contrib.filters",
    "config.admin.PodiumAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_celery_results",
    "django_htmx",
    "django_prometheus",
    "safedelete",
    "corsheaders",
    "csp",
]

MIDDLEWARE = [
    "apps.core.correlation.middleware.CorrelationMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "apps.resilience.middleware.DeadlineMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "apps.core.tenancy.ScopeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.accounts.middleware.AdminScopeMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "csp.context_processors.nonce",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "static"
SAFE_DELETE_FIELD_NAME = "deleted_at"
