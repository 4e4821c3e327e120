"""The pages of follow-ups: the queue, one follow-up, and what people do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from accounts.access import MATRIX
from accounts.models import User
from accounts.services.access.access_log import log_access
from orders.display import due_words, language_of, late_words, other_languages, shown_state
from orders.forms.follow_up_forms import FollowUpForm, Task
from orders.forms.follow_ups import FOLLOW_UP_ACTS, FollowUpAct
from orders.models import (
    Attempt,
    AttemptResult,
    Deadline,
    DeadlineState,
    FollowUp,
    Order,
    OutsideTransfer,
    Referral,
    ShownState,
    Transfer,
)
from orders.services.court_days import zone_of
from orders.services.firearms.accounting import FirearmAccount, account_of
from orders.services.follow_ups.attempts import record_attempt
from orders.services.follow_ups.queue import VIEWERS, Desk, desks_of, offers_to, queue_of, with_all
from orders.services.parties.visibility import roles_over
from orders.services.planning.explanations import reasons
from orders.services.related_orders import RelatedOrder, custody_notices, related_orders
from orders.views.seen import person_in
from orders.views.state_titles import state_title

#: Follow-ups on one page of the list.
PAGE = 50
#: Offers above the list, the oldest first.
OFFERS = 20
#: Attempts on the page of one follow-up, the newest first.
ATTEMPTS = 50

_DESK_WORDS = {
    Desk.AGENCY: "Your agency",
    Desk.MINE: "Assigned to you",
    Desk.OFFERED: "Offered to your agency",
    Desk.REFERRED: "Referred to you",
    Desk.ALL: "All you see",
}


@dataclass(frozen=True)
class FollowUpRow:
    """One follow-up in a list, at `now`."""

    follow_up: FollowUp
    now: datetime

    @property
    def deadline(self) -> Deadline:
        """The deadline that was not met."""
        return self.follow_up.deadline

    @property
    def title(self) -> str:
        """The state of the deadline as a title."""
        return state_title(self.deadline, self.now)

    @property
    def state(self) -> ShownState:
        """The state of the deadline."""
        return shown_state(self.deadline, self.now)

    @property
    def late(self) -> str:
        """How long the deadline is overdue."""
        return late_words(self.deadline, self.now)

    @property
    def zone(self) -> ZoneInfo:
        """The court's time zone."""
        return zone_of(self.follow_up.order)

    @property
    def is_waiting(self) -> bool:
        """True if the time of the next action is past."""
        return self.follow_up.closed_at is None and self.follow_up.next_action_at <= self.now


@dataclass(frozen=True)
class Offer:
    """A transfer that waits for an answer."""

    transfer: Transfer
    now: datetime

    @property
    def title(self) -> str:
        """The state of the deadline as a title."""
        return state_title(self.transfer.follow_up.deadline, self.now)

    @property
    def late(self) -> str:
        """How long the deadline is overdue."""
        return late_words(self.transfer.follow_up.deadline, self.now)

    @property
    def zone(self) -> ZoneInfo:
        """The court's time zone."""
        return zone_of(self.transfer.order)


@dataclass(frozen=True)
class OfferedAct:
    """An act that the person may do now, with its form; `is_refused` if the form was sent and rejected."""

    act: FollowUpAct
    form: FollowUpForm
    is_refused: bool


