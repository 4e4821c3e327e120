"""The pages of follow-ups: what stands at somebody's desk, and what is done about one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from accounts.access import MATRIX
from accounts.models import User
from accounts.services.audit import seen
from orders.forms.follow_ups import FollowUpForm, Task
from orders.models import Deadline, DeadlineState, Firearm, FollowUp, HandOver
from orders.services.change import zone_of
from orders.services.explaining import reasons
from orders.services.queue import VIEWERS, Desk, desks_of, offers_to, queue_of, with_all
from orders.views.follow_up_acts import ACTS, PageAct
from orders.wording import (
    day_words,
    due_words,
    instant_words,
    language_of,
    late_words,
    other_languages,
    rule_title,
    state_at,
)

#: Follow-ups on one page of the list.
PAGE = 50
#: So many offers stand above it, the longest waiting first.
OFFERS = 20
#: So many attempts of one follow-up are shown, the newest first.
ATTEMPTS = 50

_DESK_WORDS = {
    Desk.AGENCY: "Your agency",
    Desk.MINE: "Yours",
    Desk.OFFERED: "Offered to you",
    Desk.REFERRED: "Referred to you",
    Desk.ALL: "All you see",
}


@dataclass(frozen=True)
class Line:
    """One follow-up in a list, as it stands at `now`."""

    follow_up: FollowUp
    now: datetime

    @property
    def deadline(self) -> Deadline:
        """What was not met."""
        return self.follow_up.deadline

    @property
    def title(self) -> str:
        """What is due."""
        return rule_title(self.deadline.rule_id)

    @property
    def state(self) -> DeadlineState:
        """How the deadline stands."""
        return state_at(self.deadline, self.now)

    @property
    def late(self) -> str:
        """How long it has been overdue."""
        return late_words(self.deadline, self.now)

    @property
    def next_action(self) -> str:
        """When somebody acts next, in court time."""
        return instant_words(self.follow_up.next_action_at, zone_of(self.follow_up.order))

    @property
    def is_waiting(self) -> bool:
        """True once the next action should have been."""
        return self.follow_up.closed_at is None and self.follow_up.next_action_at <= self.now


@dataclass(frozen=True)
class Offer:
    """An offer that waits for an answer."""

    hand_over: HandOver
    now: datetime

    @property
    def title(self) -> str:
        """What is due."""
        return rule_title(self.hand_over.follow_up.deadline.rule_id)

    @property
    def late(self) -> str:
        """How long it has been overdue."""
        return late_words(self.hand_over.follow_up.deadline, self.now)

    @property
    def offered(self) -> str:
        """Since when it waits, in court time."""
        return instant_words(self.hand_over.offered_at, zone_of(self.hand_over.order))


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The open follow-ups of one part of what this person sees, the next action first."""
    person, now = _viewer(request), timezone.now()
    desks = desks_of(person)
    asked = request.GET.get("show", "")
    desk = Desk(asked) if asked in desks else desks[0]
    rows = list(queue_of(person, desk).filter(_after(request.GET.get("after", "")))[: PAGE + 1])
    offers = list(offers_to(person)[: OFFERS + 1])
    shown = [*(one.order for one in rows[:PAGE]), *(one.order for one in offers[:OFFERS])]
    seen(request, (order.case.public_id for order in shown))
    context = {
        "desks": [(one.value, _DESK_WORDS[one], one is desk) for one in desks],
        "desk": desk.value,
        "desk_words": _DESK_WORDS[desk],
        "lines": [Line(one, now) for one in rows[:PAGE]],
        "after": _cursor(rows[PAGE - 1]) if len(rows) > PAGE else "",
        "is_first_page": not request.GET.get("after"),
        "offers": [Offer(one, now) for one in offers[:OFFERS]],
        "has_more_offers": len(offers) > OFFERS,
    }
    return render(request, "orders/follow_ups.html", context)


