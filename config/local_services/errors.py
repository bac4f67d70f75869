"""What can go wrong with the embedded services."""


class LocalServiceError(Exception):
    """An embedded service that doesn't start or stop. The message says what to do about it."""
