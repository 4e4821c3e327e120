"""The papers to serve: picked up at the court by a marshal, and the return of service filed with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from accounts.access import MATRIX
from accounts.models import Agency, Membership, User
from accounts.text import clean
from orders.errors import InvalidFact, NotYours
from orders.models import Attachment, AttachmentKind, Capacity, CaseEvent, Order, OrderAgency
from orders.querysets import OrderAgencyQuerySet
from orders.services.attachments.attaching import RETURNED, RETURNS, attach_file, withdraw_attachment
from orders.services.change import changing, plain
from orders.services.court_days import check_not_before_issue, zone_of
from orders.services.documents.officer_papers import SignedReturn, return_of_service
from orders.services.documents.typesetting import typeset
from orders.services.firearms.signatures import check_drawing
from orders.services.one_round import at_once, refuse
from orders.services.orders.case_events import CASE_EVENT, events_of, record_case_event
from orders.services.service import may_correct
from orders.services.validation import check_instant, need_reason

#: What a marshal serves, in the words of the return.
PAPERS = (
    "The order",
    "The application and the affidavit",
    "The notice of the hearing",
    "The notice of the duty to surrender firearms",
)

#: The event of an entry in the court's tracking system.
ENTERED = "service_recorded"

#: The capacities of police.
_POLICE = [
    name
    for name, one in MATRIX.capacities.items()
    if one.seen_by & MATRIX.capacities["respondent_police"].seen_by
]


def marshals_of(order: Order, person: User) -> OrderAgencyQuerySet[OrderAgency]:
    """Return the person's marshal offices that serve the order."""
    mine = person.agencies_for("pick_up", "service_papers")
    return OrderAgency.objects.filter(order=order, capacity=Capacity.MARSHAL, agency__in=mine)


def servers_of(order: Order, person: User) -> OrderAgencyQuerySet[OrderAgency]:
    """Return the person's offices that may file the return: the marshal's, or police who served the order."""
    capacities = [Capacity.MARSHAL.value]
    if order.served_at is not None and may_correct(order, person):
        capacities += _POLICE
    mine = person.agencies_for("file_return", "service_papers")
    return OrderAgency.objects.filter(order=order, capacity__in=capacities, agency__in=mine)


def confirm_pick_up(order: Order, *, picked_up_at: datetime, by: User, now: datetime) -> Order:
    """Record that the person's office has the papers to serve. Raises `InvalidFact`."""
    with changing(order, "papers_picked_up", by=by, now=now, occurred_at=picked_up_at) as change:
        rows = _own(change.order, by)
        if any(one.picked_up_at for one in rows):
            refuse(
                "picked_up_at", "already_picked_up", "The pick-up is recorded already. Open the page again."
            )
        check_instant("picked_up_at", picked_up_at, now=now, zone=zone_of(change.order))
        check_not_before_issue("picked_up_at", change.order, picked_up_at, "picked_up_before_issued")
        _set(rows, picked_up_at.astimezone(UTC))
        change.data["capacity"] = Capacity.MARSHAL.value
    return change.order


