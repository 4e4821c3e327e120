"""What each row and page of an order reads from the clock: the court's time zone, the respondent's age."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from orders.models import Order
from orders.services.court_days import respondent_age, zone_of


class _OfAnOrder(Protocol):
    @property
    def order(self) -> Order: ...

    @property
    def now(self) -> datetime: ...


class InCourtTime:
    """The base of what shows an order at a time: it has `order` and `now`."""

    @property
    def zone(self: _OfAnOrder) -> ZoneInfo:
        """The court's time zone."""
        return zone_of(self.order)

    @property
    def age(self: _OfAnOrder) -> int | None:
        """The respondent's age; None without a date of birth."""
        return respondent_age(self.order, self.now)
