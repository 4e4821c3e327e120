"""Log like the rest of the application in the web server, and little of what strangers send."""

from __future__ import annotations

import logging.config
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger
from typing_extensions import override

from ctcompliance.open_pages import OPEN_PAGES

#: The most characters of one part of a line of the access log.
LONGEST = 300
#: The parts that no line shows: the page before, which may be of another site, and the browser.
_LEFT_OUT = frozenset({"f", "a", "{referer}i", "{user-agent}i", "{http_referer}e", "{http_user_agent}e"})


class WebLogger(Logger):  # type: ignore[misc] # gunicorn has no types
    """Passes Gunicorn's records to the root logger, without handlers of its own."""

    @override
    def setup(self, cfg: Any) -> None:
        """Apply the settings, also in the process that starts the workers."""
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        logging.config.dictConfig(settings.LOGGING)

    @override
    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Write the line, unless it is about a page that keeps nothing about its readers."""
        if not str(getattr(req, "path", "")).startswith(OPEN_PAGES):
            super().access(resp, req, environ, request_time)

    @override
    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        """Return the parts of a line, cut, without the page before and the browser."""
        return {
            name: value[:LONGEST] if isinstance(value, str) else value
            for name, value in super().atoms(resp, req, environ, request_time).items()
            if name not in _LEFT_OUT
        }
