"""The database engine of Podium: PostgreSQL, with metrics, that says in each transaction for whom it works."""
