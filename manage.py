#!/usr/bin/env python
"""Run the portal's management commands."""

import os
import sys


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    from portal.env import EnvironmentInvalidError

    try:
        execute_from_command_line(sys.argv)
    except EnvironmentInvalidError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
