"""Releases that an advocate asks a court to record: ask, take back, record, decline.

A clerk of the court answers, or a supervisor of the organization who did not send the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.dispatch import Signal
from django.utils.translation import gettext

from accounts.dates import court_date
from accounts.encrypted_files import read_file, remove_file, write_file
from accounts.models import Agency, AgencyKind, Membership, Role, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.matching.dockets import clean_docket
from orders.models import (
    ConfidentialityRelease,
    DeclineReason,
    Order,
    ReleasePurpose,
    ReleaseRequest,
    RequestState,
)
from orders.services.attachments.checking import check_file
from orders.services.attachments.scanning import scan_file
from orders.services.parties.releases import (
    SCOPE,
    check_scope,
    record_release,
    release_renewed,
    revoke_release,
)
from orders.services.validation import YEARS_AHEAD, need_one_of

#: A request waits for an answer: `request`, `now`. Sent in the transaction that stores it.
requested = Signal()

#: The most requests that a page shows.
MOST_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class SignedRelease:
    """What is on the client's paper, and its scan."""

    scope: frozenset[str]
    purpose: str
    signed_on: date
    ends_at: datetime
    scan: bytes


def requests_of(user: User) -> QuerySet[ReleaseRequest]:
    """Return the requests of the organizations for which `user` is an advocate."""
    return ReleaseRequest.objects.filter(agency__in=_agencies(user, Role.ADVOCATE))


def waiting_for(user: User) -> QuerySet[ReleaseRequest]:
    """Return the requests that wait for `user`, the oldest first.

    For a clerk, those to the court; for a supervisor, those of the organization that others sent.
    """
    for_court = Q(court__in=_agencies(user, Role.CLERK))
    for_organization = Q(agency__in=organizations_led_by(user)) & ~Q(asked_by=user)
    found = ReleaseRequest.objects.filter(for_court | for_organization, state=RequestState.WAITING)
    return found.select_related("agency", "court", "renews__order__case").order_by("id")


def organizations_led_by(user: User) -> list[int]:
    """Return the advocacy organizations (by key) in which `user` is a supervisor."""
    led = _agencies(user, Role.SUPERVISOR)
    found = Agency.objects.filter(pk__in=led, kind=AgencyKind.ADVOCACY)
    return list(found.values_list("pk", flat=True)) if led else []


def recorded_by_organizations(user: User, *, since: datetime) -> QuerySet[ReleaseRequest]:
    """Return the requests to the clerk's courts that the organization's own supervisor answered."""
    courts = _agencies(user, Role.CLERK)
    theirs = Membership.objects.filter(agency=OuterRef("agency"), user=OuterRef("decided_by"))
    found = ReleaseRequest.objects.filter(
        Exists(theirs), court__in=courts, state=RequestState.CONFIRMED, decided_at__gt=since
    )
    return found.select_related("agency", "release__order__case").order_by("-decided_at")


def orders_of(request: ReleaseRequest) -> list[Order]:
    """Return the orders that a request may mean: of the renewed release, else of the docket at the court."""
    rows = Order.objects.select_related("case__court", "case__respondent").order_by("-issued_on", "-id")
    if request.renews is not None:
        return list(rows.filter(pk=request.renews.order_id))
    docket = clean_docket(request.docket)
    return list(rows.filter(case__court=request.court_id, case__docket_number=docket)[:MOST_SHOWN])


def ask(
    signed: SignedRelease,
    *,
    by: User,
    now: datetime,
    court: Agency | None = None,
    docket: str = "",
    renews: ConfidentialityRelease | None = None,
) -> ReleaseRequest:
    """Send a client's release to a court, or the renewal of one. Raises `InvalidFact`.

    Nothing is compared with the orders: the answer is the same whether there is an order or not.
    """
    agency = renews.agency if renews is not None else _organization(by)
    court = renews.order.case.court if renews is not None else court
    if court is None or court.kind != AgencyKind.COURT:
        raise InvalidFact("court", "required", gettext("Choose the court."))
    if renews is None and not clean(docket):
        raise InvalidFact("docket", "required", gettext("Enter the docket number, as it is on the order."))
    _check(signed, now=now)
    checked = check_file(signed.scan)
    found = scan_file(signed.scan)
    with transaction.atomic():
        request = ReleaseRequest.objects.create(
            agency=agency,
            asked_by=by,
            asked_at=now,
            court=court,
            docket="" if renews is not None else clean(docket),
            purpose=signed.purpose,
            signed_on=signed.signed_on,
            ends_at=signed.ends_at,
            renews=renews,
            # Without the row, after a crash, the sweep removes the file.
            stored_as=write_file(checked.content),
            content_type=checked.content_type,
            scan=found,
            **{one: one in signed.scope for one in SCOPE},
        )
        requested.send(ReleaseRequest, request=request, now=now)
    return request


