"""What stands around every call that leaves the process, service by service, and why each number is what it is.

`breaker` opens after `failure_threshold` failures within a minute, once at least `volume_threshold` calls were made,
for `recovery_timeout` seconds. `retry` counts all attempts. `deadline` is for all of them together, pauses included.
The meaning of each name: `apps/resilience/config.py`, `retry.py` and `policy.py`; the reasons at length:
docs/circuit-breakers.md. Operators may change breakers while everything runs (admin, Breakers).
"""

from config import env

_MAIL = {
    # Five in a row are no accident; ten calls a minute is what a small event sends while it is busy. A mail server
    # that is restarted is back within a minute. Nobody waits for a mail: three attempts, then the queue has it.
    # (Of the platform's own mails each attempt is a call of its own: their rows are the queue, EMAIL_RETRY_SCHEDULE.)
    "breaker": {"failure_threshold": 5, "volume_threshold": 10, "recovery_timeout": 60.0},
    "retry": {"attempts": 3, "base": 1.0, "cap": 10.0},
    "deadline": 10.0,
    "concurrency": 8,
}
_TRACKER = {
    # Called a few times an hour: volume 1, or five failures would never be enough to open it.
    "breaker": {"failure_threshold": 5, "volume_threshold": 1, "recovery_timeout": 30.0},
    "retry": {"attempts": 3, "base": 1.0, "cap": 10.0},
    "deadline": 15.0,
    "concurrency": 4,
}

RESILIENCE = {
    # Without a store (unit tests) each process keeps its own state.
    "STORE_URL": env.read(env.REDIS_URL),
    "STORE_PREFIX": "podium:",
    # A healthy store answers in a millisecond. A batch may take 50 ms before the store counts as away; a probe's
    # caller waits for 20 ms at most.
    "STORE_TIMEOUT": 0.05,
    "PROBE_TIMEOUT": 0.02,
    # Whoever sits before a browser gives up after half a minute, and proxies soon after: no policy holds a request
    # for longer, whatever its own deadline. Tasks and commands have all the time that their policies give them.
    "REQUEST_DEADLINE": 30.0,
    "SERVICES": {
        "email": _MAIL,
        "email_second": _MAIL,
        "sms": _MAIL,
        "storage": {
            # Uploads are large and worth repeating: five attempts within two minutes outlast a failover.
            "breaker": {"failure_threshold": 5, "volume_threshold": 10, "recovery_timeout": 60.0},
            "retry": {"attempts": 5, "base": 2.0, "cap": 60.0},
            "deadline": 120.0,
            # A download is many short reads, and a web process serves a hundred at a time. `"adaptive": True` lets
            # the limit follow the latency, for a store that slows down under load.
            "concurrency": 64,
        },
        "ai": {
            # Slow by nature, rare, and billed: few at a time, over the whole cluster too.
            "breaker": {"failure_threshold": 5, "volume_threshold": 1, "recovery_timeout": 60.0},
            "retry": {"attempts": 3, "base": 2.0, "cap": 60.0},
            "deadline": 90.0,
            "concurrency": 4,
            "cluster_concurrency": 8,
        },
        "jira_api": _TRACKER,
        "confluence_api": _TRACKER,
        "database": {
            # Connecting, and statements that open or stand outside a transaction. A request must not wait for long:
            # half a second covers a failover of the pool, five seconds is where people reload.
            "breaker": {"failure_threshold": 5, "volume_threshold": 10, "recovery_timeout": 30.0},
            "retry": {"attempts": 3, "base": 0.5, "cap": 5.0},
            "deadline": 5.0,
        },
        "cache": {
            # Local only: its state would live in what it guards. A cache that has to be asked twice is no cache.
            "breaker": {"failure_threshold": 5, "volume_threshold": 10, "recovery_timeout": 30.0},
            "retry": {"attempts": 1},
            "deadline": 1.0,
            "shared": False,
        },
        "event_stream": {
            # The outbox keeps what could not be sent, so the relay's next round is the retry.
            "breaker": {"failure_threshold": 5, "volume_threshold": 10, "recovery_timeout": 30.0},
            "retry": {"attempts": 1},
            "deadline": 5.0,
        },
        "virus_scan": {
            # A file stays in quarantine and is scanned again later, so the queue is the retry. Large files take long.
            "breaker": {"failure_threshold": 5, "volume_threshold": 10, "recovery_timeout": 30.0},
            "retry": {"attempts": 1},
            "deadline": 30.0,
            "concurrency": 4,
        },
        "webhook": {
            # One circuit for each endpoint. Its delivery schedule is the retry. The standard says 15 to 30 s.
            "breaker": {"failure_threshold": 5, "volume_threshold": 1, "recovery_timeout": 60.0},
            "retry": {"attempts": 1},
            "deadline": env.read(env.WEBHOOK_TIMEOUT),
            # What a receiver asks for is kept in its endpoint's row, where it ends with the address.
            "longest_pause": 5.0,
        },
    },
}
