"""The page of one alert, and its acknowledgment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import MATRIX
from accounts.dates import format_instant
from accounts.models import User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from notifications.models import Alert, Via
from notifications.pages.alert_rows import FELL_BACK, AlertRow, is_alone, waiting_together
from notifications.pages.client_words import ClientWords
from notifications.pages.clients import in_own_language, in_words, is_of_organization
from notifications.pages.release_notices import page_of_release
from notifications.pages.unreached import to_reach_client, unreached_agency
from notifications.querysets import AlertQuerySet
from notifications.services.acknowledgments import acknowledge, may_acknowledge
from notifications.services.corrected_alerts import earlier_alerts, taken_back_from
from notifications.services.delivery.links import LINK_LIFETIME, alert_of
from orders.display import (
    language_of,
    met_words,
    other_languages,
)
from orders.models import (
    ComingService,
    ConfidentialityRelease,
    DeadlineState,
    Order,
)
from orders.services.coming_service import next_of
from orders.services.court_days import zone_of
from orders.services.firearms.accounting import account_of
from orders.services.parties.visibility import roles_over
from orders.services.planning.explanations import reasons

#: The roles that go on to the case when they acknowledge: who is sent out needs the next act, not the notice.
_OUTSIDE = MATRIX.capacities["respondent_police"].seen_by | MATRIX.capacities["marshal"].seen_by

#: Objects of the matrix whose fields are on the page.
_SHOWN = (
    "agency", "order", "case", "respondent", "firearm", "deadline", "follow_up", "transfer", "coming_service",
)  # fmt: skip


@in_own_language
@require_GET
def notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What is due, since when, and the firearms not accounted for.

    The protected person is never shown, because police read this page.
    """
    alert = _visible(request).filter(public_id=public_id).first()
    if alert is None:
        return _not_visible(request, public_id)
    return _notice_page(request, alert, acknowledge_url=reverse("acknowledge", args=[public_id]))


@in_own_language
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The page that a message links to. The link acknowledges once, within `LINK_LIFETIME`."""
    public_id = alert_of(token)
    if public_id is None:
        raise Http404
    if (page := page_of_release(expect(User, request.user), public_id)) is not None:
        return redirect(page)
    alert = _visible(request).filter(public_id=public_id).first()
    if alert is None:
        return _not_visible(request, public_id)
    if alert.acknowledged_at is None and timezone.now() - alert.created_at < LINK_LIFETIME:
        if request.method == "POST":
            return _acknowledged(request, alert)
        return _notice_page(request, alert, acknowledge_url=request.path)
    messages.info(
        request,
        gettext("The link in the message works once, for three days. You can still use this page."),
    )
    return redirect("notice", public_id=public_id)


@in_own_language
@require_POST
def acknowledge_notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Record that the reader has read the alert."""
    alert = _visible(request).filter(public_id=public_id).first() or to_reach_client(request, public_id)
    if alert is None:
        return _acknowledged_taken_back(request, public_id)
    return _acknowledged(request, alert)


