"""A notice on paper: printed, handed over, and confirmed by whoever carried it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import MATRIX
from accounts.models import Role, User
from accounts.services.audit import seen
from notifications.models import Alert, AlertState, Channel
from notifications.services import printing
from notifications.views import Line
from orders.errors import InvalidFact
from orders.forms.fields import InstantField
from orders.models import DeadlineState
from orders.services.change import zone_of
from orders.services.sight import roles_over
from orders.wording import instant_words

#: What of an order stands on paper, where both the reader and the addressee may see it.
_SHOWN = ("order", "case", "respondent")


class HandedForm(forms.Form):
    """To whom the paper went, and when."""

    handed_to = forms.CharField(
        label="I handed this over to",
        max_length=printing.MOST,
        help_text="Name and badge or office.",
        error_messages={"required": "Say who took it."},
    )
    handed_at = InstantField(label="When")

    def confirm(self, alert: Alert, *, by: User, now: datetime) -> bool:
        """True once what was typed is on record; False where a field says what is wrong."""
        if not self.is_valid():
            return False
        said = self.cleaned_data
        try:
            printing.confirm_handed(alert, by=by, to=said["handed_to"], at=said["handed_at"], now=now)
        except InvalidFact as refusal:
            self.add_error(refusal.field, refusal.message)
            return False
        return True


@require_http_methods(["GET", "POST"])
def print_notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The notice as it is printed; for who may hand it over, with the form that confirms it."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows
    alert = Alert.objects.visible_to(user).filter(public_id=public_id).with_what_they_tell().first()
    if alert is None:
        raise Http404
    seen(request, [alert.of_order.case.public_id])
    may_hand = printing.for_a_hand(user).filter(pk=alert.pk).exists()
    if request.method == "POST" and not may_hand:
        raise Http404
    form = HandedForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    if request.method == "POST" and form.confirm(alert, by=user, now=now):
        messages.success(request, "It is on record that the notice was handed over.")
        return redirect("notice", public_id=public_id)
    return render(
        request,
        "notifications/print.html",
        _facts(alert, user, now)
        | {
            "form": form if may_hand else None,
        },
    )


def _facts(alert: Alert, user: User, now: datetime) -> dict[str, object]:
    order = alert.of_order
    zone = zone_of(order)
    line = Line(alert, now)
    delivered = alert.delivered_at if alert.channel == Channel.PRINT else None
    return {
        "alert": alert,
        "line": line,
        "order": order,
        "sees": _on_paper(alert, user),
        "is_overdue": line.state == DeadlineState.OVERDUE,
        "served": instant_words(order.served_at, zone) if order.served_at else "",
        "written": instant_words(alert.created_at, zone),
        "printed": instant_words(now.replace(second=0), zone),
        "is_handed": alert.channel == Channel.PRINT and alert.state == AlertState.DELIVERED,
        "handed": instant_words(delivered, zone) if delivered else "",
        "site": settings.BASE_URL,
    }


def _on_paper(alert: Alert, user: User) -> frozenset[str]:
    """What stands on the paper, as `object.field`: what the reader sees of the order, and no more of it than
    those see whom it is addressed to. The protected person is on no paper."""
    reader = roles_over(user, [alert.of_order.pk])[alert.of_order.pk]
    addressee = {MATRIX.told_as.get(alert.capacity, Role.CLERK)}
    return MATRIX.sees(reader, _SHOWN) & MATRIX.sees(addressee, _SHOWN)
