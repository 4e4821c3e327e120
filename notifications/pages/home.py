"""The first page after sign-in: alerts to acknowledge, and a card for each role."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import MATRIX
from accounts.dates import court_date
from accounts.models import Role, User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from accounts.services.access.enumeration_guard import recent_blocks
from accounts.services.access.reviews import overdue_weeks
from guidance.services import directory, statistics
from notifications.forms.contacts import news_words
from notifications.models import Alert, Channel
from notifications.pages.alert_rows import FELL_BACK, AlertRow, CaseRow, waiting_together
from notifications.pages.board import board_of, not_on
from notifications.pages.clients import clients_of, in_own_language, is_of_organization
from notifications.pages.unreached import unreached_agencies
from notifications.querysets import AlertQuerySet
from notifications.services.calendar import feeds
from notifications.services.contacts.contacts import unconfirmed_count
from notifications.services.contacts.unreached import unanswered, unreached
from notifications.services.corrected_alerts import taken_back_from
from notifications.services.delivery.printing import to_hand_over
from notifications.services.recipients.news import kinds_by_rule
from notifications.services.watch.findings import open_findings
from notifications.services.watch.locked import locks_known_to
from notifications.services.weekly import supervised
from orders.services.clients.release_requests import waiting_for
from orders.services.desk.conditions import CourtDesk
from orders.services.follow_ups.figures import agencies_of
from orders.services.follow_ups.queue import VIEWERS, offers_to
from orders.services.parties.visibility import roles_over
from orders.views.court.today import Today

#: Alerts on one page of the list.
PAGE = 50

#: Alerts beside Today, which has what is due already; a link leads to all.
FEW = 5

#: Orders of clients on the first page of an advocate.
MOST_CLIENTS = 25

#: The most deadlines and offers that are counted.
MAX_COUNTED = 1000

#: The roles at a court.
_COURT_ROLES = frozenset({Role.CLERK, Role.JUDGE})


@in_own_language
@require_GET
def home(request: HttpRequest) -> HttpResponseBase:
    """The user's alerts to acknowledge, one row for each case, newest first, and the cards of the user's
    roles."""
    user, now = expect(User, request.user), timezone.now()
    # Every recipient gets an email; alerts on other channels repeat the same content.
    mine = Alert.objects.filter(recipient=user.pk, channel=Channel.EMAIL).visible_to(user).unacknowledged()
    on_board = board_of(request, user, mine, now)
    board = on_board.get("board")
    listed = mine.leading() if board is None else mine.leading().filter(not_on(board))
    today = _today(request, user, mine, now)
    shows_few = bool(today) and board is None and not {"page", "alerts"} & request.GET.keys()
    size = FEW if shows_few else PAGE
    page = Paginator(listed.with_details().order_by("-id"), size).get_page(request.GET.get("page"))
    log_access(request, (alert.of_order.case.public_id for alert in page))
    over = roles_over(user, {alert.of_order.pk for alert in page})
    named = {pk for pk, held in over.items() if "name" in MATRIX.resources["respondent"].fields_for(held)}
    together = waiting_together(mine, list(page))
    context = {
        "page": page,
        "rows": [CaseRow(alert, together[alert.pk], now, alert.of_order.pk in named) for alert in page],
        "taken_back": taken_back_from(user)[:PAGE],
        "to_hand_over": _to_hand_over(request, user, now),
        "has_calendar": feeds.can_have_feed(user),
        **on_board,
        **today,
        "shows_few": shows_few,
        **_cards(request, user, now),
    }
    if is_of_organization(user):
        own = _clients(request, user, now)
        news = [
            (row.lead, own["names"].get(row.lead.of_order.pk), _about(row.lead)) for row in context["rows"]
        ]
        return render(request, "notifications/clients/home.html", context | own | {"news": news})
    return render(request, "notifications/home.html", context)


def _about(alert: Alert) -> str:
    """Return what an alert is news of, in the words of an advocate; empty if it is no kind of news."""
    kind = kinds_by_rule().get(alert.deadline.rule_id) if alert.checkpoint and not alert.note else None
    return "".join(news_words([kind])) if kind else ""


def _clients(request: HttpRequest, user: User, now: datetime) -> dict[str, Any]:
    """Return the first page of an advocate: the most urgent orders of the clients."""
    found = clients_of(user, now)
    shown = found[:MOST_CLIENTS]
    log_access(request, (one.client.order.case.public_id for one in shown))
    names = {one.client.order.pk: one.title for one in found}
    failed = list(
        unreached(user, now).select_related("release__order__case").order_by("-set_at")[:MOST_CLIENTS]
    )
    log_access(request, (one.release.order.case.public_id for one in failed))
    silent = list(
        unanswered(user).select_related("release__order__case").order_by("-asked_at")[:MOST_CLIENTS]
    )
    log_access(request, (one.release.order.case.public_id for one in silent))
    return {
        "clients": shown,
        "count": len(found),
        "names": names,
        "unreached": failed,
        "unanswered": silent,
        "to_confirm": waiting_for(user).order_by().count() if Role.SUPERVISOR in user.roles else 0,
    }


def _today(request: HttpRequest, user: User, mine: AlertQuerySet[Alert], now: datetime) -> dict[str, Any]:
    """Return what needs the person's court now; empty for people of no court."""
    desk = CourtDesk(person=user, now=now)
    if not user.is_staff or not desk.courts:
        return {}
    today = Today(desk=desk)
    unreached = list(mine.leading().filter(note__in=FELL_BACK).with_details().order_by("-id")[:PAGE])
    log_access(request, (one.case.public_id for one in today.orders))
    log_access(request, (one.of_order.case.public_id for one in unreached))
    return {
        "today": today,
        "not_reached": [AlertRow(one, now) for one in unreached],
        "may_enter": Role.CLERK in user.roles,
        "releases_to_answer": waiting_for(user).order_by().count(),
    }


def _cards(request: HttpRequest, user: User, now: datetime) -> dict[str, Any]:
    """Return what the cards of the user's roles need."""
    roles = user.roles
    is_court, is_advocate = bool(roles & _COURT_ROLES), Role.ADVOCATE in roles
    is_administrator, sees_follow_ups = Role.ADMINISTRATOR in roles, bool(roles & VIEWERS)
    return {
        "is_court": is_court,
        "sees_follow_ups": sees_follow_ups,
        "offers": offers_to(user).order_by().values("pk")[:MAX_COUNTED].count() if sees_follow_ups else 0,
        "is_advocate": is_advocate,
        "unconfirmed": unconfirmed_count(user) if is_advocate else 0,
        "leads_police": Role.SUPERVISOR in roles and bool(supervised(user)),
        "has_figures": bool(agencies_of(user)),
        "is_auditor": Role.AUDITOR in roles,
        "unreviewed": len(overdue_weeks()) if Role.AUDITOR in roles else 0,
        "is_administrator": is_administrator,
        "findings": open_findings()[:PAGE] if is_administrator else [],
        "locks": [] if is_administrator else list(locks_known_to(user)),
        "blocks": recent_blocks() if is_administrator else [],
        "unreached": unreached_agencies(request) if is_administrator else [],
        "figures_to_release": statistics.to_release(now) if is_administrator else None,
        "help_to_check": len(directory.overdue(court_date(now))) if is_administrator else 0,
    }


def _to_hand_over(request: HttpRequest, user: User, now: datetime) -> list[AlertRow]:
    """Return the printed notices that this person can hand over, at most one page."""
    waiting = to_hand_over(user).with_details()[:PAGE]
    log_access(request, (alert.of_order.case.public_id for alert in waiting))
    return [AlertRow(alert, now) for alert in waiting]
