"""Firearms and permits that the respondent is believed to hold."""

from __future__ import annotations

from datetime import date, datetime

from accounts.dates import format_day, format_instant
from accounts.models import POLICE, Agency, AgencyKind, User
from accounts.text import clean, fold
from orders.matching.registry_numbers import registry_key
from orders.matching.serials import exact_key, near_matches
from orders.models import CustodyStep, Firearm, FirearmSource, ItemKind, Order, Permit, Receipt
from orders.services.change import changing
from orders.services.correctable import ChoiceColumn, Column, Correctable, DayColumn
from orders.services.court_days import check_day_not_in_future, check_happened_since_order, zone_of
from orders.services.firearms.status import refresh_status
from orders.services.one_round import doubt, refuse
from orders.services.person_cases import groups_of
from orders.services.validation import need_one_of

#: More of a lot is a typing error.
MOST_OF_A_LOT = 1_000_000

_TEXTS = (
    "serial",
    "make",
    "model",
    "caliber",
    "firearm_type",
    "description",
    "believed_place",
    "believed_source",
    "officer_notes",
)


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
    item_kind: str = ItemKind.FIREARM,
    quantity: int | None = None,
    description: str = "",
    believed_place: str = "",
    believed_source: str = "",
    believed_on: date | None = None,
    officer_notes: str = "",
    confirm: str = "",
) -> Firearm:
    """List an item that the respondent is believed to hold.

    Raises `InvalidFact`, and `DoubtfulFact` for a serial number that may be one of the list, unless `confirm`
    gives the reason.
    """
    with changing(order, "firearm_listed", by=by, now=now, reason=clean(confirm)) as change:
        firearm = Firearm(
            order=change.order,
            serial=serial,
            make=make,
            model=model,
            caliber=caliber,
            firearm_type=firearm_type,
            item_kind=item_kind,
            quantity=quantity,
            description=description,
            believed_place=believed_place,
            believed_source=believed_source,
            believed_on=believed_on,
            officer_notes=officer_notes,
            source=source,
        )
        check_firearm(firearm, now=now, confirm=confirm)
        firearm.save()
        change.data["firearm"] = str(firearm.public_id)
        FIREARM.note(change, firearm)
        if firearm.serial_key:
            # Another docket of the person may list the number, with facts.
            refresh_status([firearm.pk])
            firearm.refresh_from_db(fields=["status"])
    return firearm


def _follow_twins(firearm: Firearm) -> None:
    """Set the status of the person's firearms: one number on two dockets has the facts of both."""
    listed = Firearm.objects.of_case(*groups_of([firearm.order.case_id])).exclude(serial_key="")
    refresh_status(set(listed.values_list("pk", flat=True)))


def check_firearm(firearm: Firearm, *, now: datetime, confirm: str = "") -> None:
    """Clean the texts of an unsaved item. Raises `InvalidFact` if it is not described, or listed already.

    Raises `DoubtfulFact` for a serial number that may be one of the list, unless `confirm` gives the reason.
    """
    for name in _TEXTS:
        setattr(firearm, name, clean(getattr(firearm, name)))
    firearm.serial_key = "" if _shares_its_number(firearm) else exact_key(firearm.serial)
    need_one_of("item_kind", "unknown_item", firearm.item_kind, ItemKind.values)
    check_believed(firearm, now=now)
    if firearm.item_kind != ItemKind.FIREARM:
        need_one_of("source", "unknown_source", firearm.source, FirearmSource.values)
        _check_lot(firearm)
        return
    if firearm.quantity is not None:
        refuse("quantity", "not_a_lot", "List each firearm on its own, without a quantity.")
    _check_listed_number(firearm, confirm)
    check_near_matches(firearm, "serial", confirm)
    if not any((firearm.serial, firearm.make, firearm.model, firearm.caliber, firearm.firearm_type)):
        refuse(
            "serial",
            "required",
            "Describe the firearm with at least one of serial number, make, model, caliber or type.",
        )
    need_one_of("source", "unknown_source", firearm.source, FirearmSource.values)


def is_other_firearm(one: Firearm, two: object) -> bool:
    """True if `two` has another make, model, caliber or type than `one`, which has the same number.

    An empty one is no other, nor is the beginning of a word: RUG is Ruger.
    """
    names = ("make", "model", "caliber", "firearm_type")
    pairs = [(fold(getattr(one, name)), fold(getattr(two, name))) for name in names]
    return any(not first.startswith(second) and not second.startswith(first) for first, second in pairs)


