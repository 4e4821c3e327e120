"""What an alert leads to: a page behind sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import MATRIX
from accounts.models import Role, User
from accounts.services.audit import seen
from accounts.services.guessing import found_guessing
from notifications.models import Alert, Channel, Via
from notifications.services import feeds, health
from notifications.services.answers import acknowledge, may_answer
from notifications.services.contacts import unconfirmed_count
from notifications.services.findings import open_findings
from notifications.services.links import LASTS, alert_of
from notifications.services.printing import for_a_hand
from notifications.services.reached import reached
from orders.models import Deadline, DeadlineState, Firearm
from orders.rules.rulebook import Purpose
from orders.services.change import zone_of
from orders.services.explaining import reasons
from orders.services.queue import VIEWERS, offers_to
from orders.services.sight import roles_over
from orders.wording import (
    due_words,
    instant_words,
    language_of,
    met_words,
    other_languages,
    rule_title,
    state_at,
)

#: Alerts on one page of the list.
PAGE = 50

#: So many deadlines that wait for a fact are counted, no more.
MOST = 1000

#: The roles of the court's desk.
_OF_COURT = frozenset({Role.CLERK, Role.JUDGE})

#: Why somebody is told, by the purpose of what fired.
REASONS = {
    Purpose.REMIND.value: "Reminder",
    Purpose.CHECK.value: "The time has run out",
    Purpose.ESCALATE.value: "Still not met",
}


@dataclass(frozen=True)
class Line:
    """One alert as a page shows it at `now`."""

    alert: Alert
    now: datetime
    #: Whether the reader sees whom the order is against; an advocate does not.
    is_named: bool = True

    @property
    def title(self) -> str:
        """What is due."""
        return rule_title(self.alert.deadline.rule_id)

    @property
    def reason(self) -> str:
        """Why the recipient is told."""
        offer = self.alert.hand_over
        if offer is None:
            return REASONS[self.alert.fired.purpose]
        if self.alert.agency_id == offer.to_agency_id:
            return f"Offered to {offer.to_agency} by {offer.from_agency}"
        return f"Refused by {offer.to_agency}"

    @property
    def given(self) -> str:
        """The reason given for the offer, or for its refusal; empty where nothing was offered."""
        offer = self.alert.hand_over
        if offer is None:
            return ""
        return offer.reason if self.alert.agency_id == offer.to_agency_id else offer.answer

    @property
    def state(self) -> DeadlineState:
        """How the deadline stands now, which may be better than when the alert was written."""
        return state_at(self.alert.deadline, self.now)

    @property
    def due(self) -> str:
        """Until when, in court time."""
        return due_words(self.alert.deadline, zone_of(self.alert.of_order))


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits for this person's answer, the newest first."""
    now = timezone.now()
    mine = (
        # By email everybody is told, whatever else; in other ways of the same.
        Alert.objects.filter(recipient=request.user.pk, channel=Channel.EMAIL)
        .visible_to(request.user)
        .unanswered()
        .with_what_they_tell()
        .order_by("-id")
    )
    page = Paginator(mine, PAGE).get_page(request.GET.get("page"))
    seen(request, (alert.of_order.case.public_id for alert in page))
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows
    roles, over = user.roles, roles_over(user, {alert.of_order.pk for alert in page})
    named = {pk for pk, held in over.items() if "name" in MATRIX.things["respondent"].fields_for(held)}
    sees_follow_ups = bool(roles & VIEWERS)
    context = {
        "to_hand": _to_hand(request, now),
        "has_calendar": feeds.may_have(request.user),
        "page": page,
        "lines": [Line(alert, now, alert.of_order.pk in named) for alert in page],
        "is_of_court": bool(roles & _OF_COURT),
        "uncomputed": _uncomputed(request) if roles & _OF_COURT else 0,
        "most": MOST,
        "sees_follow_ups": sees_follow_ups,
        "offers": _offers(request) if sees_follow_ups else 0,
        "is_advocate": Role.ADVOCATE in roles,
        "unconfirmed": unconfirmed_count(user) if Role.ADVOCATE in roles else 0,
        "is_administrator": Role.ADMINISTRATOR in roles,
        "is_auditor": Role.AUDITOR in roles,
        "findings": open_findings()[:PAGE] if Role.ADMINISTRATOR in roles else [],
        "guessing": found_guessing() if Role.ADMINISTRATOR in roles else [],
        "unheard": _unheard_agencies(request) if Role.ADMINISTRATOR in roles else [],
    }
    return render(request, "notifications/home.html", context)


@require_GET
def notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What is due, since when, what is believed held. Never whom the order protects: police read it."""
    alert = _visible(request).filter(public_id=public_id).first()
    if alert is None:
        return _unheard_notice(request, public_id)
    return _notice_page(request, alert, answers_at=reverse("acknowledge", args=[public_id]))


@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The page that a message leads to. Its link answers once, in its time, for those who may answer."""
    public_id = alert_of(token)
    if public_id is None:
        raise Http404
    alert = _visible(request).filter(public_id=public_id).first()
    if alert is None:
        return _unheard_notice(request, public_id)
    if alert.acknowledged_at is None and timezone.now() - alert.created_at < LASTS:
        if request.method == "POST":
            return _acknowledged(request, alert)
        return _notice_page(request, alert, answers_at=request.path)
    messages.info(request, "The link in the message answers once and for three days. This page still does.")
    return redirect("notice", public_id=public_id)


