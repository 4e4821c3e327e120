"""Pages for advocates: the status of orders with a release to their organization, without names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from accounts.access import MATRIX
from accounts.dates import format_clock, format_day, format_instant
from accounts.models import Role, User
from accounts.services.access.access_log import log_access, log_miss
from notifications.forms.contacts import AliasForm, ContactForm, ReportForm
from notifications.models import SafeContact
from notifications.pages.client_words import sent_words
from notifications.pages.clients import clients_of, in_own_language, in_words
from notifications.services.contacts import contacts
from orders.display import due_words, met_words, rule_title, shown_state, state_at
from orders.errors import InvalidFact, UnseenFact
from orders.models import (
    RUNNING,
    STATEMENT_ALONE,
    ConfidentialityRelease,
    Deadline,
    DeadlineState,
    Hearing,
    Order,
    ProofStatus,
    SetStatus,
)
from orders.services.clients.reports import report_firearms
from orders.services.court_days import court_day, zone_of
from orders.services.parties.releases import revoke_release, set_alias

#: Orders on one page of the list.
PAGE = 25
#: The most rows of one kind on the page of an order.
MAX_ROWS = 100

#: Session key of the address that was just saved, by the public id of its release.
_SAVED = "safe_contact_saved"

_SHOWN = ("case", "deadline", "hearing", "order", "confidentiality_release")
#: The fields that an advocate sees, as `object.field` of the matrix.
SEES = MATRIX.sees({Role.ADVOCATE}, _SHOWN)

#: The meaning of a deadline's state in plain words.
MEANINGS: dict[DeadlineState | ProofStatus | SetStatus, str] = {
    DeadlineState.NOT_STARTED: "The time for this has not started.",
    DeadlineState.OPEN: "There is still time for this.",
    DeadlineState.OVERDUE: "The time for this is over, and it is not recorded here as done.",
    DeadlineState.MET: "It is recorded as done.",
    ProofStatus.PROVEN: "It is recorded as done, and proof is on file for everything that is listed.",
    ProofStatus.FOUND: "The court found at a hearing that this is settled.",
    ProofStatus.SWORN: "This rests only on the respondent's own sworn statement. No one has verified it.",
    ProofStatus.CONTRADICTED: (
        "The respondent's sworn statement was checked, but other facts that are recorded contradict it."
    ),
    SetStatus.IN_TIME: "A day is set for it, in time. It has not taken place yet.",
    SetStatus.LATE: "A day is set for it, after the time that the law gives. It has not taken place yet.",
    DeadlineState.CANNOT_COMPUTE: "A fact is missing, so the date cannot be determined.",
}


@dataclass(frozen=True)
class DeadlineRow:
    """One deadline as an advocate sees it at `now`."""

    deadline: Deadline
    zone: ZoneInfo
    now: datetime

    @property
    def title(self) -> str:
        """The title of the rule."""
        return rule_title(self.deadline.rule_id)

    @cached_property
    def state(self) -> DeadlineState | ProofStatus | SetStatus:
        """The state at `now`, in which a statement is not proof."""
        return shown_state(self.deadline, self.now)

    @property
    def meaning(self) -> str:
        """The meaning of the state in plain words, and when the deadline was met."""
        met = met_words(self.deadline, self.zone)
        if self.deadline.proof in STATEMENT_ALONE:
            return " ".join(self._sworn(met))
        if self.deadline.met_at is not None and self.deadline.met_at > self.now:
            return f"It is scheduled for {met.removesuffix('.')}."
        return f"{MEANINGS[self.state]} {met.removesuffix('.')}." if met else MEANINGS[self.state]

    def _sworn(self, met: str) -> Iterator[str]:
        """Yield what is left of the time, that no one has verified the statement, and when it was sworn."""
        stored = state_at(self.deadline, self.now)
        if stored is not DeadlineState.MET:
            yield MEANINGS[stored]
        yield MEANINGS[ProofStatus(self.deadline.proof)]
        if met:
            yield f"Sworn: {met.removesuffix('.')}."

    @property
    def due(self) -> str:
        """When it is due, in court time."""
        return due_words(self.deadline, self.zone)


@dataclass(frozen=True)
class ReleasedOrder:
    """One order as an advocate sees it at `now`."""

    release: ConfidentialityRelease
    due: Sequence[DeadlineRow]
    hearings: Sequence[Hearing]
    contact: SafeContact | None
    now: datetime

    @property
    def order(self) -> Order:
        """The order of the release."""
        return self.release.order

    @property
    def running(self) -> list[DeadlineRow]:
        """The deadlines that are open or overdue, and those that rest on a statement alone."""
        return [one for one in self.due if one.state in (*RUNNING, ProofStatus.SWORN)]

    @property
    def served(self) -> str:
        """When it was served, in court time; empty if not served."""
        at = self.order.served_at
        return format_instant(at, zone_of(self.order)) if at else ""

    @property
    def vacated(self) -> str:
        """When it was vacated, in court time; empty if not vacated."""
        at = self.order.vacated_at
        return format_instant(at, zone_of(self.order)) if at else ""

    @property
    def expires(self) -> str:
        """Its last day; empty if not recorded."""
        return format_day(self.order.expires_on) if self.order.expires_on else ""

    @property
    def ends(self) -> str:
        """When the release ends, in court time."""
        return format_instant(self.release.ends_at, zone_of(self.order))

    @property
    def next_hearing(self) -> str:
        """The purpose and time of the next hearing; empty if none is scheduled."""
        today = court_day(self.order, self.now)
        coming = (one for one in self.hearings if not one.outcome and one.scheduled_on >= today)
        return next((hearing_words(one) for one in coming), "")

    @property
    def past_hearings(self) -> list[str]:
        """The outcomes of past hearings."""
        return [f"{hearing_words(one)}: {one.get_outcome_display()}" for one in self.hearings if one.outcome]

    @property
    def is_unconfirmed(self) -> bool:
        """True if nothing is sent to the person until the safe contact is confirmed again."""
        return self.contact is not None and contacts.is_unconfirmed(self.contact, self.now)

    @property
    def has_opted_out(self) -> bool:
        """True if nothing is sent to the person because the number answered STOP."""
        return self.contact is not None and contacts.has_opted_out(self.contact)

    @property
    def confirmed_until(self) -> str:
        """When the person's confirmation expires; empty without a safe contact."""
        if self.contact is None:
            return ""
        return format_instant(self.contact.confirmed_at + self.contact.confirm_every, zone_of(self.order))


