"""For the server of a benchmark: the settings of tests, with circuits that the cluster shares as in production."""

from config import env
from config.settings.test import *  # noqa: F403
from config.settings.test import RESILIENCE

RESILIENCE = {**RESILIENCE, "STORE_URL": env.read(env.REDIS_URL)}