def _notice_page(request: HttpRequest, alert: Alert, *, answers_at: str) -> HttpResponse:
    deadline, order = alert.deadline, alert.of_order
    seen(request, [order.case.public_id])
    zone = zone_of(order)
    line = Line(alert, timezone.now())
    acknowledged_at, language = alert.acknowledged_at, language_of(request)
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows
    sees = _sees(user, order.pk)
    context = {
        "line": line,
        "alert": alert,
        "answers_at": answers_at,
        "deadline": deadline,
        "sees": sees,
        "reasons": reasons(order, language).get((deadline.rule_id, deadline.occurrence), ()),
        "language": language,
        "other_languages": other_languages(language),
        "order": order,
        "is_overdue": line.state == DeadlineState.OVERDUE,
        "met": met_words(deadline, zone),
        "is_met_ahead": deadline.met_at is not None and deadline.met_at > line.now,
        "served": instant_words(order.served_at, zone) if order.served_at else "",
        "acknowledged": instant_words(acknowledged_at, zone) if acknowledged_at else "",
        "may_answer": may_answer(alert, user),
        "is_to_relay": alert.via == Via.RELAY,
        "firearms": Firearm.objects.filter(order__case=order.case_id).order_by("id")
        if "firearm.make" in sees
        else None,
        "follow_up": deadline.follow_ups.filter(closed_at=None)
        .select_related("owner", "assigned_to")
        .first(),
    }
    return render(request, "notifications/notice.html", context)


@require_POST
def acknowledge_notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The reader says that the alert is read and taken up."""
    alert = _visible(request).filter(public_id=public_id).first()
    if alert is None:
        raise Http404
    return _acknowledged(request, alert)


def _acknowledged(request: HttpRequest, alert: Alert) -> HttpResponse:
    if not isinstance(request.user, User) or not may_answer(alert, request.user):
        raise Http404
    seen(request, [alert.of_order.case.public_id])
    acknowledge(alert, by=request.user, now=timezone.now())
    # An advocate's word is not in the record: it would say whose client somebody is.
    on_record = " The record of the order says so." if alert.release_id is None else ""
    messages.success(request, f"Acknowledged.{on_record}")
    return redirect("notice", public_id=alert.public_id)


def _sees(user: User, order: int) -> frozenset[str]:
    """What the reader sees of the order, as `object.field` of the matrix."""
    roles = roles_over(user, [order])[order]
    shown = ("order", "case", "respondent", "firearm", "deadline", "follow_up", "hand_over")
    return MATRIX.sees(roles, shown)


@login_not_required
@require_GET
def deadlines_health(request: HttpRequest) -> JsonResponse:
    """200 while a pulse is fresh, nothing due has waited too long and the counts agree, else 503."""
    try:
        found = health.ask()
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse(
        {
            "status": "ok" if found.is_well else "late",
            "pulse_age_s": found.pulse_age,
            "due_lag_s": found.due_lag,
            "outbox_lag_s": found.outbox_lag,
            "canary_age_s": found.canary_age,
            "counts": {
                name: {"value": value, "counted_at": at.astimezone(UTC).isoformat(timespec="seconds")}
                for name, (value, at) in found.counts.items()
            },
        },
        status=200 if found.is_well else 503,
    )


def _to_hand(request: HttpRequest, now: datetime) -> list[Line]:
    """The printed notices that wait for this person's hands; at most as many as a page holds."""
    assert isinstance(request.user, User)  # noqa: S101 - narrows
    waiting = for_a_hand(request.user).with_what_they_tell()[:PAGE]
    seen(request, (alert.of_order.case.public_id for alert in waiting))
    return [Line(alert, now) for alert in waiting]


def _uncomputed(request: HttpRequest) -> int:
    """How many deadlines of the person's own courts wait for a fact that is missing; at most `MOST`."""
    assert isinstance(request.user, User)  # noqa: S101 - narrows
    courts = [one.agency_id for one in request.user.memberships.all() if one.role in _OF_COURT]
    waiting = Deadline.objects.visible_to(request.user).filter(
        state=DeadlineState.CANNOT_COMPUTE, order__case__court__in=courts
    )
    return waiting.order_by().values("pk")[:MOST].count()


def _offers(request: HttpRequest) -> int:
    """How many follow-ups wait for the answer of the person's own agencies; at most `MOST`."""
    assert isinstance(request.user, User)  # noqa: S101 - narrows
    return offers_to(request.user).order_by().values("pk")[:MOST].count()


def _visible(request: HttpRequest) -> QuerySet[Alert]:
    """The alerts whose orders this person may see; others do not exist."""
    return Alert.objects.visible_to(request.user).with_what_they_tell()


def _unheard_notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """For an administrator told in an agency's stead: which agency has nobody, and nothing of the case."""
    alert = _instead_of(request).filter(public_id=public_id).select_related("agency").first()
    if alert is None:
        raise Http404
    context = {
        "agency": alert.agency,
        "since": alert.created_at,
        "is_unheard": _still_unheard(_instead_of(request).filter(pk=alert.pk)).exists(),
    }
    return render(request, "notifications/unheard.html", context)


def _unheard_agencies(request: HttpRequest) -> list[dict[str, Any]]:
    """The agencies in whose stead this person was told and that still have nobody."""
    rows: Any = (
        _still_unheard(_instead_of(request))
        .values("agency", "agency__name")
        .annotate(alerts=Count("pk"), since=Min("created_at"))
        .order_by("agency__name")
    )
    return list(rows)


def _instead_of(request: HttpRequest) -> QuerySet[Alert]:
    return Alert.objects.filter(recipient=request.user.pk, via=Via.FALLBACK)


def _still_unheard(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Those to agencies that have no address and nobody whom an alert would reach today."""
    told = reached().filter(agency=OuterRef("agency"), role__in=set(MATRIX.told_as.values()))
    return alerts.filter(agency__email="").exclude(Exists(told))