def _check_listed_number(firearm: Firearm, confirm: str) -> None:
    """Refuse a number of the list, unless it is another firearm and `confirm` gives the reason.

    Two makers may use one number. Then it identifies only the firearm that was listed first.
    """
    same = Firearm.objects.of_case(firearm.order.case_id).filter(serial_key=firearm.serial_key)
    if not firearm.serial_key or (listed := same.exclude(pk=firearm.pk).first()) is None:
        return
    if not is_other_firearm(listed, firearm):
        refuse("serial", "duplicate_serial", f"Serial number {firearm.serial} is already on the list.")
    if not confirm.strip():
        doubt(
            "serial",
            "same_serial",
            f"{firearm.serial} is on the list with another description. If it is the same firearm, use the "
            "listed one. If it is another firearm with the same number, confirm it with a reason.",
        )
    firearm.serial_key = ""


def _shares_its_number(firearm: Firearm) -> bool:
    """True for a stored firearm whose number, which did not change, is that of another one."""
    rows = Firearm.objects.filter(pk=firearm.pk, serial=firearm.serial, serial_key="")
    return not firearm._state.adding and rows.exists()


def _check_lot(firearm: Firearm) -> None:
    """Raise `InvalidFact` unless ammunition or magazines have a quantity and no serial number."""
    if firearm.serial:
        refuse("serial", "lot_with_serial", "Ammunition and magazines have no serial number.")
    if firearm.quantity is None or not 1 <= firearm.quantity <= MOST_OF_A_LOT:
        refuse("quantity", "required", f"Enter how many there are, from 1 to {MOST_OF_A_LOT:,}.")


def check_believed(firearm: Firearm, *, now: datetime) -> None:
    """Refuse a report of a day to come about where the firearm is."""
    if firearm.believed_on is not None:
        check_day_not_in_future("believed_on", firearm.order, firearm.believed_on, now=now)


def check_near_matches(firearm: Firearm, field_name: str, confirm: str) -> None:
    """Raise `DoubtfulFact` for a serial number that may be on the list, unless `confirm` gives a reason."""
    if not firearm._state.adding and not _serial_changed(firearm):
        return
    others = Firearm.objects.of_case(firearm.order.case_id).exclude(pk=firearm.pk)
    likely = near_matches(firearm.serial, [one.serial for one in others.exclude(serial_key="")])
    if likely and not confirm.strip():
        doubt(
            field_name,
            "near_match",
            f"{firearm.serial} may be {' or '.join(likely)}, which is on the list. If it is the same "
            "firearm, use the listed one. If it is another, confirm it with a reason.",
        )


def _serial_changed(firearm: Firearm) -> bool:
    stored = Firearm.objects.filter(pk=firearm.pk).values_list("serial", flat=True).first()
    return stored != firearm.serial


def hand_in_permit(
    permit: Permit, *, handed_in_on: date, agency: Agency, by: User | None, now: datetime, confirm: str = ""
) -> Permit:
    """Record that the permit was handed in to police or the licensing unit.

    Raises `InvalidFact`, and `DoubtfulFact` for a day before the order unless `confirm` gives the reason.
    """
    with changing(permit.order, "permit_handed_in", by=by, now=now, reason=clean(confirm)) as change:
        row = Permit.objects.get(pk=permit.pk, order=change.order)
        row.order = change.order
        if row.handed_in_on is not None:
            refuse("permit", "handed_in", f"It was handed in on {format_day(row.handed_in_on)} already.")
        check_day_not_in_future("handed_in_on", change.order, handed_in_on, now=now)
        check_happened_since_order("handed_in", change.order, on=handed_in_on, at=None, confirm=confirm)
        if agency.kind not in (*POLICE, AgencyKind.LICENSING):
            refuse("agency", "not_a_taker", "Choose a police agency or the licensing unit.")
        row.handed_in_on, row.handed_in_to = handed_in_on, agency
        row.save(update_fields=["handed_in_on", "handed_in_to"])
        PERMIT.note(change, row)
    return row


def record_permit(
    order: Order, *, kind: str, by: User | None, now: datetime, number: str = "", confirm: str = ""
) -> Permit:
    """List a permit or certificate that the respondent holds.

    Raises `InvalidFact`, and `DoubtfulFact` for another kind of permit with a number of the list, unless
    `confirm` gives the reason.
    """
    with changing(order, "permit_listed", by=by, now=now, reason=clean(confirm)) as change:
        permit = Permit(order=change.order, kind=kind, number=number, recorded_at=now)
        check_permit(permit, now=now, confirm=confirm)
        permit.save()
        PERMIT.note(change, permit)
    return permit