@require_GET
def follow_up(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What is due, what is believed held, what was tried, and what this person may do about it. Never whom
    the order protects: police read it."""
    task = _task(request, public_id)
    return _page(request, task, {})


@require_POST
def act(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """One thing is done about the follow-up; what was wrong with what was typed stands at its field."""
    found = ACTS.get(name)
    if found is None or not MATRIX.may(_viewer(request).roles, found.act, found.thing):
        raise Http404
    task = _task(request, public_id)
    if not found.fits(task):
        messages.error(request, "This was not done: it is not yours to do as things stand now.")
        return _page(request, task, {})
    form = _form(found, task, request.POST)
    if not form.is_valid() or not found.perform(form, task):
        return _page(request, task, {name: form})
    messages.success(request, found.done)
    if found.ends_sight:
        return redirect("follow-up-queue")
    return redirect("follow-up-page", public_id=public_id)


def _viewer(request: HttpRequest) -> User:
    """The person, who holds a role that sees follow-ups. Raises `Http404` for who does not."""
    if not isinstance(request.user, User) or not request.user.roles & VIEWERS:
        raise Http404
    return request.user


def _task(request: HttpRequest, public_id: UUID) -> Task:
    """The follow-up of that public id. Raises `Http404` where the person sees none."""
    person = _viewer(request)
    visible = with_all(FollowUp.objects.visible_to(person, roles=VIEWERS))
    found = visible.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    seen(request, [found.order.case.public_id])
    return Task(
        follow_up=found,
        offer=next(iter(getattr(found, "standing_offers")), None),  # noqa: B009 - made by the prefetch
        referral=found.referrals.filter(outcome="").select_related("agency").first(),
        person=person,
        now=timezone.now(),
    )


def _form(act: PageAct, task: Task, typed: Any = None) -> FollowUpForm:
    return act.form(typed, task=task, auto_id=f"id_{act.name}_%s")


def _page(request: HttpRequest, task: Task, filled: dict[str, FollowUpForm]) -> HttpResponse:
    """The page, with these forms as they were filled in and the others empty."""
    row, order = task.follow_up, task.follow_up.order
    zone, language = zone_of(order), language_of(request)
    line = Line(row, task.now)

    def said(at: datetime | None) -> str:
        return instant_words(at, zone) if at else ""

    context = {
        "line": line,
        "follow_up": row,
        "order": order,
        "deadline": row.deadline,
        "is_overdue": line.state == DeadlineState.OVERDUE,
        "due": due_words(row.deadline, zone),
        "opened": said(row.opened_at),
        "closed": said(row.closed_at),
        "served": said(order.served_at),
        "offer": task.offer,
        "referral": task.referral,
        "attempts": [
            (one, said(one.attempted_at), said(one.next_action_at))
            for one in row.attempts.select_related("by").order_by("-attempted_at", "-id")[:ATTEMPTS]
        ],
        "hand_overs": [
            (one, said(one.offered_at), said(one.answered_at or one.withdrawn_at))
            for one in row.hand_overs.select_related("from_agency", "to_agency", "offered_by", "answered_by")
        ],
        "referrals": [
            (one, said(one.referred_at), day_words(one.decided_on) if one.decided_on else "")
            for one in row.referrals.select_related("agency", "referred_by", "decided_by")
        ],
        "acts": [
            (one, filled.get(one.name) or _form(one, task), one.name in filled)
            for one in ACTS.values()
            if one.fits(task)
        ],
        "firearms": Firearm.objects.filter(order__case=order.case_id).order_by("id"),
        "reasons": reasons(order, language).get((row.deadline.rule_id, row.deadline.occurrence), ()),
        "language": language,
        "other_languages": other_languages(language),
    }
    return render(request, "orders/follow_up.html", context)


def _cursor(last: FollowUp) -> str:
    """Where a page ended: nothing in it can be counted."""
    return f"{last.next_action_at.isoformat()}~{last.public_id}"


def _after(cursor: str) -> Q:
    """What comes after the page that ended there; all where that says nothing."""
    instant, _, name = cursor.partition("~")
    try:
        at, public_id = parse_datetime(instant), UUID(name)
    except ValueError:
        return Q()
    if at is None or at.tzinfo is None:
        return Q()
    return Q(next_action_at__gt=at) | Q(next_action_at=at, public_id__gt=public_id)
