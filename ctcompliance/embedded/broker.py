"""A Celery application on the embedded Redis, which starts with the first connection of a process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from celery import Celery
from click import ClickException
from kombu import Connection
from kombu.exceptions import OperationalError

from ctcompliance.embedded.errors import Unavailable
from ctcompliance.embedded.redis import Redis


class NoBroker(OperationalError, ClickException):  # noqa: N818
    """The embedded Redis cannot be had. To who publishes, a broker's failure; to a terminal, one sentence."""


class EmbeddedBroker(Celery):
    """Celery as ever, where a broker is named; elsewhere the embedded Redis runs before a connection is."""

    def connection_for_read(self, url: str | None = None, **kwargs: Any) -> Connection:
        self._use_embedded()
        return super().connection_for_read(url, **kwargs)

    def connection_for_write(self, url: str | None = None, **kwargs: Any) -> Connection:
        self._use_embedded()
        return super().connection_for_write(url, **kwargs)

    def use_embedded_or_exit(self, **_signal: Any) -> None:
        """For a worker, which would otherwise ask for ever: the refusal is its last word."""
        try:
            self._use_embedded()
        except NoBroker as error:
            sys.exit(error.message)

    def _use_embedded(self) -> None:
        """This process is a user of the embedded Redis, unless a broker is named."""
        from django.conf import settings

        if settings.BROKER_URL:
            return
        try:
            Redis(Path(settings.LOCAL_DIR)).use()
        except Unavailable as error:
            raise NoBroker(str(error)) from error
