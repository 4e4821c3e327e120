"""What advocates read: how orders stand while a release to their organization does, and no names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from accounts.access import MATRIX
from accounts.models import Role, User
from accounts.services.audit import seen
from notifications.forms.contacts import ContactForm
from notifications.models import SafeContact
from notifications.services import contacts
from orders.errors import InvalidFact
from orders.models import Deadline, DeadlineState, Hearing, Order, Release
from orders.services.change import court_day, zone_of
from orders.services.releases import revoke_release
from orders.wording import day_words, due_words, instant_words, met_words, rule_title, state_at

#: Orders on one page of the list.
PAGE = 25
#: Rows of one kind that one order shows, at the most.
MOST = 100

_SHOWN = ("case", "deadline", "hearing", "order", "release")
#: What an advocate sees, as `object.field` of the matrix.
SEES = MATRIX.sees({Role.ADVOCATE}, _SHOWN)

#: What the state of a deadline means for somebody who is no lawyer.
MEANINGS = {
    DeadlineState.NOT_STARTED: "The time for it has not begun.",
    DeadlineState.OPEN: "The time for it is running.",
    DeadlineState.OVERDUE: "The time for it is over, and nobody has recorded here that it was done.",
    DeadlineState.MET: "It is recorded as done.",
    DeadlineState.CANNOT_COMPUTE: "A fact is missing, so that nobody can say until when.",
}


@dataclass(frozen=True)
class Due:
    """One deadline as an advocate reads it at `now`."""

    deadline: Deadline
    zone: ZoneInfo
    now: datetime

    @property
    def title(self) -> str:
        """What is due."""
        return rule_title(self.deadline.rule_id)

    @cached_property
    def state(self) -> DeadlineState:
        """How it stands now."""
        return state_at(self.deadline, self.now)

    @property
    def meaning(self) -> str:
        """What that means, in words for somebody who is no lawyer, and when it was done."""
        met = met_words(self.deadline, self.zone)
        if self.deadline.met_at is not None and self.deadline.met_at > self.now:
            return f"It is set for {met}."
        return f"{MEANINGS[self.state]} {met}." if met else MEANINGS[self.state]

    @property
    def due(self) -> str:
        """Until when, in court time."""
        return due_words(self.deadline, self.zone)


@dataclass(frozen=True)
class Watched:
    """One order as an advocate reads it at `now`."""

    release: Release
    due: Sequence[Due]
    hearings: Sequence[Hearing]
    contact: SafeContact | None
    now: datetime

    @property
    def order(self) -> Order:
        """The order."""
        return self.release.order

    @property
    def running(self) -> list[Due]:
        """What is due now or overdue."""
        return [one for one in self.due if one.state in (DeadlineState.OPEN, DeadlineState.OVERDUE)]

    @property
    def served(self) -> str:
        """When it was served, in court time; empty where it was not."""
        at = self.order.served_at
        return instant_words(at, zone_of(self.order)) if at else ""

    @property
    def vacated(self) -> str:
        """When it was vacated, in court time; empty where it was not."""
        at = self.order.vacated_at
        return instant_words(at, zone_of(self.order)) if at else ""

    @property
    def expires(self) -> str:
        """Its last day; empty where none is recorded."""
        return day_words(self.order.expires_on) if self.order.expires_on else ""

    @property
    def ends(self) -> str:
        """Until when the release lasts, in court time."""
        return instant_words(self.release.ends_at, zone_of(self.order))

    @property
    def next_hearing(self) -> str:
        """What the next hearing is for, and when; empty where none is set."""
        today = court_day(self.order, self.now)
        coming = (one for one in self.hearings if not one.outcome and one.scheduled_on >= today)
        return next((hearing_words(one) for one in coming), "")

    @property
    def past_hearings(self) -> list[str]:
        """What came of the hearings that were held or put off."""
        return [f"{hearing_words(one)}: {one.get_outcome_display()}" for one in self.hearings if one.outcome]

    @property
    def is_unconfirmed(self) -> bool:
        """True where nothing is sent to the person until somebody confirms the way again."""
        return self.contact is not None and contacts.is_unconfirmed(self.contact, self.now)

    @property
    def is_silent(self) -> bool:
        """True where nothing is sent to the person, whose number said STOP."""
        return self.contact is not None and contacts.is_silent(self.contact)

    @property
    def confirmed_until(self) -> str:
        """Until when the person's word holds; empty where there is none."""
        if self.contact is None:
            return ""
        return instant_words(self.contact.confirmed_at + self.contact.confirm_every, zone_of(self.order))


def hearing_words(hearing: Hearing) -> str:
    """What it is for and when, in court time."""
    at = f", {hearing.scheduled_time:%H:%M}" if hearing.scheduled_time else ""
    return f"{hearing.get_purpose_display()}, {day_words(hearing.scheduled_on)}{at}"