@require_POST
def acknowledge_and_open(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Record that the reader has read all alerts of the case, and show the case."""
    alert = _visible(request).filter(public_id=public_id).first()
    user = expect(User, request.user)
    if alert is None or not may_acknowledge(alert, user):
        raise Http404
    log_access(request, [alert.of_order.case.public_id])
    acknowledge(alert, by=user, now=timezone.now())
    messages.success(request, "Acknowledged. It is in the history of the order.")
    return redirect("case-page", public_id=alert.of_order.public_id)


def _not_visible(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The page of an alert whose order this person does not see, or sees in part: only with that part."""
    client = to_reach_client(request, public_id)
    if client is not None:
        return _client_page(request, client)
    taken_back = taken_back_from(expect(User, request.user)).filter(public_id=public_id).first()
    if taken_back is None:
        return unreached_agency(request, public_id)
    context = {"alert": taken_back, "earlier": earlier_alerts(taken_back)}
    return render(request, "notifications/taken_back.html", context)


def _acknowledged_taken_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user = expect(User, request.user)
    alert = taken_back_from(user).filter(public_id=public_id).first()
    if alert is None:
        raise Http404
    acknowledge(alert, by=user, now=timezone.now())
    messages.success(request, gettext("Acknowledged."))
    return redirect("home")


def _notice_page(request: HttpRequest, alert: Alert, *, acknowledge_url: str) -> HttpResponse:
    order, user = alert.of_order, expect(User, request.user)
    log_access(request, [order.case.public_id])
    sees = _visible_fields(user, order.pk)
    acknowledged_at, zone = alert.acknowledged_at, zone_of(order)
    context = {
        "alert": alert,
        "order": order,
        "sees": sees,
        "acknowledge_url": acknowledge_url,
        "acknowledged": format_instant(acknowledged_at, zone) if acknowledged_at else "",
        "may_acknowledge": may_acknowledge(alert, user),
        "leads_to_case": _leads_to_case(alert, user),
        "is_to_relay": alert.via == Via.RELAY,
        "served": format_instant(order.served_at, zone) if order.served_at else "",
        "account": account_of(order) if "firearm.make" in sees else None,
        "shows_places": "firearm.believed_place" in sees,
        "coming": _coming(order) if "coming_service.place" in sees else None,
        "zone": zone,
        "unreached": _unreached(request, alert) if alert.note in FELL_BACK else None,
        "desk": _desk_of(alert) if may_acknowledge(alert, user) or acknowledged_at else None,
        **_waiting_with(request, alert),
        **_deadline_facts(request, alert),
    }
    if is_of_organization(user):
        context["words"] = _words_of(alert)
        return render(request, "notifications/clients/notice.html", context)
    return render(request, "notifications/notice.html", context)


def _coming(order: Order) -> ComingService | None:
    """Return the service that is announced and comes next."""
    return next_of([order.pk], timezone.now()).get(order.pk)


def _client_page(request: HttpRequest, alert: Alert) -> HttpResponse:
    """The page of an alert under a release that covers a part of the order: only what the release covers."""
    log_access(request, [alert.of_order.case.public_id])
    context = {
        "alert": alert,
        "words": _words_of(alert),
        "is_to_relay": alert.via == Via.RELAY,
        "may_acknowledge": may_acknowledge(alert, expect(User, request.user)),
        "acknowledge_url": reverse("acknowledge", args=[alert.public_id]),
    }
    return render(request, "notifications/clients/notice.html", context)


def _words_of(alert: Alert) -> ClientWords | None:
    """Return the client's order in plain words for the advocate; None for an alert without a release."""
    releases = ConfidentialityRelease.objects.select_related("agency", "order__case__court")
    found = in_words(releases.filter(pk=alert.release_id or 0), timezone.now())
    return found[0] if found else None


#: Where the reader of an alert goes on, by the capacity of the agency: the page, its title, and whether the
#: page is that of the order.
_DESKS = {
    "marshal": ("case-page", "Open the case", True),
    "prosecutor": ("referral-list", "Open your referrals", False),
    "licensing": ("permit-list", "All permits", False),
    "school": ("school-notices", "All notices to the school", False),
}


def _desk_of(alert: Alert) -> dict[str, str] | None:
    """Return the address and title of the desk that the alert leads to; None if it has no desk of its own."""
    found = _DESKS.get(alert.capacity)
    if found is None:
        return None
    page, title, is_of_order = found
    return {"address": reverse(page, args=[alert.of_order.public_id] if is_of_order else []), "title": title}


def _deadline_facts(request: HttpRequest, alert: Alert) -> dict[str, Any]:
    """Return what the page shows of the alert's deadline."""
    deadline, order = alert.deadline, alert.of_order
    row, language = AlertRow(alert, timezone.now()), language_of(request)
    return {
        "row": row,
        "deadline": deadline,
        "is_overdue": row.state == DeadlineState.OVERDUE,
        "met": met_words(deadline, zone_of(order)),
        "is_met_ahead": deadline.met_at is not None and deadline.met_at > row.now,
        "reasons": reasons(order, language).get((deadline.rule_id, deadline.occurrence), ()),
        "language": language,
        "other_languages": other_languages(language),
        "follow_up": deadline.follow_ups.filter(closed_at=None)
        .select_related("owner", "assigned_to")
        .first(),
    }


def _unreached(request: HttpRequest, alert: Alert) -> str:
    """Return the agencies of the order that alerts did not reach by then; empty if no agency is named."""
    fell_back = _visible(request).filter(
        order=alert.order, via__in=[Via.FALLBACK, Via.MISSING], created_at__lte=alert.created_at
    )
    others = fell_back.exclude(agency=alert.of_order.case.court_id)
    return ", ".join(sorted(set(others.values_list("agency__name", flat=True))))


def _waiting_with(request: HttpRequest, alert: Alert) -> dict[str, Any]:
    """Return what else waits with the alert, and a newer alert of the case that this one does not answer."""
    if alert.acknowledged_at is not None or is_alone(alert):
        return {}
    waiting = _visible(request).unacknowledged().filter(recipient=alert.recipient_id, channel=alert.channel)
    others = waiting_together(waiting, [alert])[alert.pk]
    newer = [one for one in others if one.created_at > alert.created_at]
    now = timezone.now()
    return {
        "also": [AlertRow(one, now) for one in others if one not in newer],
        "newer": newer[0] if newer else None,
    }


def _acknowledged(request: HttpRequest, alert: Alert) -> HttpResponse:
    user = expect(User, request.user)
    if not may_acknowledge(alert, user):
        raise Http404
    log_access(request, [alert.of_order.case.public_id])
    is_first, leads_to_case = alert.acknowledged_at is None, _leads_to_case(alert, user)
    acknowledge(alert, by=user, now=timezone.now())
    # An advocate's acknowledgment is not in the order's history, because it would reveal who the client is.
    recorded = " It is in the history of the order." if alert.release_id is None else ""
    messages.success(request, f"{gettext('Acknowledged.')}{recorded}")
    if is_first and leads_to_case:
        return redirect("case-page", public_id=alert.of_order.public_id)
    return redirect("notice", public_id=alert.public_id)


def _leads_to_case(alert: Alert, user: User) -> bool:
    """True if the reader acts outside and the alert is about the case, not about an offer or a correction."""
    if alert.release_id is not None or is_alone(alert):
        return False
    return bool(roles_over(user, [alert.of_order.pk])[alert.of_order.pk] & _OUTSIDE)


def _visible_fields(user: User, order: int) -> frozenset[str]:
    """Return the fields of the order that the reader sees, as `object.field` of the matrix."""
    return MATRIX.sees(roles_over(user, [order])[order], _SHOWN)


def _visible(request: HttpRequest) -> AlertQuerySet[Alert]:
    """Return the alerts of orders that this person may see. All others do not exist for this person."""
    return Alert.objects.visible_to(request.user).with_details()
