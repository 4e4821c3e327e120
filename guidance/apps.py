"""Help, guides and figures for people without an account."""

from __future__ import annotations

from django.apps import AppConfig


class GuidanceConfig(AppConfig):
    """The pages that answer without sign-in, and what administrators edit of them."""

    name = "guidance"
    verbose_name = "Help and figures"