@require_GET
def releases(request: HttpRequest) -> HttpResponse:
    """The orders for which a release to the advocate's organization stands, the newest first."""
    user, now = _advocate(request), timezone.now()
    # As the index `release_of_agency` has them.
    rows = _releases(user).order_by("-order", "-id")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    waiting = contacts.unconfirmed(user).select_related("release__order__case")
    unconfirmed = list(waiting.order_by("confirmed_at", "id")[: contacts.MOST])
    cases = {one.order.case.public_id for one in page}
    seen(request, cases | {one.release.order.case.public_id for one in unconfirmed})
    context = {
        "page": page,
        "watched": _watched(list(page), now),
        "unconfirmed": unconfirmed,
        "most": contacts.MOST,
        "sees": SEES,
    }
    return render(request, "notifications/releases.html", context)


@method_decorator(sensitive_post_parameters("address", "phrase"), name="dispatch")
class OneRelease(View):
    """One order, the safe contact and the release. All acts have this one address, which is what the access
    log keeps: it does not tell that there is a safe contact."""

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """How the order stands."""
        return self._page(request, self._release(request, public_id), ContactForm())

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """What the pressed button says. Raises `Http404` for none of ours."""
        release = self._release(request, public_id)
        match request.POST.get("act"):
            case "set":
                return self._set(request, release)
            case "confirm":
                return self._of_contact(request, release, is_over=False)
            case "end":
                return self._of_contact(request, release, is_over=True)
            case "revoke":
                return self._revoke(request, release)
        raise Http404

    def _set(self, request: HttpRequest, release: Release) -> HttpResponse:
        form = ContactForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, form)
        try:
            contacts.set_contact(release, form.wish(), by=_advocate(request), now=timezone.now())
        except InvalidFact as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return self._page(request, release, form)
        messages.success(request, "Set. The person is told in this way and in no other.")
        return redirect("advocate-release", public_id=release.public_id)

    def _of_contact(self, request: HttpRequest, release: Release, *, is_over: bool) -> HttpResponse:
        contact, now = contacts.contact_of(release), timezone.now()
        if contact is None:
            messages.error(request, "There is no safe contact any more. Nothing is sent to the person.")
        elif is_over:
            contacts.end(contact, now=now)
            messages.success(request, "Ended and wiped. Nothing is sent to the person.")
        else:
            contacts.confirm(contact, now=now)
            messages.success(request, "Confirmed again.")
        return redirect("advocate-release", public_id=release.public_id)

    def _revoke(self, request: HttpRequest, release: Release) -> HttpResponse:
        if request.POST.get("sure") != "yes":
            messages.error(request, "Tick that the person takes the release back; then press the button.")
            return redirect("advocate-release", public_id=release.public_id)
        revoke_release(release, by=_advocate(request), now=timezone.now())
        messages.success(request, "The release is taken back. Your organization sees the order no more.")
        return redirect("releases")

    def _release(self, request: HttpRequest, public_id: UUID) -> Release:
        """The release that the advocate sees. Raises `Http404` for any other."""
        release = _releases(_advocate(request)).filter(public_id=public_id).first()
        if release is None:
            raise Http404
        seen(request, [release.order.case.public_id])
        return release

    def _page(self, request: HttpRequest, release: Release, form: ContactForm) -> HttpResponse:
        (watched,) = _watched([release], timezone.now())
        context = {"watched": watched, "form": form, "sees": SEES}
        return render(request, "notifications/release.html", context)


def _advocate(request: HttpRequest) -> User:
    """The advocate who asks. Raises `Http404` for anybody else."""
    user = request.user
    if not isinstance(user, User) or Role.ADVOCATE not in user.roles:
        raise Http404
    return user


def _releases(user: User) -> QuerySet[Release]:
    return contacts.releases_of(user).select_related("agency", "order__case__court")


def _watched(rows: Sequence[Release], now: datetime) -> list[Watched]:
    """The releases with all that is shown of their orders, in as many queries for many as for one."""
    orders = {one.order_id for one in rows}
    zones = {one.order_id: zone_of(one.order) for one in rows}
    due: defaultdict[int, list[Due]] = defaultdict(list)
    for deadline in _standing(orders):
        due[deadline.order_id].append(Due(deadline, zones[deadline.order_id], now))
    hearings: defaultdict[int, list[Hearing]] = defaultdict(list)
    for hearing in Hearing.objects.filter(order__in=orders).order_by("scheduled_on", "id"):
        hearings[hearing.order_id].append(hearing)
    standing = {one.release_id: one for one in SafeContact.objects.filter(release__in=rows, ended_at=None)}
    return [
        Watched(one, due[one.order_id][:MOST], hearings[one.order_id][:MOST], standing.get(one.pk), now)
        for one in rows
    ]


def _standing(orders: Collection[int]) -> QuerySet[Deadline]:
    rows = Deadline.objects.filter(order__in=orders).exclude(state=DeadlineState.WITHDRAWN)
    return rows.order_by("due_at", "id")
