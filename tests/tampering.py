"""Changes that no trigger sees: those of a superuser who has switched them off."""

from django.db import connection, transaction


def behind_our_backs(sql: str, *params: object) -> None:
    """Execute it, as such a person would."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
