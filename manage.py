#!/usr/bin/env python3
"""Podium's commands. They run beside `make run`, on the same services, and alone, on services of their own."""

import os
import sys


def main() -> None:
    """Run one command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    os.environ.setdefault("PODIUM_PROCESS", "command")
    from config.local_services import ensure_services  # noqa: PLC0415 - services before settings

    ensure_services()
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
