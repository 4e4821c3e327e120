"""The project: settings, the Celery application, addresses and health."""

from __future__ import annotations

from ctcompliance.celery import app as celery_app

__all__ = ["celery_app"]
