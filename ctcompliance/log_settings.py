"""Settings of the logs."""

from __future__ import annotations

import logging
from typing import Any


def log_settings(*, level: int, log_format: str) -> dict[str, Any]:
    """Return the configuration of `logging` for a level and a format: line or json."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        # Both remove addresses, numbers and dockets from log lines.
        "formatters": {
            "line": {
                "()": "ctcompliance.logs.LineFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            },
            "json": {"()": "ctcompliance.logs.JsonFormatter"},
        },
        "filters": {"drop_repeats": {"()": "ctcompliance.logs.DropRepeats"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": log_format}},
        "root": {"handlers": ["stderr"], "level": level},
        # Routine lines would hide the important ones: a pulse every second, and Flower's requests to workers
        # that have not started.
        "loggers": {
            "celery.app.trace": {"level": max(level, logging.WARNING)},
            "celery.beat": {"level": max(level, logging.WARNING), "filters": ["drop_repeats"]},
            # Its logs contain the recipients.
            "apprise": {"level": logging.CRITICAL},
            # Its logs contain the keys of people who register.
            "fido2": {"level": max(level, logging.WARNING)},
            "celery.worker.strategy": {"level": max(level, logging.WARNING)},
            "flower.inspector": {"level": max(level, logging.ERROR)},
        },
    }