def check_permit(permit: Permit, *, now: datetime, confirm: str = "") -> None:
    """Clean the text of an unsaved permit. Raises `InvalidFact` without a kind, or if it is listed already.

    Raises `DoubtfulFact` for another kind with a number of the list, unless `confirm` gives the reason.
    """
    permit.kind, permit.number = clean(permit.kind), clean(permit.number)
    if not permit.kind:
        refuse("kind", "required", "Enter the kind of permit or certificate.")
    if (listed := _same_number(permit)) is None:
        return
    if fold(listed.kind) == fold(permit.kind):
        refuse(
            "number",
            "duplicate_permit",
            f"{PERMIT.words(listed)} is on the list already. If something about it is wrong, correct it.",
        )
    elif not confirm.strip():
        doubt(
            "number",
            "same_number",
            f"The list has this number with another kind: {PERMIT.words(listed)}. If it is the same permit, "
            "use the listed one. If it is another, confirm it with a reason.",
        )


def _same_number(permit: Permit) -> Permit | None:
    """Return another permit of the order with the number, in any spelling."""
    rows = Permit.objects.filter(order=permit.order).exclude(pk=permit.pk).order_by("id")
    key = registry_key(permit.number)
    return next((one for one in rows if key and registry_key(one.number) == key), None)


def _check_not_named(firearm: Firearm) -> None:
    """Raise `InvalidFact` if a receipt, a return, a request or a statement names the firearm."""
    zone = zone_of(firearm.order)
    if returned := firearm.returns.first():
        refuse(
            "firearm",
            "was_returned",
            f"This firearm was returned ({format_instant(returned.returned_at, zone)}). Withdraw that return "
            "first.",
        )
    if receipt := firearm.receipts.first():
        refuse(
            "firearm",
            "on_a_receipt",
            f"This firearm is on {_named(receipt)} "
            f"({format_instant(receipt.received_at, zone)}). Withdraw that receipt first, or take the "
            "firearm off it.",
        )
    if request := firearm.custody_requests.first():
        refuse(
            "firearm",
            "named_by_a_request",
            f"A request of {format_day(request.requested_on)} about firearms in custody names this firearm. "
            "Withdraw that request first, or take the firearm off it.",
        )
    if sworn := firearm.statements.first():
        refuse(
            "firearm",
            "named_by_a_statement",
            f"A statement sworn {format_instant(sworn.sworn_at, zone)} names this firearm. Withdraw that "
            "statement first.",
        )


def _named(receipt: Receipt) -> str:
    return f"receipt {receipt.receipt_number}" if receipt.receipt_number else "a receipt without a number"


def unlist(firearm: Firearm) -> None:
    """Remove an item from the list, with the steps of a custody that never was: no receipt names the item."""
    CustodyStep.objects.filter(firearm=firearm).delete()
    firearm.delete()


def _check_permit_free(permit: Permit) -> None:
    if permit.receipt is not None:
        refuse(
            "permit",
            "on_a_receipt",
            f"The permit is on {_named(permit.receipt)}. Withdraw that receipt first.",
        )


def _check_handed_in(permit: Permit) -> None:
    if permit.handed_in_on is None:
        refuse("permit", "not_handed_in", "This permit was not handed in.")
    _check_permit_free(permit)


def _take_back(permit: Permit) -> None:
    permit.handed_in_on, permit.handed_in_to = None, None
    permit.save(update_fields=["handed_in_on", "handed_in_to"])


FIREARM = Correctable(
    name="firearm",
    model=Firearm,
    noun="firearm",
    words=str,
    columns=(
        Column(name="serial", label="Serial number"),
        Column(name="make", label="Make"),
        Column(name="model", label="Model"),
        Column(name="caliber", label="Caliber"),
        Column(name="firearm_type", label="Type"),
        ChoiceColumn(name="item_kind", label="Kind of item"),
        Column(name="quantity", label="Quantity"),
        Column(name="description", label="Description"),
        Column(name="believed_place", label="Believed to be", is_private=True),
        Column(name="believed_source", label="According to", is_private=True),
        DayColumn(name="believed_on", label="Reported", is_private=True),
        Column(name="officer_notes", label="Notes for officers", is_private=True),
        ChoiceColumn(name="source", label="Source"),
    ),
    check=check_firearm,
    check_withdrawable=_check_not_named,
    remove=unlist,
    after_correction=_follow_twins,
)

PERMIT = Correctable(
    name="permit",
    model=Permit,
    noun="permit",
    words=lambda row: f"{row.kind}, number {row.number}" if row.number else row.kind,
    columns=(Column(name="kind", label="Permit"), Column(name="number", label="Number")),
    check=check_permit,
    check_withdrawable=_check_permit_free,
)

HAND_IN = Correctable(
    name="permit_hand_in",
    model=Permit,
    noun="hand-in",
    words=lambda row: f"{row.kind}, number {row.number}" if row.number else row.kind,
    columns=(DayColumn(name="handed_in_on", label="Handed in"),),
    # One that a receipt hands in is taken back with the receipt.
    is_recorded=lambda row: row.handed_in_on is not None and row.receipt_id is None,
    check_withdrawable=_check_handed_in,
    remove=_take_back,
    part_of="permit",
)
