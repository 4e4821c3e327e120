"""What is believed held, and the proof of where it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Agency, AgencyKind, User
from orders.errors import InvalidFact
from orders.models import (
    Firearm,
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
from orders.services.change import changing, check_instant, need_one_of, need_reason

#: Agencies whose receipt counts as police custody.
_POLICE = (AgencyKind.POLICE, AgencyKind.STATE_POLICE, AgencyKind.OTHER_POLICE)


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
) -> Receipt:
    """The firearms named were handed over at `at`, to police or to a dealer; each one's status says so.

    When that accounts for everything believed held, the surrender deadline is met. Raises `InvalidFact`, also
    for a firearm of another case.
    """
    with changing(order, "receipt_recorded", by=by, now=now, occurred_at=at) as change:
        check_instant("received_at", at, now=now)
        check_recipient(kind, agency, dealer_licence)
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
            dealer_licence=dealer_licence,
        )
        ReceiptItem.objects.bulk_create(ReceiptItem(receipt=receipt, firearm_id=pk) for pk in sorted(mine))
        Firearm.objects.filter(pk__in=mine).update(status=STATUS_AFTER[kind])
        change.data["receipt"] = str(receipt.public_id)
    return receipt


#: What a receipt makes of a firearm.
STATUS_AFTER: dict[str, FirearmStatus] = {
    ReceiptKind.POLICE: FirearmStatus.SURRENDERED,
    ReceiptKind.DEALER: FirearmStatus.SOLD,
}


def check_recipient(kind: str, agency: Agency | None, dealer_licence: str) -> None:
    """Raises `InvalidFact` unless a police agency or a licensed dealer took the firearms (CT-SUR-03)."""
    need_one_of("kind", "unknown_recipient", kind, ReceiptKind.values)
    if kind == ReceiptKind.POLICE:
        if agency is None or agency.kind not in _POLICE:
            raise InvalidFact("agency", "not_police", "Name the police agency that took the firearms.")
        if dealer_licence:
            raise InvalidFact("dealer_licence", "not_a_dealer", "A police receipt has no dealer licence.")
        return
    if agency is not None:
        raise InvalidFact("agency", "not_police", "A dealer's receipt names a licence, not an agency.")
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
    """The receipt was an error: its firearms are believed held again, and the deadline stands open."""
    with changing(order, "receipt_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        change.data["receipt"] = str(receipt.public_id)
        items = ReceiptItem.objects.filter(receipt=receipt, receipt__order=change.order)
        Firearm.objects.filter(receipt_items__in=items).update(status=FirearmStatus.ALLEGED)
        items.delete()
        Receipt.objects.filter(pk=receipt.pk, order=change.order).delete()
