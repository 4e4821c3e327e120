"""The page of the compliance report: how many orders of a state have which status of the surrender duty."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET
from typing_extensions import override

from accounts.access import MATRIX
from accounts.form_base import SiteForm
from accounts.models import Agency, AgencyKind, State, User
from accounts.narrowing import expect
from orders.forms.fields import DayField
from orders.services.planning.rulebooks import current_rulebook
from orders.services.reports.apart import SurrenderStatus
from orders.services.reports.compliance import TIMEOUT, Compliance, count_compliance, courts_of_report

#: The words of each status, and what an order with it is like.
WORDS = {
    SurrenderStatus.NOT_STARTED: ("Not started", "Not served, so the time has not begun"),
    SurrenderStatus.NOT_INDICATED: (
        "No firearms indicated",
        "Served; neither a firearm nor a permit is known",
    ),
    SurrenderStatus.OPEN: ("Open", "Served, and the time still runs"),
    SurrenderStatus.MET_ON_TIME: ("Met in time", "Every firearm was accounted for in time"),
    SurrenderStatus.MET_LATE: ("Met late", "Every firearm was accounted for after the time"),
    SurrenderStatus.OVERDUE: ("Overdue", "The time has passed without proof"),
    SurrenderStatus.UNVERIFIED_DENIAL: (
        "Sworn, not verified",
        "It rests on a statement that was not checked",
    ),
}


class ComplianceForm(SiteForm):
    """The state, and the day at whose end to count."""

    state = forms.ChoiceField(required=False)
    day = DayField(required=False, label="As of the end of", help_text="Leave it empty to count as of now.")

    def __init__(self, *args: Any, states: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["state"]
        choices.choices = [(one, State(one).label) for one in states]
        self.fields["state"].initial = next(iter(states), "")

    @override
    def clean(self) -> dict[str, Any]:
        """Use the first state where the address leaves it out."""
        data = super().clean() or self.cleaned_data
        return data | {"state": data.get("state") or self.fields["state"].initial}


@require_GET
def compliance(request: HttpRequest) -> HttpResponse:
    """The counts for the person's own courts, or for an auditor for all courts of the state."""
    user, now = expect(User, request.user), timezone.now()
    if not MATRIX.may(user.roles, "compliance", "report"):
        raise Http404
    courts = courts_of_report(user)
    states = _states(courts)
    form = ComplianceForm({**request.GET.dict()}, states=states)
    context: dict[str, Any] = {"form": form, "states": states}
    if states and form.is_valid():
        state, day = form.cleaned_data["state"], form.cleaned_data["day"]
        zone = current_rulebook().jurisdictions[state].zone
        as_of = min(_end_of(day, zone), now) if day else now
        mine = None if courts is None else [one for one in courts if one.jurisdiction == state]
        context |= {"as_of": as_of, "zone": zone, "state": State(state).label, "courts": mine}
        context |= _counts(as_of, state, mine)
    return render(request, "orders/compliance.html", context)


def _states(courts: list[Agency] | None) -> list[str]:
    """Return the states of these courts, or of all courts; Connecticut first, then by name."""
    of_courts = Agency.objects.filter(kind=AgencyKind.COURT).order_by().values_list("jurisdiction", flat=True)
    found = set(of_courts.distinct()) if courts is None else {one.jurisdiction for one in courts}
    return sorted(found, key=lambda one: (one != State.CONNECTICUT, State(one).label))


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _counts(as_of: datetime, state: str, courts: list[Agency] | None) -> dict[str, Any]:
    keys = None if courts is None else [one.pk for one in courts]
    try:
        found = count_compliance(as_of, jurisdiction=state, courts=keys, seconds=TIMEOUT)
    except OperationalError:
        return {"took_too_long": True}
    return {"found": found, "total": sum(found.orders.values()), "rows": _rows(found)}


def _rows(found: Compliance) -> list[tuple[str, str, int, str]]:
    """Return for each status its words, its orders and their share."""
    total = sum(found.orders.values())
    return [
        (*WORDS[status], count, f"{count / total:.0%}" if total else "")
        for status, count in found.orders.items()
    ]
