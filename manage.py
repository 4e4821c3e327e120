#!/usr/bin/env python
"""Run one management command. Expected failures print one sentence and exit with 1, without a traceback."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command of the command line."""
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
        # The reader of the pipe has closed it. Print nothing more, and do not flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
