"""Requests about firearms in police custody: for their return, and joint written notices of a sale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from django.db.models import QuerySet

from accounts.dates import format_day, format_instant
from accounts.models import Agency, User
from accounts.text import clean
from orders.models import (
    CustodyRequest,
    CustodyRequestKind,
    Firearm,
    FirearmReturn,
    FirearmStatus,
    Order,
    ReceiptKind,
    ReturnCheck,
    ReturnDecision,
    ReturnHold,
)
from orders.rules.court_time import at_wall
from orders.services.bulk import make
from orders.services.change import changing
from orders.services.correctable import Column, Correctable, DayOrInstantColumn
from orders.services.court_days import check_happened_since_order, court_day, day_of, zone_of
from orders.services.firearms.receipts import FirearmsColumn, check_taker
from orders.services.firearms.status import held_since
from orders.services.firearms.takers import taker_refusal
from orders.services.one_round import refuse
from orders.services.validation import need_one_of, need_police


def record_custody_request(
    order: Order,
    *,
    kind: str,
    by: User | None,
    now: datetime,
    requested_at: datetime | None = None,
    requested_on: date | None = None,
    firearms: Sequence[Firearm] = (),
    agency: Agency | None = None,
    dealer_license: str = "",
    taker_name: str = "",
    confirm: str = "",
) -> CustodyRequest:
    """Record a request about firearms in police custody, at an instant or on a day.

    Without `firearms` it is about everything that police hold now. A request for return that police receive
    before they hold any is about those that they receive next; a sale is of what they hold. Raises
    `InvalidFact`, and `DoubtfulFact` for a request from before the order unless `confirm` gives the reason.
    """
    with changing(
        order, "custody_requested", by=by, now=now, occurred_at=requested_at, reason=clean(confirm)
    ) as change:
        row = make(
            CustodyRequest,
            order=change.order,
            kind=kind,
            requested_at=requested_at,
            requested_on=requested_on,
            recorded_at=now,
            agency=agency,
            dealer_license=dealer_license,
            taker_name=taker_name,
        )
        check_custody_request(row, now=now, confirm=confirm)
        held = _in_custody(change.order, firearms)
        if kind == CustodyRequestKind.SALE:
            _check_sold(row, held)
        row.save()
        row.firearms.set(held)
        CUSTODY_REQUEST.note(change, row)
    return row


def sales_to_deliver(order: Order) -> QuerySet[CustodyRequest]:
    """Return the joint notices of a sale of the order whose firearms police still hold, the oldest first."""
    rows = CustodyRequest.objects.filter(
        order=order, kind=CustodyRequestKind.SALE, firearms__status=FirearmStatus.SURRENDERED
    )
    return rows.distinct().order_by("requested_on", "pk")


def check_custody_request(row: CustodyRequest, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved request, and set its day and offset. Raises `InvalidFact` and `DoubtfulFact`.

    One that a correction extends to more firearms counts as recorded now: the people concerned are notified
    again, and no firearm is released before they had the time for it.
    """
    order = row.order
    need_one_of("kind", "unknown_request", row.kind, CustodyRequestKind.values)
    row.requested_on, row.requested_offset = day_of(
        "requested", order, on=row.requested_on, at=row.requested_at, now=now
    )
    check_happened_since_order("requested", order, on=row.requested_on, at=row.requested_at, confirm=confirm)
    if row.agency is not None:
        need_police(row.agency, "Choose the police agency that received the request.")
    same = CustodyRequest.objects.filter(
        order=order, kind=row.kind, requested_on=row.requested_on, requested_at=row.requested_at
    )
    if same.exclude(pk=row.pk).exists():
        name = "requested_at" if row.requested_at else "requested_on"
        refuse(name, "duplicate_request", "This request is already recorded.")
    row.dealer_license, row.taker_name = clean(row.dealer_license), clean(row.taker_name)
    if row.pk is not None:
        _check_returns(row)
        _check_steps(row)
        if added := _added_firearms(row):
            _in_custody(order, added)
            row.recorded_at = now
        if row.kind == CustodyRequestKind.SALE:
            _check_sold(row, _FIREARMS.rows(row))
    if row.kind == CustodyRequestKind.SALE:
        _check_buyer(row)
    elif row.dealer_license or row.taker_name:
        name = "dealer_license" if row.dealer_license else "taker_name"
        refuse(name, "not_the_taker", "Leave this empty: the firearms go back to the respondent.")


def _check_sold(row: CustodyRequest, firearms: Sequence[Firearm]) -> None:
    """Refuse a joint notice of what police did not hold by then (C.G.S. § 29-36k(d), § 29-38c(h)).

    Its ten days are for the delivery of what was surrendered before. What they receive later needs a notice
    of its own.
    """
    if not firearms:
        refuse(
            "firearms",
            "nothing_held",
            "A joint notice of a sale is about firearms that police hold. Choose them, or record the police "
            "receipt first.",
        )
    since = held_since([one.pk for one in firearms], row.recorded_at)
    for one in firearms:
        received = since.get(one.pk)
        if received is None:
            continue
        begins = row.requested_at
        if received > begins if begins else court_day(row.order, received) > row.requested_on:
            refuse(
                "requested_at" if begins else "requested_on",
                "before_the_receipt",
                f"{one}: police received it {format_instant(received, zone_of(row.order))}, after this "
                "notice. Correct one of the two, or leave the firearm out and record the notice about it.",
            )


