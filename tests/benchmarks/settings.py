"""For the server of a benchmark: the settings of tests, with what production has and tests go without.

Circuits that the cluster shares, and every middleware.
"""

from config import env
from config.settings import base
from config.settings.test import *  # noqa: F403
from config.settings.test import RESILIENCE

RESILIENCE = {**RESILIENCE, "STORE_URL": env.read(env.REDIS_URL)}
MIDDLEWARE = base.MIDDLEWARE