def withdraw_pick_up(order: Order, *, reason: str, by: User, now: datetime) -> Order:
    """Take back a pick-up that was recorded in error. Raises `InvalidFact`."""
    with changing(order, "pick_up_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        rows = _own(change.order, by)
        if not any(one.picked_up_at for one in rows):
            refuse("reason", "not_picked_up", "No pick-up is recorded. Open the page again.")
        change.data["withdrawn"] = {"Picked up": plain(rows[0].picked_up_at)}
        _set(rows, None)
    return change.order


def file_return(
    order: Order,
    *,
    served_papers: Sequence[str],
    name: str,
    drawing: str,
    by: User,
    now: datetime,
    entered_at: datetime | None = None,
) -> Attachment:
    """Make the signed return of service, store it with the order, and record that the court has it.

    `drawing` is the path of the pen, as for a receipt. `entered_at` is when the officer entered the service
    in the court's tracking system. Raises `InvalidFact`, and `NotYours`.
    """
    signed = SignedReturn(name=clean(name), drawing=drawing, signed_at=now, papers=tuple(served_papers))
    check_drawing(drawing)
    if not signed.name:
        refuse("name", "required", "Enter the name of the officer who served.")
    if not signed.papers or not set(signed.papers) <= set(PAPERS):
        refuse("served_papers", "required", "Tick the papers that you served.")
    with transaction.atomic():
        with changing(order, "return_signed", by=by, now=now) as change:
            if change.order.served_at is None:
                raise InvalidFact("name", "not_served", "No service is recorded. Record it first.")
            offices = _serving(change.order, by)
            if filed_return(change.order) is not None:
                refuse("name", "already_filed", "The return is filed. Withdraw the file first.")
            office: Agency = offices[0].agency
            document = return_of_service(change.order, signed, office=str(office))
        row = attach_file(
            order,
            kind=AttachmentKind.FILED_RETURN,
            file=typeset(document, now=now),
            by=by,
            now=now,
            is_made_here=True,
        )
        if not is_returned(order):
            record_case_event(order, kind=RETURNED, occurred_at=now, by=by, now=now)
        if entered_at is not None:
            _record_entry(order, entered_at, by=by, now=now)
    return row


def _record_entry(order: Order, at: datetime, *, by: User, now: datetime) -> None:
    """Record when the officer entered the service in the court's tracking system."""
    if not asks_for_entry(order):
        refuse("entered_at", "not_asked", "The entry is recorded already, or none is due. Leave this empty.")
    try:
        with at_once():
            record_case_event(order, kind=ENTERED, occurred_at=at, by=by, now=now)
    except InvalidFact as refusal:
        refuse("entered_at", refusal.code, refusal.message)


def asks_for_entry(order: Order) -> bool:
    """True if the law asks the officer to enter the service elsewhere, and no entry is recorded."""
    return ENTERED in events_of(order) and not CaseEvent.objects.filter(order=order, kind=ENTERED).exists()


def own_entry(order: Order, by: User) -> CaseEvent | None:
    """Return the entry in the tracking system, if the person's office recorded it and no one corrected it."""
    entry = CaseEvent.objects.filter(order=order, kind=ENTERED).first()
    if entry is None:
        return None
    latest = order.history.filter(data__item__id=str(entry.public_id)).order_by("-pk").first()
    offices = by.agencies_for("serve", "service")
    own = Membership.objects.filter(user=latest.actor_id if latest else None, agency__in=offices)
    return entry if own.exists() else None


def withdraw_return(order: Order, *, reason: str, by: User, now: datetime) -> Order:
    """Take back the return that was filed: the court has it no more. Raises `InvalidFact`, and `NotYours`.

    The time of entry that the same office recorded goes with it, and is asked for again.
    """
    _serving(order, by)
    filed = filed_return(order)
    if filed is None:
        raise InvalidFact("reason", "not_filed", "No return of service is filed. Open the page again.")
    with transaction.atomic():
        withdraw_attachment(order, attachment=filed, by=by, now=now, reason=reason, is_made_here=True)
        if (entry := own_entry(order, by)) is not None:
            CASE_EVENT.withdraw(entry, by=by, now=now, reason=reason)
    return Order.objects.get(pk=order.pk)


def filed_return(order: Order) -> Attachment | None:
    """Return the stored return of service, the newest if there are several."""
    rows = Attachment.objects.filter(order=order, kind__in=RETURNS, withdrawn_at=None)
    return rows.order_by("-uploaded_at", "-id").first()


def is_returned(order: Order) -> bool:
    """True if the court has the return of service."""
    return CaseEvent.objects.filter(order=order, kind=RETURNED).exists()


def _own(order: Order, by: User) -> list[OrderAgency]:
    rows = list(marshals_of(order, by).select_related("agency").order_by("id"))
    if not rows:
        raise NotYours("order", "not_yours", "Only the marshal who serves the order can record this.")
    return rows


def _serving(order: Order, by: User) -> list[OrderAgency]:
    rows = list(servers_of(order, by).select_related("agency").order_by("id"))
    if not rows:
        raise NotYours("order", "not_yours", "Only those who served the order file its return.")
    return rows


def _set(rows: Sequence[OrderAgency], at: datetime | None) -> None:
    for one in rows:
        one.picked_up_at = at
        one.save(update_fields=["picked_up_at"])
