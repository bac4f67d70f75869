"""Metrics: who may read `/metrics`."""

from config import env

METRICS_TOKEN = env.read(env.METRICS_TOKEN)
