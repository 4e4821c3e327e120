"""The app of orders, their facts, and the deadlines that follow from the law."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register


class OrdersConfig(AppConfig):
    """Cases, orders, facts, deadlines, checkpoints and follow-ups."""

    name = "orders"
    verbose_name = "Protective orders"

    def ready(self) -> None:
        """Register the system check of the rulebook, and what `accounts` asks this app for."""
        from accounts.services.access.access_report import CASE_FINDERS
        from accounts.services.agencies import directory
        from orders import checks
        from orders.services.courts import check_court
        from orders.services.orders.dockets import cases_with_docket

        register(checks.check_rulebook, deploy=True)
        if cases_with_docket not in CASE_FINDERS:
            CASE_FINDERS.append(cases_with_docket)
        if check_court not in directory.CHECKS:
            directory.CHECKS.append(check_court)
