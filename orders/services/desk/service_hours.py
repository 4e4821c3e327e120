"""The hours from the issue of an order to its service, for a court's report."""

from __future__ import annotations

from django.db.models import Aggregate, F, FloatField
from django.db.models.functions import Extract

from orders.services.desk.conditions import CourtDesk
from orders.services.desk.reports import ReportPeriod, orders_of


class Percentile(Aggregate):
    """The value that a share of the rows does not exceed."""

    function = "percentile_cont"
    name = "percentile"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def hours_to_service(desk: CourtDesk, period: ReportPeriod) -> dict[str, float | None]:
    """Return the median and the 90th percentile of the hours from issue to service."""
    seconds = Extract(F("served_at") - F("issued_at"), "epoch")
    served = orders_of(desk, period).filter(served_at__isnull=False, issued_at__isnull=False).order_by()
    found = served.annotate(seconds=seconds).aggregate(
        median=Percentile("seconds", share=0.5), most=Percentile("seconds", share=0.9)
    )
    return {name: None if value is None else round(value / 3600, 1) for name, value in found.items()}
