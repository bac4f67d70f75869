"""Celery: JSON only, late acknowledgement, one queue a kind of work."""

from kombu import Queue

from config import env

# One queue a kind of work, so that a burst of one kind does not hold up the others.
TASK_QUEUE_NAMES = ("default", "mail", "webhooks", "datasets", "models")

CELERY_BROKER_URL = env.read(env.CELERY_BROKER_URL) or env.read(env.REDIS_URL) or "redis://"
CELERY_RESULT_BACKEND = "django-db"
CELERY_CACHE_BACKEND = "default"
CELERY_RESULT_EXTENDED = True
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_QUEUES = tuple(Queue(name) for name in TASK_QUEUE_NAMES)
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# Three times: a task that kills each worker that takes it up must not go round for ever.
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_SOFT_TIME_LIMIT = 1740
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "socket_keepalive": True,
    "visibility_timeout": 3600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = {
    # It expires, so that an hour without workers does not leave hundreds of sweeps behind.
    "jobs-sweep": {"task": "core.sweep_jobs", "schedule": 10.0, "options": {"expires": 30.0}},
    # A publication wakes a worker at once, and each round has the next one enqueued; this is the safety net.
    "webhooks-send": {
        "task": "notifications.send_webhooks",
        "schedule": 5.0,
        "options": {"expires": 10.0, "queue": "webhooks"},
    },
    "webhooks-forget": {"task": "notifications.forget_old_webhooks", "schedule": 3600.0},
    # The same for mails: what is written wakes a worker at once.
    "mail-send": {
        "task": "notifications.send_mail",
        "schedule": 10.0,
        "options": {"expires": 20.0, "queue": "mail"},
    },
    "mail-forget": {"task": "notifications.forget_old_mail", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "purges-tell": {"task": "notifications.warn_of_purges", "schedule": 21600.0, "options": {"expires": 3600.0}},
    "totals": {"task": "contests.refresh_totals", "schedule": 30.0, "options": {"expires": 30.0}},
    "outbox-remove-published": {
        "task": "messaging.remove_published",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "failures-remove-old": {"task": "core.remove_old_failures", "schedule": 86400.0, "options": {"expires": 3600}},
    "idempotency-forget": {
        "task": "core.forget_idempotency_keys",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "purge-due": {"task": "core.purge_due", "schedule": 600.0, "options": {"expires": 600.0}},
}
