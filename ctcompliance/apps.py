"""The project as a Django application: it carries the commands that reach across the apps."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from typing_extensions import override


class ProjectConfig(AppConfig):
    """Commands such as `prepare` and `up`, and the health addresses."""

    name = "ctcompliance"
    verbose_name = "ctcompliance"

    @override
    def ready(self) -> None:
        """Register the check of the broker, and keep what people wrote out of the translation."""
        from ctcompliance import checks
        from ctcompliance.spanish.stored import watch_stored_texts

        register(checks.broker_asks_for_a_password, deploy=True)
        watch_stored_texts()
