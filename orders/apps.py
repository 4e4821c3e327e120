"""Orders, what is known of the firearms, and the deadlines that the law makes of them."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Cases, orders, facts, deadlines, checkpoints and follow-ups."""

    name = "orders"
    verbose_name = "Protective orders"

    def ready(self) -> None:
        """The rulebook is asked about by `check --deploy`."""
        from orders import checks  # noqa: F401 - importing registers it
