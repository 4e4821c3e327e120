"""People, agencies and the places they answer for."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, roles, agencies, towns and judicial districts."""

    name = "accounts"
    verbose_name = "People and agencies"