def _check_buyer(row: CustodyRequest) -> None:
    """Refuse a sale without one buyer, or to one that the law of the order does not allow."""
    if bool(row.dealer_license) == bool(row.taker_name):
        refuse(
            "taker_name", "required", "Enter the dealer's license, or the name of the person, but not both."
        )
    kind = ReceiptKind.DEALER if row.dealer_license else ReceiptKind.THIRD_PARTY
    check_taker(kind, None, row.dealer_license, row.taker_name)
    if refusal := taker_refusal(row.order, kind, row.requested_at or row.recorded_at):
        refuse("dealer_license" if row.dealer_license else "taker_name", "unlawful_recipient", refusal)


def _in_custody(order: Order, firearms: Sequence[Firearm]) -> list[Firearm]:
    """The firearms, which police must hold; all that they hold without a choice. Raises `InvalidFact`."""
    held = Firearm.objects.of_case(order.case_id).filter(status=FirearmStatus.SURRENDERED)
    if not firearms:
        return list(held)
    found = list(held.filter(pk__in=[one.pk for one in firearms]))
    if len(found) < len({one.pk for one in firearms}):
        refuse(
            "firearms",
            "not_in_custody",
            "Police do not hold a firearm that you chose. Choose from those in police custody, or record the "
            "police receipt first.",
        )
    return found


_FIREARMS = FirearmsColumn(name="firearms", label="Firearms")
_WHEN = DayOrInstantColumn(name="requested_at", label="Requested")


def _added_firearms(row: CustodyRequest) -> list[Firearm]:
    """Return the firearms of a correction that the stored request is not about; it may be about all."""
    named = set(row.firearms.values_list("pk", flat=True))
    return [one for one in _FIREARMS.rows(row) if named and one.pk not in named]


def _returns_of(row: CustodyRequest) -> QuerySet[FirearmReturn]:
    """Return the returns of its firearms since the stored request, which may also be about a sale."""
    stored = CustodyRequest.objects.get(pk=row.pk)
    if stored.kind != CustodyRequestKind.RETURN:
        return FirearmReturn.objects.none()
    returns = FirearmReturn.objects.filter(order__case=row.order.case_id)
    if named := list(stored.firearms.values_list("pk", flat=True)):
        returns = returns.filter(firearm__in=named)
    since = stored.requested_at or at_wall(stored.requested_on, time(), zone_of(row.order))
    return returns.filter(returned_at__gte=since)


def _check_returns(row: CustodyRequest) -> None:
    """Refuse a correction by which what went back was not asked for before. Raises `InvalidFact`."""
    named = _FIREARMS.value(row)
    for one in _returns_of(row).select_related("firearm"):
        day = court_day(row.order, one.returned_at)
        is_later = one.returned_at < row.requested_at if row.requested_at else day < row.requested_on
        if is_later:
            name = "requested_at" if row.requested_at else "requested_on"
            refuse(name, "after_the_return", f"{one.firearm} went back before that. {_WITHDRAW_RETURN}")
        if named and one.firearm_id not in named:
            refuse(
                "firearms", "returned_since", f"{one.firearm} went back by this request. {_WITHDRAW_RETURN}"
            )


def _check_steps(row: CustodyRequest) -> None:
    """Refuse a correction by which a check, a hold or a decision would come before the request."""
    decision = getattr(CustodyRequest.objects.select_related("decision").get(pk=row.pk), "decision", None)
    found: list[tuple[str, datetime]] = [
        *(("check", one.checked_at) for one in row.checks.all()),
        *(("hold", one.held_at) for one in row.holds.all()),
        *([("decision", decision.decided_at)] if decision else []),
    ]
    for noun, at in found:
        begins = row.requested_at
        if at < begins if begins else court_day(row.order, at) < row.requested_on:
            refuse(
                "requested_at" if begins else "requested_on",
                "after_its_steps",
                f"A {noun} of this request is recorded for {format_instant(at, zone_of(row.order))}, before "
                "that. Correct one of the two.",
            )


def _check_withdrawable(row: CustodyRequest) -> None:
    found: ReturnCheck | ReturnHold | ReturnDecision | None = (
        row.checks.first() or row.holds.first() or getattr(row, "decision", None)
    )
    if found is not None:
        refuse(
            "request",
            "in_use",
            f"A {_NOUNS[type(found)]} of this request is recorded. Withdraw that first.",
        )
    if returned := _returns_of(row).select_related("firearm").first():
        refuse("request", "in_use", f"{returned.firearm} went back by this request. {_WITHDRAW_RETURN}")


_WITHDRAW_RETURN = "Withdraw that return first if it never was."
_NOUNS = {ReturnCheck: "check", ReturnHold: "hold", ReturnDecision: "decision"}


def _remove(row: CustodyRequest) -> None:
    row.firearms.clear()
    row.delete()


def _follow(row: CustodyRequest) -> None:
    row.firearms.set(_FIREARMS.rows(row))


def request_words(row: CustodyRequest) -> str:
    """Return a request with its time, for a list of choices and the history."""
    when = format_instant(row.requested_at, zone_of(row.order)) if row.requested_at else ""
    return f"{row.get_kind_display()}, requested {when or format_day(row.requested_on)}"


CUSTODY_REQUEST = Correctable(
    name="custody_request",
    model=CustodyRequest,
    noun="request",
    words=request_words,
    columns=(
        _WHEN,
        Column(name="agency", label="Police agency"),
        Column(name="dealer_license", label="Dealer's license"),
        Column(name="taker_name", label="Name of the person", is_private=True),
        _FIREARMS,
    ),
    check=check_custody_request,
    check_withdrawable=_check_withdrawable,
    remove=_remove,
    after_correction=_follow,
)
