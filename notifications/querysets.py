"""Sets of alerts."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

from orders.querysets import OfOrderQuerySet

Row = TypeVar("Row", bound=models.Model)


class AlertQuerySet(OfOrderQuerySet[Row]):
    """Alerts, seen by whoever sees their order."""

    def unanswered(self) -> Self:
        """Alerts that nobody acknowledged and that still stand; the index `alert_unanswered` serves it."""
        return self.filter(~models.Q(state=7), acknowledged_at=None)
