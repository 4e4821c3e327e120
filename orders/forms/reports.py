"""The form of a court's report: the period, the kind of order and the police."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from typing_extensions import override

from accounts.form_base import SiteForm
from accounts.models import Agency, AgencyKind
from orders.forms.fields import DayField
from orders.models import OrderKind
from orders.services.desk.conditions import CourtDesk
from orders.services.desk.judges import judges_of
from orders.services.desk.reports import GROUPS, USUAL, ReportPeriod


class CourtReportForm(SiteForm):
    """What a report counts. What is left out counts the last twelve weeks."""

    first = DayField(required=False, label="Issued from")
    last = DayField(required=False, label="through")
    kind = forms.ChoiceField(required=False, choices=[("", "Every kind"), *OrderKind.choices])
    agency = forms.ModelChoiceField(
        Agency.objects.none(), required=False, label="Police", empty_label="Every agency"
    )
    court = forms.ModelChoiceField(Agency.objects.none(), required=False, empty_label="All your courts")
    judge = forms.ChoiceField(required=False, label="Judge")
    by = forms.ChoiceField(
        required=False, label="Grouped by", choices=[(name, title) for name, (title, _) in GROUPS.items()]
    )

    def __init__(self, data: QueryDict, *, desk: CourtDesk, **kwargs: Any) -> None:
        super().__init__(_with_period(data, desk.today), **kwargs)
        self.desk = desk
        courts = Agency.objects.filter(pk__in=desk.courts)
        police = Agency.objects.filter(kind=AgencyKind.POLICE, jurisdiction__in=courts.values("jurisdiction"))
        fields: Any = self.fields
        fields["agency"].queryset, fields["court"].queryset = police.order_by("name"), courts.order_by("name")
        fields["judge"].choices = [("", "Every judge"), *((one, one) for one in judges_of(desk))]
        if len(desk.courts) <= 1:
            del fields["court"]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it starts."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", "The period ends before it starts. Correct one of the two days.")
        return data

    @property
    def period(self) -> ReportPeriod:
        """The orders to count."""
        data = self.cleaned_data if self.is_valid() else {}
        last = data.get("last") or self.desk.today
        agency, court = data.get("agency"), data.get("court")
        return ReportPeriod(
            first=data.get("first") or last - USUAL + timedelta(days=1),
            last=last,
            kind=data.get("kind") or "",
            agency=agency.pk if agency else None,
            court=court.pk if court else None,
            judge=data.get("judge") or "",
        )

    @property
    def grouping(self) -> str:
        """The name of the grouping."""
        chosen = self.cleaned_data.get("by") if self.is_valid() else ""
        return chosen or "kind"


def _with_period(data: QueryDict, today: date) -> QueryDict:
    """Fill in the usual period where the request gives none, so that the form shows what is counted."""
    given = data.copy()
    last = str(given.get("last") or today.isoformat())
    try:
        first = date.fromisoformat(last) - USUAL + timedelta(days=1)
    except (ValueError, OverflowError):
        first = today - USUAL + timedelta(days=1)
    given["last"] = last
    given["first"] = str(given.get("first") or first.isoformat())
    return given
