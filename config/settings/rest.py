"""DRF, its OpenAPI document and its tokens."""

from datetime import timedelta

from config import env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.TokenAuthentication",
        "apps.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.core.rest.permissions.CapabilityPermission"],
    "DEFAULT_PARSER_CLASSES": [
        "apps.core.rest.parsers.BoundedJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": [
        "apps.core.rest.renderers.PlainJSONRenderer",
        "apps.core.rest.renderers.V1JSONRenderer",
        "apps.core.rest.renderers.StaffBrowsableAPIRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.core.rest.versions.VersionNegotiation",
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
    "ALLOWED_VERSIONS": ["v1"],
    "DEFAULT_VERSION": "v1",
    "DEFAULT_PAGINATION_CLASS": "apps.core.rest.pagination.SignedCursorPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": ["apps.core.rest.filters.StrictFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.rest.throttling.CallerThrottle"],
    "DEFAULT_METADATA_CLASS": "apps.core.rest.metadata.ViewMetadata",
    "DEFAULT_SCHEMA_CLASS": "apps.core.rest.schema.PodiumSchema",
    "EXCEPTION_HANDLER": "apps.core.rest.problems.handle",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

# Requests per minute, by who asks.
API_RATES = {
    "anonymous": "120/minute",
    "user": "1200/minute",
    "public": "600/minute",
    "login": "10/minute",
    "refresh": "60/minute",
    "reset": "5/minute",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Podium",
    "DESCRIPTION": "Events that are judged: scored live, certified, provable, and nothing deleted is lost.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SORT_OPERATION_PARAMETERS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.rest.schema.share_problems",
        "apps.messaging.documents.openapi.add_webhooks",
    ],
    "ENUM_NAME_OVERRIDES": {  # several models have a `state` or a `role`
        "CircuitStateEnum": "apps.resilience.models.StateChoice",
        "DeletionStateEnum": "apps.core.softdelete.models.DeletionState",
        "DeliveryStateEnum": "apps.notifications.enums.DeliveryState",
        "EndpointStateEnum": "apps.notifications.enums.EndpointState",
        "EntryStateEnum": "apps.contests.enums.EntryState",
        "JobStateEnum": "apps.core.jobs.models.JobState",
        "KindEnum": "apps.contests.enums.TableKind",
        "MailKindEnum": "apps.notifications.enums.MailKind",
        "MailStateEnum": "apps.notifications.enums.MailState",
        "MailTopicEnum": "apps.notifications.enums.MailTopic",
        "MembershipRoleEnum": "apps.accounts.enums.Role",
        "ScoreStateEnum": "apps.contests.enums.ScoreState",
        "SeatRoleEnum": "apps.contests.enums.SeatRole",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": env.read(env.JWT_SIGNING_KEY),
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.read(env.JWT_ACCESS_MINUTES)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.read(env.JWT_REFRESH_DAYS)),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": False,
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
}

# Where the counts of the rate limits are kept. Without a server (unit tests) each process counts for itself.
LIMITS_URL = env.read(env.REDIS_URL) or "memory://"
