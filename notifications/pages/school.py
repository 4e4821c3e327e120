"""The desk of a school: every notice that the law sent it, and whether somebody read it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import MATRIX
from accounts.services.access.access_log import log_access
from notifications.models import Alert, AlertState, Channel
from notifications.pages.alert_rows import AlertRow
from orders.querysets import order_visibility
from orders.views.parts import Part
from orders.views.seen import person_in

#: The most notices of one part of the page, the newest.
MOST = 100

SCHOOLS = MATRIX.capacities["school"].seen_by


@require_safe
def school_notices(request: HttpRequest) -> HttpResponse:
    """Show the notices to the person's school, those that wait for a reader first."""
    person, now = person_in(request, SCHOOLS), timezone.now()
    of_school = order_visibility(person, roles=SCHOOLS).by_agency("order_id")
    mine = Alert.objects.filter(of_school, recipient=person.pk, channel=Channel.EMAIL, capacity="school")
    sent = mine.visible_to(person).exclude(state=AlertState.WITHDRAWN).with_details()
    # Each with its own limit: what was read must not push out what waits for a reader.
    waiting, read = (
        Part((AlertRow(one, now) for one in rows.order_by("-id")[: MOST + 1]), most=MOST)
        for rows in (sent.filter(acknowledged_at=None), sent.exclude(acknowledged_at=None))
    )
    log_access(request, [one.alert.of_order.case.public_id for one in (*waiting, *read)])
    context = {"waiting": waiting, "read": read}
    return render(request, "notifications/school.html", context)
