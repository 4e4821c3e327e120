"""What is believed held, and the proof of where it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.models import POLICE, Agency, User
from orders.errors import InvalidFact
from orders.models import (
    Firearm,
    FirearmReturn,
    FirearmSource,
    FirearmStatus,
    Order,
    Permit,
    Receipt,
    ReceiptItem,
    ReceiptKind,
    Statement,
    StatementKind,
)
from orders.models.fields import offset_of
from orders.rules.licence import LicenceError, parse_dealer_licence
from orders.rules.rulebook import Recipient
from orders.services.calendar import bundled
from orders.services.change import changing, check_instant, need_one_of, need_reason
from orders.services.known import facts_of


def list_firearm(
    order: Order,
    *,
    source: str,
    by: User | None,
    now: datetime,
    serial: str = "",
    make: str = "",
    model: str = "",
    caliber: str = "",
    firearm_type: str = "",
) -> Firearm:
    """The item is on the list of what the respondent is believed to hold. Raises `InvalidFact`."""
    with changing(order, "firearm_listed", by=by, now=now) as change:
        serial = serial.strip()
        if serial and Firearm.objects.filter(order__case=change.order.case_id, serial=serial).exists():
            raise InvalidFact("serial", "duplicate_serial", f"Serial {serial} is on the list already.")
        if not any((serial, make, model, caliber, firearm_type)):
            raise InvalidFact(
                "serial", "required", "Describe the firearm: at least one of serial, make, model or type."
            )
        firearm = Firearm.objects.create(
            order=change.order,
            serial=serial,
            make=make.strip(),
            model=model.strip(),
            caliber=caliber.strip(),
            firearm_type=firearm_type.strip(),
            source=need_one_of("source", "unknown_source", source, FirearmSource.values),
        )
        change.data["firearm"] = str(firearm.public_id)
    return firearm


def record_permit(order: Order, *, kind: str, by: User | None, now: datetime, number: str = "") -> Permit:
    """The respondent holds a permit or certificate. Raises `InvalidFact`."""
    with changing(order, "permit_listed", by=by, now=now) as change:
        if not kind.strip():
            raise InvalidFact("kind", "required", "Say what permit or certificate it is.")
        return Permit.objects.create(order=change.order, kind=kind.strip(), number=number.strip())


def record_receipt(
    order: Order,
    *,
    kind: str,
    at: datetime,
    firearms: Sequence[Firearm],
    by: User | None,
    now: datetime,
    receipt_number: str = "",
    agency: Agency | None = None,
    dealer_licence: str = "",
    taker_name: str = "",
) -> Receipt:
    """The firearms named were handed over at `at`, to police or to a dealer; each one's status says so.

    When that accounts for everything believed held, the surrender deadline is met. Raises `InvalidFact`, also
    for a firearm of another case.
    """
    with changing(order, "receipt_recorded", by=by, now=now, occurred_at=at) as change:
        check_instant("received_at", at, now=now)
        check_lawful(change.order, kind)
        check_taker(kind, agency, dealer_licence, taker_name)
        number = receipt_number.strip()
        if number and Receipt.objects.filter(order=change.order, receipt_number=number).exists():
            raise InvalidFact("receipt_number", "duplicate_receipt", f"Receipt {number} is recorded already.")
        if not firearms:
            raise InvalidFact("firearms", "required", "A receipt names at least one firearm of the list.")
        mine = set(
            Firearm.objects.filter(
                order__case=change.order.case_id, pk__in=[one.pk for one in firearms]
            ).values_list("pk", flat=True)
        )
        if any(one.pk not in mine for one in firearms):
            raise InvalidFact(
                "firearms",
                "firearm_of_another_order",
                "A firearm on the receipt belongs to another order. Choose from this order's list, or list "
                "the firearm here first.",
            )
        receipt = Receipt.objects.create(
            order=change.order,
            kind=kind,
            received_at=at,
            received_offset=offset_of(at),
            receipt_number=number,
            agency=agency,
            dealer_licence=dealer_licence.strip(),
            taker_name=taker_name.strip(),
        )
        ReceiptItem.objects.bulk_create(ReceiptItem(receipt=receipt, firearm_id=pk) for pk in sorted(mine))
        Firearm.objects.filter(pk__in=mine).update(status=STATUS_AFTER[kind])
        change.data["receipt"] = str(receipt.public_id)
    return receipt


#: What a receipt makes of a firearm.
STATUS_AFTER: dict[str, FirearmStatus] = {
    ReceiptKind.POLICE: FirearmStatus.SURRENDERED,
    ReceiptKind.DEALER: FirearmStatus.SOLD,
    ReceiptKind.THIRD_PARTY: FirearmStatus.TRANSFERRED,
    ReceiptKind.TRUE_OWNER: FirearmStatus.TRANSFERRED,
}

#: Who took the firearms, in the rulebook's words.
_RECIPIENTS: dict[str, Recipient] = {
    ReceiptKind.POLICE: Recipient.LAW_ENFORCEMENT,
    ReceiptKind.DEALER: Recipient.LICENSED_DEALER,
    ReceiptKind.THIRD_PARTY: Recipient.THIRD_PARTY,
    ReceiptKind.TRUE_OWNER: Recipient.TRUE_OWNER,
}


def check_lawful(order: Order, kind: str) -> None:
    """Raises `InvalidFact`, in the rule's words, where firearms may not go there under such an order."""
    need_one_of("kind", "unknown_recipient", kind, ReceiptKind.values)
    if refusal := bundled().refusal(facts_of([order])[order.pk], _RECIPIENTS[kind]):
        raise InvalidFact("kind", "unlawful_recipient", refusal)


