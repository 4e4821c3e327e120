#!/usr/bin/env python
"""Runs one management command. What the machine refuses is one plain sentence and exit 1, no traceback."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs the command of the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ctcompliance.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import InterfaceError, OperationalError

    from ctcompliance import unreachable
    from ctcompliance.embedded.errors import Unavailable

    try:
        execute_from_command_line(sys.argv)
    except (Unavailable, ImproperlyConfigured) as error:
        sys.exit(str(error))
    except (OperationalError, InterfaceError) as error:
        sentence = unreachable.sentence(error)
        if sentence is None:
            raise
        sys.exit(sentence)
    except BrokenPipeError:
        # Whoever read the answer has read enough; nothing more is to be said, and nothing flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
