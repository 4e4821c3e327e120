"""Decide rows that an import set aside: doubtful facts, and serials and respondents that may match.

Each decision has a reason and runs the same services as a fact entered by hand. `reopen_review` takes it
back, with what it recorded.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain
from typing import Any

from accounts.models import Agency, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import (
    Firearm,
    FirearmSource,
    Order,
    Receipt,
    ReceiptItem,
    Respondent,
    ReviewItem,
    ReviewKind,
    ReviewResolution,
    Statement,
    StatementKind,
)
from orders.models.registry import NO_END
from orders.services.change import Change, changing, plain
from orders.services.corrections import withdraw
from orders.services.firearms.found import drop_unproven
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.statements import record_statement
from orders.services.firearms.status import custody_follows, refresh_status
from orders.services.near_numbers import NEAR_ON_OTHER_DOCKET
from orders.services.parties.persons import join_persons, keep_apart
from orders.services.parties.respondents import correct_respondent
from orders.services.registry.known import Known
from orders.services.registry.same_numbers import (
    list_row,
    restore_rows,
    take_off_list,
    write_as_before,
    write_as_first,
)
from orders.services.registry.set_aside import (
    NO_LONGER_NAMED,
    NUMBER_USED,
    ONE_OR_TWO,
    OTHER_TIME,
    serial_to_match,
)
from orders.services.registry.small_children import BORN
from orders.services.registry.times import correct_time, restore_time
from orders.services.validation import need_reason

#: The longest receipt number that leaves room for a count.
_LONGEST_NUMBER = 34
#: Keys of the payload of a decided item: the id of what the decision recorded, and the former date of birth.
RECORDED, BEFORE = "recorded", "before"


def confirm_review(item: ReviewItem, *, by: User, now: datetime, reason: str) -> ReviewItem:
    """Record a doubtful receipt, statement or date of birth, because it is true. Raises `InvalidFact`.

    Two respondents of one docket are recorded as the same person.
    """
    why = need_reason(reason)
    with _deciding(item, ReviewResolution.CONFIRMED, by=by, now=now, reason=why) as (change, row):
        if row.kind == ReviewKind.OTHER_RESPONDENT:
            other = _other(row)
            # After a decision that was taken back they may be joined still.
            if other.person_id != change.order.case.respondent.person_id:
                join_persons(change.order, other=other, reason=why, by=by, now=now)
            return row
        if row.kind != ReviewKind.DOUBTFUL:
            raise InvalidFact("item", "not_doubtful", "Decide which firearm it is instead.")
        if _is_decided(row, change.order, by=by, now=now, reason=why):
            return row
        given = row.payload
        if BORN in given:
            born, before = date.fromisoformat(given[BORN]), change.order.case.respondent.date_of_birth
            row.payload[BEFORE] = plain(before)
            if born != before:
                correct_respondent(change.order, date_of_birth=born, reason=why, confirm=why, by=by, now=now)
            return row
        at = datetime.fromisoformat(given["at"])
        if not given["kind"]:
            fact: Receipt | Statement = record_statement(
                change.order,
                kind=StatementKind.NON_POSSESSION,
                sworn_at=at,
                receipt_number=_number(change.order, given["receipt_number"], row.code),
                confirm=why,
                by=by,
                now=now,
            )
        else:
            fact = _record_receipt(row, change.order, at, by=by, now=now, reason=why)
        row.payload[RECORDED] = str(fact.public_id)
    return row


def _is_decided(row: ReviewItem, order: Order, *, by: User, now: datetime, reason: str) -> bool:
    """Carry out the decision about what is on record already; False if the row is to be recorded."""
    if row.code in ONE_OR_TWO:
        is_listed = row.payload["counts"]
        row.payload[RECORDED] = is_listed or list_row(row, order, by=by, now=now, reason=reason)
    elif row.code == OTHER_TIME:
        row.order = order
        correct_time(row, by=by, now=now, reason=reason)
    return row.code in {NO_END, OTHER_TIME, NEAR_ON_OTHER_DOCKET, *ONE_OR_TWO}


def match_review(
    item: ReviewItem, *, firearm: Firearm | None, by: User, now: datetime, reason: str
) -> ReviewItem:
    """Decide that the receipt names `firearm`; with None, add the unlisted firearm.

    Raises `InvalidFact`.
    """
    resolution = ReviewResolution.ADDED if firearm is None else ReviewResolution.MATCHED
    why = need_reason(reason)
    with _deciding(item, resolution, by=by, now=now, reason=why) as (change, row):
        if row.kind != ReviewKind.NEAR_MATCH:
            raise InvalidFact("item", "no_serial", "This item is not about a serial number.")
        receipt = Receipt.objects.filter(public_id=row.payload["receipt"], order=change.order).first()
        if receipt is None:
            raise InvalidFact("item", "receipt_withdrawn", "The receipt was withdrawn. Reject this item.")
        if firearm is None:
            firearm = list_firearm(
                change.order,
                source=FirearmSource.RECEIPT,
                serial=row.payload["serial"],
                confirm=why,
                by=by,
                now=now,
            )
        elif not Firearm.objects.of_case(change.order.case_id).filter(pk=firearm.pk).exists():
            raise InvalidFact(
                "firearm", "firearm_of_another_order", "Choose a firearm from this case's list."
            )
        _, is_new = ReceiptItem.objects.get_or_create(receipt=receipt, firearm=firearm)
        refresh_status([firearm.pk])
        change.data["receipt"], change.data["firearm"] = str(receipt.public_id), str(firearm.public_id)
        row.payload[RECORDED] = str(firearm.public_id) if is_new else ""
    return row


def reject_review(item: ReviewItem, *, by: User, now: datetime, reason: str) -> ReviewItem:
    """Decide that the row is wrong. Nothing is recorded. Raises `InvalidFact`.

    Two respondents of one docket are recorded as two people.
    """
    why = need_reason(reason)
    with _deciding(item, ReviewResolution.REJECTED, by=by, now=now, reason=why) as (change, row):
        if row.kind == ReviewKind.OTHER_RESPONDENT:
            keep_apart(change.order, other=_other(row), reason=why, by=by, now=now)
        elif row.code == NO_LONGER_NAMED:
            drop_unproven(list(Firearm.objects.filter(public_id__in=row.payload["firearms"])))
        elif row.code in ONE_OR_TWO:
            take_off_list(row.payload["counts"], change.order, by=by, now=now, reason=why)
        elif row.code == NEAR_ON_OTHER_DOCKET:
            write_as_first(row, change.order, by=by, now=now, reason=why)
    return row


def _number(order: Order, number: str, code: str) -> str:
    """Return the number of a confirmed receipt or statement: with a count if another one has it."""
    if code != NUMBER_USED:
        return number
    stored = [
        rows.filter(order=order).values_list("receipt_number", flat=True)
        for rows in (Receipt.objects, Statement.objects)
    ]
    used = {one.upper() for one in chain.from_iterable(stored)}
    numbers = chain([number], (f"{number[:_LONGEST_NUMBER]} ({count})" for count in itertools.count(2)))
    return next(one for one in numbers if one.upper() not in used)


def reopen_review(item: ReviewItem, *, by: User, now: datetime, reason: str) -> ReviewItem:
    """Take back a decision with what it recorded: the item waits again. Raises `InvalidFact`.

    Two respondents stay joined or apart until the next decision about them, which replaces this one.
    """
    with changing(item.order, "review_reopened", by=by, now=now, reason=need_reason(reason)) as change:
        row = ReviewItem.objects.get(pk=item.pk)
        row.order = change.order
        if row.resolved_at is None:
            raise InvalidFact("item", "not_decided", "This item is not decided yet. Decide it.")
        _take_back(row, by=by, now=now, reason=reason)
        change.data["review"] = _named(row)
        for name in (RECORDED, BEFORE):
            row.payload.pop(name, None)
        row.resolution, row.reason, row.resolved_at, row.resolved_by = "", "", None, None
        row.save(update_fields=["resolution", "reason", "resolved_at", "resolved_by", "payload"])
    return row


def _take_back(row: ReviewItem, *, by: User, now: datetime, reason: str) -> None:
    """Withdraw what the decision recorded, as far as it is still there."""
    given = row.payload
    if row.code in {NEAR_ON_OTHER_DOCKET, *ONE_OR_TWO}:
        restore = write_as_before if row.code == NEAR_ON_OTHER_DOCKET else restore_rows
        restore(row, row.order, by=by, now=now, reason=reason)
        return
    records_nothing = row.kind == ReviewKind.OTHER_RESPONDENT or row.code == NO_END
    if row.resolution == ReviewResolution.REJECTED or records_nothing:
        return
    if row.code == OTHER_TIME or BORN in given:
        put_back = restore_time if row.code == OTHER_TIME else _restore_birth
        put_back(row, by=by, now=now, reason=reason)
        return
    if RECORDED not in given:
        raise InvalidFact(
            "item",
            "recorded_before",
            "What this decision recorded is not known. Withdraw or correct it on the page of the order.",
        )
    if row.kind == ReviewKind.NEAR_MATCH:
        _take_off(row)
        return
    for rows in (Receipt.objects, Statement.objects):
        if fact := rows.filter(public_id=given[RECORDED], order=row.order).first():
            fact.order = row.order
            withdraw(fact, by=by, now=now, reason=reason)


def _restore_birth(row: ReviewItem, *, by: User, now: datetime, reason: str) -> None:
    """Give the respondent the former date of birth, unless a person corrected it since then."""
    respondent = row.order.case.respondent
    respondent.refresh_from_db(fields=["date_of_birth"])
    if respondent.date_of_birth == date.fromisoformat(row.payload[BORN]):
        before = row.payload.get(BEFORE)
        born = date.fromisoformat(before) if before else None
        if born == respondent.date_of_birth:
            return
        correct_respondent(row.order, date_of_birth=born, reason=reason, confirm=reason, by=by, now=now)


def _take_off(row: ReviewItem) -> None:
    """Take the firearm off the receipt, and off the list if only this receipt had brought it there.

    Raises `InvalidFact` if a later fact needs the receipt.
    """
    if not row.payload[RECORDED]:
        # The receipt named it before.
        return
    lines = ReceiptItem.objects.filter(receipt__public_id=row.payload["receipt"])
    line = lines.filter(firearm__public_id=row.payload[RECORDED]).select_related("firearm").first()
    if line is None:
        return
    firearm = line.firearm
    line.delete()
    refresh_status([firearm.pk])
    if not custody_follows([firearm.pk]):
        raise InvalidFact(
            "item", "returned_since", "The firearm was returned since then. Withdraw that return first."
        )
    drop_unproven([firearm])


def _named(row: ReviewItem) -> dict[str, Any]:
    return {"kind": row.kind, "code": row.code, "file": row.file, "line": row.line}


def _other(row: ReviewItem) -> Respondent:
    return Respondent.objects.get(public_id=row.payload["respondent"])


@contextmanager
def _deciding(
    item: ReviewItem, resolution: ReviewResolution, *, by: User, now: datetime, reason: str
) -> Iterator[tuple[Change, ReviewItem]]:
    """Lock the case, let the caller record the fact, and store the decision."""
    with changing(item.order, f"review_{resolution.value}", by=by, now=now, reason=reason) as change:
        row = ReviewItem.objects.get(pk=item.pk)
        if row.resolved_at is not None:
            raise InvalidFact("item", "already_decided", "Someone has already decided this item.")
        change.data["review"] = _named(row)
        row.resolution, row.reason, row.resolved_at, row.resolved_by = resolution, clean(reason), now, by
        # Before what the decision does, so that nothing counts the item as open.
        row.save(update_fields=["resolution", "reason", "resolved_at", "resolved_by"])
        yield change, row
        row.save(update_fields=["payload"])


def _record_receipt(
    row: ReviewItem, order: Order, at: datetime, *, by: User, now: datetime, reason: str
) -> Receipt:
    """Record a doubtful receipt as the import does: a number that a person must place waits on its own."""
    given, known = row.payload, Known()
    known.load([order])
    serials = known.apart(order, given["serials"])
    named = []
    for serial in serials:
        if known.asks(order, serial):
            continue
        firearm = known.find(order, serial)
        if firearm is None:
            source = FirearmSource.RECEIPT
            firearm = list_firearm(order, source=source, serial=serial, confirm=reason, by=by, now=now)
            known.add(order, firearm)
        named.append(firearm)
    receipt = record_receipt(
        order,
        kind=given["kind"],
        received_at=at,
        firearms=named,
        may_name_none=True,
        receipt_number=_number(order, given["receipt_number"], row.code),
        agency=Agency.objects.filter(pk=given["agency"]).first() if given["agency"] else None,
        dealer_license=given["dealer_license"],
        confirm=reason,
        by=by,
        now=now,
    )
    ReviewItem.objects.bulk_create(
        serial_to_match(known, order, receipt, serial, row.line, now=now)
        for serial in serials
        if known.asks(order, serial)
    )
    return receipt