def check_taker(kind: str, agency: Agency | None, dealer_licence: str, taker_name: str = "") -> None:
    """Raises `InvalidFact` unless a receipt of this kind says who took the firearms, and nothing else."""
    wanted = {ReceiptKind.POLICE: "agency", ReceiptKind.DEALER: "dealer_licence"}.get(
        ReceiptKind(kind), "taker_name"
    )
    given = {"agency": agency, "dealer_licence": dealer_licence.strip(), "taker_name": taker_name.strip()}
    for name, value in given.items():
        if value and name != wanted:
            raise InvalidFact(name, "not_the_taker", f"This does not belong to a receipt of kind “{kind}”.")
    if wanted == "agency" and (agency is None or agency.kind not in POLICE):
        raise InvalidFact("agency", "not_police", "Name the police agency that took the firearms.")
    if wanted == "taker_name" and not given["taker_name"]:
        raise InvalidFact("taker_name", "required", "Name the person who took the firearms.")
    if wanted == "dealer_licence":
        try:
            parse_dealer_licence(dealer_licence)
        except LicenceError as error:
            raise InvalidFact("dealer_licence", "invalid_dealer_licence", str(error)) from error


def record_statement(
    order: Order,
    *,
    kind: str,
    at: datetime,
    by: User | None,
    now: datetime,
    receipt_number: str = "",
) -> Statement:
    """A sworn statement is on file. One of none meets the deadline only where nothing speaks against it."""
    with changing(order, "statement_recorded", by=by, now=now, occurred_at=at) as change:
        offset = check_instant("sworn_at", at, now=now)
        statement = Statement.objects.create(
            order=change.order,
            kind=need_one_of("kind", "unknown_statement", kind, StatementKind.values),
            sworn_at=at,
            sworn_offset=offset,
            receipt_number=receipt_number.strip(),
        )
        change.data["statement"] = str(statement.public_id)
    return statement


def withdraw_receipt(order: Order, *, receipt: Receipt, by: User | None, now: datetime, reason: str) -> None:
    """The receipt was an error: its firearms are believed held again, and the deadline stands open.

    Raises `InvalidFact` where one of them was given back since.
    """
    with changing(order, "receipt_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        change.data["receipt"] = str(receipt.public_id)
        since = FirearmReturn.objects.filter(
            firearm__receipt_items__receipt=receipt, returned_at__gte=receipt.received_at
        )
        if since.exists():
            raise InvalidFact(
                "receipt",
                "returned_since",
                "A firearm of this receipt was given back since. Withdraw that return first.",
            )
        items = ReceiptItem.objects.filter(receipt=receipt, receipt__order=change.order)
        Firearm.objects.filter(receipt_items__in=items).update(status=FirearmStatus.ALLEGED)
        items.delete()
        Receipt.objects.filter(pk=receipt.pk, order=change.order).delete()
