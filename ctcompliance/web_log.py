"""The web server writes what everything else writes."""

from __future__ import annotations

import logging.config
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger
from typing_extensions import override


class WebLogger(Logger):  # type: ignore[misc]
    """Gunicorn's lines go the way of all lines; it adds no handlers of its own."""

    @override
    def setup(self, cfg: Any) -> None:
        """As the settings say, in the process that starts the workers too."""
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        logging.config.dictConfig(settings.LOGGING)
