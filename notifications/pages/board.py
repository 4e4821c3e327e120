"""The board on the first page, and the part of that page which comes again by itself."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from notifications.models import Alert, Channel
from notifications.querysets import AlertQuerySet
from orders.views.cases.board import BOARD_ROLES, Board


def board_of(
    request: HttpRequest, user: User, mine: AlertQuerySet[Alert], now: datetime, *, known: str = ""
) -> dict[str, Any]:
    """Return the board, and by case the alert to acknowledge there; empty for roles without a board.

    `known` is the state that the page shows already: the same state again is no new access.
    """
    if not user.roles & BOARD_ROLES:
        return {}
    board = Board(person=user, now=now)
    waiting = mine.leading().filter(_of(board)).select_related("order").order_by("id")
    alerts = {one.of_order.case_id: one for one in waiting}
    state = _state(user, board, alerts)
    if not hmac.compare_digest(state, known):
        log_access(request, (one.case.public_id for one in board.orders))
    owns = bool(user.agencies_for("assign", "follow_up"))
    return {"board": board, "waiting": alerts, "state": state, "owns_follow_ups": owns}


def not_on(board: Board) -> Q:
    """A condition on alerts: true for those whose case has no row on the board."""
    return ~_of(board)


def _of(board: Board) -> Q:
    cases = {one.case_id for one in board.orders}
    return Q(order__case__in=cases, transfer__isnull=True, correction__isnull=True)


def _state(user: User, board: Board, alerts: dict[int, Alert]) -> str:
    """Return a keyed digest of what the board shows, without the clocks."""
    rows = [(one.name, row.facts) for one in board.sections for row in one.rows]
    return salted_hmac("board", repr([user.pk, rows, sorted(alerts)]), algorithm="sha256").hexdigest()


@require_GET
def board_part(request: HttpRequest) -> HttpResponse:
    """Show the board alone, for the page that asks for it every minute.

    It does not keep the session alive: an unattended page is still signed out.
    """
    user, now = expect(User, request.user), timezone.now()
    vars(request.session)["is_quiet"] = True
    mine = Alert.objects.filter(recipient=user.pk, channel=Channel.EMAIL).visible_to(user).unacknowledged()
    context = board_of(request, user, mine, now, known=request.GET.get("known", ""))
    if not context:
        raise Http404
    return render(request, "notifications/board.html", context)