def confirm(request: ReleaseRequest, *, order: Order, by: User, now: datetime) -> ConfidentialityRelease:
    """Record the release that was asked for. A renewed one ends, and its alias and safe contact go over.

    Raises `InvalidFact`.
    """
    with transaction.atomic():
        row = _locked(request)
        check_answerer(row, by)
        if order.pk not in {one.pk for one in orders_of(row)}:
            raise InvalidFact("order", "not_of_the_request", "Choose an order of this docket number.")
        release = record_release(
            order,
            agency=row.agency,
            signed_on=row.signed_on,
            begins_at=now,
            ends_at=row.ends_at,
            purpose=row.purpose,
            by=by,
            now=now,
            **{one: getattr(row, one) for one in SCOPE},
        )
        if row.renews is not None:
            release.alias = row.renews.alias
            release.save(update_fields=["alias"])
            release_renewed.send(ConfidentialityRelease, before=row.renews, after=release)
            if not row.renews.has_ended(now):
                revoke_release(row.renews, by=by, now=now)
        _decide(row, RequestState.CONFIRMED, by=by, now=now, release=release)
    return release


def confirm_for_organization(request: ReleaseRequest, *, by: User, now: datetime) -> bool:
    """Record the release for the one order of the docket number, without showing it; False without one.

    Where no order or more than one may be meant, the request waits on for a clerk. Raises `InvalidFact`.
    """
    found = orders_of(request)
    if len(found) != 1:
        check_answerer(request, by)
        return False
    confirm(request, order=found[0], by=by, now=now)
    return True


def decline(request: ReleaseRequest, *, reason: str, by: User, now: datetime) -> None:
    """Answer that the release is not recorded, and erase docket number and scan. Raises `InvalidFact`."""
    need_one_of("reason", "unknown_reason", reason, DeclineReason.values)
    with transaction.atomic():
        row = _locked(request)
        check_answerer(row, by)
        _decide(row, RequestState.DECLINED, by=by, now=now, reason=reason)


def withdraw(request: ReleaseRequest, *, by: User, now: datetime) -> None:
    """Take a request back, and erase docket number and scan. Raises `InvalidFact`."""
    with transaction.atomic():
        _decide(_locked(request), RequestState.WITHDRAWN, by=by, now=now)


def content_of(request: ReleaseRequest) -> bytes:
    """Return the scan. Raises `FileNotFoundError`, and InvalidToken if its key is gone."""
    return read_file(request.stored_as)


def check_answerer(request: ReleaseRequest, by: User) -> None:
    """Refuse a person who may not answer the request, such as the one who sent it. Raises `InvalidFact`."""
    if not waiting_for(by).filter(pk=request.pk).exists():
        message = gettext("A clerk answers it, or another supervisor than its sender.")
        raise InvalidFact("request", "not_yours", message)


def _check(signed: SignedRelease, *, now: datetime) -> None:
    today = court_date(now)
    check_scope(signed.scope)
    if signed.purpose not in ReleasePurpose.values:
        raise InvalidFact("purpose", "required", gettext("Choose what the release is for."))
    if signed.signed_on > today:
        raise InvalidFact("signed_on", "in_the_future", gettext("This day is in the future."))
    if signed.signed_on.year < today.year - 1:
        raise InvalidFact("signed_on", "too_old", gettext("This paper is too old. Ask for a new one."))
    if signed.ends_at <= now:
        raise InvalidFact("ends_on", "in_the_past", gettext("This day is over. Enter a later one."))
    if court_date(signed.ends_at).year > today.year + YEARS_AHEAD:
        raise InvalidFact("ends_on", "unlikely_year", gettext("This day is too far off. Correct the year."))


def _locked(request: ReleaseRequest) -> ReleaseRequest:
    row = ReleaseRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=request.pk)
    if row.state != RequestState.WAITING:
        raise InvalidFact("request", "already_decided", gettext("This request was answered before."))
    return row


def _decide(
    row: ReleaseRequest,
    state: RequestState,
    *,
    by: User,
    now: datetime,
    release: ConfidentialityRelease | None = None,
    reason: str = "",
) -> None:
    row.state, row.decided_by, row.decided_at = state, by, now
    row.docket, row.decline_reason, row.release = "", reason, release
    if release is None:
        stored, row.stored_as = row.stored_as, ""
        transaction.on_commit(lambda: remove_file(stored))
    row.save()


def _organization(by: User) -> Agency:
    found = [one.agency for one in by.memberships.all() if one.role == Role.ADVOCATE and one.agency]
    if not found:
        raise InvalidFact("agency", "no_organization", gettext("Only an advocate can ask for this."))
    return found[0]


def _agencies(user: User, role: Role) -> list[int]:
    return [one.agency_id for one in user.memberships.all() if one.role == role and one.agency_id]