@dataclass(frozen=True, kw_only=True)
class FollowUpPage:
    """The page of one follow-up for a person, with reasons in `language`.

    It never names the protected person: police read it.
    """

    task: Task
    language: str
    #: Forms that were sent and rejected, by the name of their act.
    rejected: Mapping[str, FollowUpForm]
    #: The act to which the last attempt leads, if any.
    next_act: str = ""

    @property
    def line(self) -> FollowUpRow:
        """The follow-up as lists show it."""
        return FollowUpRow(self.task.follow_up, self.task.now)

    @property
    def order(self) -> Order:
        """The order."""
        return self.task.follow_up.order

    @property
    def is_overdue(self) -> bool:
        """True if the deadline is overdue."""
        return self.line.state == DeadlineState.OVERDUE

    @property
    def due(self) -> str:
        """When the deadline is due, in court time."""
        return due_words(self.line.deadline, self.line.zone)

    @cached_property
    def attempts(self) -> QuerySet[Attempt]:
        """The newest attempts."""
        rows = self.task.follow_up.attempts.select_related("by")
        return rows.order_by("-attempted_at", "-id")[:ATTEMPTS]

    @cached_property
    def transfers(self) -> QuerySet[Transfer]:
        """The transfers that were offered."""
        return self.task.follow_up.transfers.select_related(
            "from_agency", "to_agency", "offered_by", "answered_by"
        )

    @cached_property
    def outside(self) -> QuerySet[OutsideTransfer]:
        """What was sent to police outside the system."""
        return self.task.follow_up.outside_transfers.select_related("sent_by")

    @cached_property
    def referrals(self) -> QuerySet[Referral]:
        """The referrals to prosecutors."""
        return self.task.follow_up.referrals.select_related("agency", "referred_by", "decided_by")

    @cached_property
    def acts(self) -> list[OfferedAct]:
        """The acts that the person may do now."""
        return [
            OfferedAct(act, self.rejected.get(act.name) or _form(act, self.task), act.name in self.rejected)
            for act in FOLLOW_UP_ACTS.values()
            if act.is_offered(self.task) and not act.is_beside
        ]

    @property
    def case_address(self) -> str:
        """The address of the case: on the court's pages for the court."""
        roles = roles_over(self.task.person, {self.order.pk})[self.order.pk]
        is_court = bool(roles & MATRIX.capacities["court"].seen_by)
        return reverse("admin:orders_order_change" if is_court else "case-page", args=[self.order.public_id])

    @property
    def shows_places(self) -> bool:
        """True for court and police, who may see where a firearm is believed to be."""
        roles = roles_over(self.task.person, {self.order.pk})[self.order.pk]
        return "firearm.believed_place" in MATRIX.sees(roles, ("firearm",))

    @cached_property
    def account(self) -> FirearmAccount:
        """The three numbers of the order's firearms."""
        return account_of(self.order)

    @cached_property
    def reasons(self) -> Sequence[str]:
        """Why the deadline is due on its date."""
        deadline = self.line.deadline
        return reasons(self.order, self.language).get((deadline.rule_id, deadline.occurrence), ())

    @cached_property
    def related(self) -> list[RelatedOrder]:
        """The other orders against the respondent that the person may know of."""
        return related_orders(self.order, user=self.task.person, now=self.task.now)

    @property
    def other_languages(self) -> list[tuple[str, str]]:
        """The other languages of the reasons."""
        return other_languages(self.language)


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Show the open follow-ups of one desk of the person, the next action first."""
    person, now = person_in(request, VIEWERS), timezone.now()
    desks = desks_of(person)
    asked = request.GET.get("show", "")
    desk = Desk(asked) if asked in desks else desks[0]
    rows = list(queue_of(person, desk).filter(_after_cursor(request.GET.get("after", "")))[: PAGE + 1])
    offers = list(offers_to(person)[: OFFERS + 1])
    custody = custody_notices(_police_of(person), now=now)
    shown = [*(one.order for one in rows[:PAGE]), *(one.order for one in offers[:OFFERS])]
    shown += [order for one in custody for order in (one.held_under, one.new)]
    log_access(request, (order.case.public_id for order in shown))
    context = {
        "desks": [(one.value, _DESK_WORDS[one], one is desk) for one in desks],
        "desk": desk.value,
        "desk_words": _DESK_WORDS[desk],
        "lines": [FollowUpRow(one, now) for one in rows[:PAGE]],
        "after": _cursor(rows[PAGE - 1]) if len(rows) > PAGE else "",
        "is_first_page": not request.GET.get("after"),
        "offers": [Offer(one, now) for one in offers[:OFFERS]],
        "has_more_offers": len(offers) > OFFERS,
        "custody": custody,
    }
    return render(request, "orders/follow_ups.html", context)


@require_GET
def follow_up(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one follow-up and what this person may do about it."""
    return _page(request, _task(request, public_id), {})


