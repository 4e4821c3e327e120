"""A notice on paper: print it, hand it over, confirm it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.access import MATRIX
from accounts.dates import format_instant
from accounts.models import Role, User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from notifications.forms.printed import HandedOverForm
from notifications.models import Alert, AlertState, Channel
from notifications.pages.alert_rows import AlertRow
from notifications.pages.clients import in_own_language
from notifications.services.corrected_alerts import earlier_alerts
from notifications.services.delivery import printing
from orders.models import DeadlineState
from orders.services.court_days import zone_of
from orders.services.parties.visibility import roles_over

#: Objects of the matrix that a printed notice may show, if both reader and addressee may see them.
_SHOWN = ("order", "case", "respondent")


@in_own_language
@require_http_methods(["GET", "POST"])
def print_notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The notice to print, with the form to confirm it for those who may hand it over."""
    user = expect(User, request.user)
    of_user = (Alert.objects.visible_to(user), printing.to_hand_over(user))
    found = (alerts.filter(public_id=public_id).with_details().first() for alerts in of_user)
    alert = next(filter(None, found), None)
    if alert is None:
        raise Http404
    log_access(request, [alert.of_order.case.public_id])
    may_hand_over = printing.to_hand_over(user).filter(pk=alert.pk).exists()
    if request.method == "POST" and not may_hand_over:
        raise Http404
    form = HandedOverForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    if request.method == "POST" and form.confirm(alert, by=user, now=now):
        messages.success(request, gettext("Recorded: the notice was handed over."))
        return redirect("home") if _is_in_error(alert) else redirect("notice", public_id=public_id)
    context = _facts(alert, user, now) | {"form": form if may_hand_over else None}
    return render(request, "notifications/print.html", context)


def _facts(alert: Alert, user: User, now: datetime) -> dict[str, object]:
    order = alert.of_order
    zone = zone_of(order)
    row = AlertRow(alert, now)
    delivered = alert.delivered_at if alert.channel == Channel.PRINT else None
    return {
        "alert": alert,
        "row": row,
        "order": order,
        "sees": frozenset() if _is_in_error(alert) else _visible_on_paper(alert, user),
        "is_in_error": _is_in_error(alert),
        "earlier": _handed_over_before(alert, zone),
        "is_overdue": row.state == DeadlineState.OVERDUE,
        "served": format_instant(order.served_at, zone) if order.served_at else "",
        "created": format_instant(alert.created_at, zone),
        "printed": format_instant(now, zone),
        "is_handed_over": alert.channel == Channel.PRINT and alert.state == AlertState.DELIVERED,
        "handed_over": format_instant(delivered, zone) if delivered else "",
        "site": settings.BASE_URL,
    }


def _is_in_error(alert: Alert) -> bool:
    """True if the order should not have been entered: its notices show nothing of it."""
    return alert.of_order.withdrawn_at is not None


def _handed_over_before(alert: Alert, zone: ZoneInfo) -> str:
    """Return when the notice that a correction is about was handed over; empty for other notices."""
    earlier = earlier_alerts(alert).last() if alert.correction_id is not None else None
    return format_instant(earlier.delivered_at, zone) if earlier and earlier.delivered_at else ""


def _visible_on_paper(alert: Alert, user: User) -> frozenset[str]:
    """Return the fields that both the reader and the addressee may see, as `object.field`.

    The protected person is never on paper.
    """
    reader = roles_over(user, [alert.of_order.pk])[alert.of_order.pk]
    addressee = {MATRIX.alert_role.get(alert.capacity, Role.CLERK)}
    return MATRIX.sees(reader, _SHOWN) & MATRIX.sees(addressee, _SHOWN)
