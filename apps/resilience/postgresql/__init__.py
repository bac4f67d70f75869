"""Django's PostgreSQL backend behind the policy `database`. In settings: `"ENGINE": "apps.resilience.postgresql"`."""
