"""A Celery application for the embedded Valkey. A process's first connection starts the server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from celery import Celery
from click import ClickException
from kombu import Connection
from kombu.exceptions import OperationalError

from ctcompliance.embedded.errors import Unavailable
from ctcompliance.embedded.valkey import Valkey


class NoBroker(OperationalError, ClickException):
    """The embedded Valkey is not available. Publishers see a broker error; a terminal shows one sentence."""


class EmbeddedBroker(Celery):
    """Celery. Without a `CELERY_BROKER_URL` it starts the embedded Valkey before it connects."""

    def connection_for_read(self, url: str | None = None, **kwargs: Any) -> Connection:
        self._use_embedded()
        return super().connection_for_read(url, **kwargs)

    def connection_for_write(self, url: str | None = None, **kwargs: Any) -> Connection:
        self._use_embedded()
        return super().connection_for_write(url, **kwargs)

    def use_embedded_or_exit(self, **_signal: Any) -> None:
        """Start the embedded Valkey, or end a worker that would otherwise retry without end."""
        try:
            self._use_embedded()
        except NoBroker as error:
            sys.exit(error.message)

    def _use_embedded(self) -> None:
        """Make this process a user of the embedded Valkey, unless `CELERY_BROKER_URL` is set."""
        from django.conf import settings

        if settings.BROKER_URL:
            return
        try:
            Valkey(Path(settings.LOCAL_DIR)).use()
        except Unavailable as error:
            raise NoBroker(str(error)) from error