def hearing_words(hearing: Hearing) -> str:
    """Return the purpose of a hearing and its time, in court time."""
    at = f", {format_clock(hearing.scheduled_time)}" if hearing.scheduled_time else ""
    return f"{hearing.get_purpose_display()}, {format_day(hearing.scheduled_on)}{at}"


@in_own_language
@require_GET
def releases(request: HttpRequest) -> HttpResponseBase:
    """The orders with a release in force to the advocate's organization, the most urgent first."""
    user, now = _advocate(request), timezone.now()
    page = Paginator(clients_of(user, now), PAGE).get_page(request.GET.get("page"))
    waiting = contacts.unconfirmed(user).select_related("release__order__case")
    unconfirmed = list(waiting.order_by("confirmed_at", "id")[: contacts.MAX_COUNTED])
    cases = {one.client.order.case.public_id for one in page}
    log_access(request, cases | {one.release.order.case.public_id for one in unconfirmed})
    context = {"page": page, "unconfirmed": unconfirmed, "most": contacts.MAX_COUNTED}
    return render(request, "notifications/releases.html", context)


@in_own_language
@require_GET
def sheet(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The four answers on one sheet in large type, without a name. Raises `Http404`."""
    release = _release(request, public_id)
    (words,) = in_words([release], timezone.now())
    return render(request, "notifications/client_sheet.html", {"words": words})


@method_decorator([in_own_language, sensitive_post_parameters("address", "phrase", "alias")], name="dispatch")
class OneRelease(View):
    """One order, its safe contact and its release.

    All actions post to this one URL, because the access log records URLs and must not show that there is a
    safe contact.
    """

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Show the order."""
        return self._page(request, _release(request, public_id))

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Do the action of the pressed button. Raises `Http404` for an unknown action."""
        release = _release(request, public_id)
        match request.POST.get("action"):
            case "set":
                return self._set(request, release)
            case "confirm":
                return self._of_contact(request, release, is_end=False)
            case "end":
                return self._of_contact(request, release, is_end=True)
            case "revoke":
                return self._revoke(request, release)
            case "report":
                return self._report(request, release)
            case "alias":
                return self._name(request, release)
        raise Http404

    def _set(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        form = ContactForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, form)
        try:
            contact = contacts.set_contact(
                release, form.to_settings(), by=_advocate(request), now=timezone.now()
            )
        except InvalidFact as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return self._page(request, release, form)
        messages.success(request, gettext("Saved. The person is notified only in this way."))
        # In the session, which is encrypted: a message could travel in a cookie.
        request.session[_SAVED] = {str(release.public_id): contacts.readable_address(contact)}
        return redirect("advocate-release", public_id=release.public_id)

    def _of_contact(
        self, request: HttpRequest, release: ConfidentialityRelease, *, is_end: bool
    ) -> HttpResponse:
        contact, now = contacts.contact_of(release), timezone.now()
        if contact is None:
            messages.error(
                request, gettext("The safe contact has already ended. Nothing is sent to the person.")
            )
        elif is_end and request.POST.get("sure") != "yes":
            messages.error(
                request,
                gettext("Check the box: the person wants no more messages. Then press the button again."),
            )
        elif is_end:
            contacts.end(contact, now=now)
            messages.success(request, gettext("Ended and erased. Nothing more is sent to the person."))
        else:
            contacts.confirm(contact, now=now)
            messages.success(request, gettext("Confirmed again."))
        return redirect("advocate-release", public_id=release.public_id)

    def _revoke(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        if request.POST.get("sure") != "yes":
            messages.error(
                request,
                gettext("Check the box: the person revokes the release. Then press the button again."),
            )
            return redirect("advocate-release", public_id=release.public_id)
        revoke_release(release, by=_advocate(request), now=timezone.now())
        messages.success(
            request, gettext("The release is revoked. Your organization no longer sees the order.")
        )
        return redirect("releases")

    def _report(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        form = ReportForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, report=form)
        try:
            report_firearms(release, **form.cleaned_data, now=timezone.now())
        except InvalidFact as refusal:
            form.refuse(refusal)
            return self._page(request, release, report=form)
        messages.success(
            request, gettext("Reported to the court and police. The guns count as not handed in.")
        )
        return redirect("advocate-release", public_id=release.public_id)

    def _name(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        form = AliasForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, alias=form)
        try:
            set_alias(release, alias=form.cleaned_data["alias"])
        except UnseenFact as refusal:
            log_miss(request, form.cleaned_data["alias"])
            form.add_error("alias", refusal.message)
            return self._page(request, release, alias=form)
        messages.success(request, gettext("Saved."))
        return redirect("advocate-release", public_id=release.public_id)

    def _page(
        self,
        request: HttpRequest,
        release: ConfidentialityRelease,
        form: ContactForm | None = None,
        alias: AliasForm | None = None,
        report: ReportForm | None = None,
    ) -> HttpResponse:
        now = timezone.now()
        (words,) = in_words([release], now)
        (watched,) = _released_orders([release], now)
        # Shown once, so that the advocate sees what is stored, and not to the next reader.
        saved = request.session.pop(_SAVED, {}).get(str(release.public_id), "")
        context = {
            "watched": watched,
            "words": words,
            "form": form or ContactForm.showing(watched.contact),
            "report": report or ReportForm(),
            "alias": alias or AliasForm(initial={"alias": release.alias}),
            "sees": SEES,
            "saved_address": saved,
            "sent": [(one, sent_words(one)) for one in contacts.sent_under(release)],
        }
        return render(request, "notifications/release.html", context)


def _advocate(request: HttpRequest) -> User:
    """Return the user if an advocate. Raises `Http404`."""
    user = request.user
    if not isinstance(user, User) or Role.ADVOCATE not in user.roles:
        raise Http404
    return user


def _release(request: HttpRequest, public_id: UUID) -> ConfidentialityRelease:
    """Return a release visible to the advocate. Raises `Http404`."""
    release = _releases(_advocate(request)).filter(public_id=public_id).first()
    if release is None:
        raise Http404
    log_access(request, [release.order.case.public_id])
    return release


def _releases(user: User) -> QuerySet[ConfidentialityRelease]:
    return contacts.releases_of(user).select_related("agency", "order__case__court")


def _released_orders(rows: Sequence[ConfidentialityRelease], now: datetime) -> list[ReleasedOrder]:
    """Return the releases with their orders, in the same number of queries for any number of releases."""
    orders = {one.order_id for one in rows}
    zones = {one.order_id: zone_of(one.order) for one in rows}
    due: defaultdict[int, list[DeadlineRow]] = defaultdict(list)
    for deadline in _deadlines(orders):
        due[deadline.order_id].append(DeadlineRow(deadline, zones[deadline.order_id], now))
    hearings: defaultdict[int, list[Hearing]] = defaultdict(list)
    for hearing in Hearing.objects.filter(order__in=orders).order_by("scheduled_on", "id"):
        hearings[hearing.order_id].append(hearing)
    safe_contacts = {
        one.release_id: one for one in SafeContact.objects.filter(release__in=rows, ended_at=None)
    }
    return [
        ReleasedOrder(
            one,
            due[one.order_id][:MAX_ROWS],
            hearings[one.order_id][:MAX_ROWS],
            safe_contacts.get(one.pk),
            now,
        )
        for one in rows
    ]


def _deadlines(orders: Collection[int]) -> QuerySet[Deadline]:
    rows = Deadline.objects.filter(order__in=orders).exclude(state=DeadlineState.WITHDRAWN)
    return rows.order_by("due_at", "id")