@require_POST
def act(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """Do one act on the follow-up; show a rejected form with its errors."""
    found = FOLLOW_UP_ACTS.get(name)
    if found is None or not MATRIX.may(person_in(request, VIEWERS).roles, found.action, found.resource):
        raise Http404
    task = _task(request, public_id)
    if not found.is_offered(task):
        messages.error(request, "This was not done: your agency may not do it now.")
        return _back_or(request, lambda: _page(request, task, {}))
    form = _form(found, task, request.POST)
    if not form.is_valid() or not found.perform(form, task):
        if _is_on_today(request):
            messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
        return _back_or(request, lambda: _page(request, task, {name: form}))
    messages.success(request, found.done)
    return _back_or(request, lambda: _after(request, found, form, task))


def _is_on_today(request: HttpRequest) -> bool:
    """True if the button is in a row of the court's first page, which has no place for a form."""
    return request.POST.get("back") == "today"


def _back_or(request: HttpRequest, page: Callable[[], HttpResponse]) -> HttpResponse:
    """Return to the first page if the button was there; else return this page."""
    return redirect("home") if _is_on_today(request) else page()


def _after(request: HttpRequest, found: FollowUpAct, form: FollowUpForm, task: Task) -> HttpResponse:
    if found.ends_access:
        return redirect("follow-up-queue")
    if found.service is record_attempt:
        return _after_attempt(request, task, form.service_kwargs()["result"])
    return redirect("follow-up-page", public_id=task.follow_up.public_id)


#: The act to which the result of an attempt leads, and why.
_NEXT = {
    AttemptResult.UNSERVED: ("", "The record has a service. If that is wrong, ask the clerk to correct it."),
    AttemptResult.REFUSED: ("refer", "The respondent refused: refer it to the prosecutor, for a warrant."),
    AttemptResult.DENIED: ("refer", "A denial closes nothing: refer it, or plan the next attempt."),
    AttemptResult.MOVED: ("transfer", "The respondent moved: offer it to the police of the new place."),
    AttemptResult.OUT_OF_STATE: ("refer", "The respondent is out of state: refer it to the prosecutor."),
}


def _after_attempt(request: HttpRequest, task: Task, result: str) -> HttpResponse:
    """Lead on to what the result asks for: the receipt of what was recovered, a referral or a transfer."""
    follow_up = task.follow_up
    if result == AttemptResult.RECOVERED:
        messages.info(request, "Now write the receipt: it proves what was recovered.")
        return redirect("case-receipt", public_id=follow_up.order.public_id)
    act, why = _NEXT.get(AttemptResult(result), ("", ""))
    page = reverse("follow-up-page", args=[follow_up.public_id])
    if why:
        messages.info(request, why)
    return redirect(f"{page}?next={act}" if act else page)


def _police_of(person: User) -> list[int]:
    """Return the police agencies (by key) where the person is a member."""
    police = MATRIX.capacities["respondent_police"].seen_by
    return [one.agency_id for one in person.memberships.all() if one.role in police and one.agency_id]


def _task(request: HttpRequest, public_id: UUID) -> Task:
    """Return the follow-up of that public id. Raises `Http404` if the person does not see it."""
    person = person_in(request, VIEWERS)
    visible = with_all(FollowUp.objects.visible_to(person, roles=VIEWERS))
    found = visible.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    log_access(request, [found.order.case.public_id])
    offers: list[Transfer] = vars(found)["open_offers"]
    return Task(
        follow_up=found,
        offer=next(iter(offers), None),
        referral=found.referrals.filter(outcome="").select_related("agency").first(),
        person=person,
        now=timezone.now(),
    )


def _form(act: FollowUpAct, task: Task, typed: Any = None) -> FollowUpForm:
    return act.form(typed, task=task, auto_id=f"id_{act.name}_%s")


def _page(request: HttpRequest, task: Task, rejected: Mapping[str, FollowUpForm]) -> HttpResponse:
    page = FollowUpPage(
        task=task,
        language=language_of(request),
        rejected=rejected,
        next_act=request.GET.get("next", ""),
    )
    log_access(request, [one.order.case.public_id for one in page.related])
    return render(request, "orders/follow_up.html", {"page": page})


def _cursor(last: FollowUp) -> str:
    """Return a cursor after `last` that counts nothing."""
    return f"{last.next_action_at.isoformat()}~{last.public_id}"


def _after_cursor(cursor: str) -> Q:
    """Return the condition for what comes after the cursor; no condition for an invalid cursor."""
    instant, _, name = cursor.partition("~")
    try:
        at, public_id = parse_datetime(instant), UUID(name)
    except ValueError:
        return Q()
    if at is None or at.tzinfo is None:
        return Q()
    last = FollowUp.objects.filter(public_id=public_id).values("pk")
    return Q(next_action_at__gt=at) | Q(next_action_at=at, pk__gt=Subquery(last))
