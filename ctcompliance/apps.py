"""The project as a Django application: it carries the commands that reach across the apps."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Commands such as `prepare` and `up`, and the health addresses."""

    name = "ctcompliance"
    verbose_name = "ctcompliance"
