"""Proof on record that a new time of issue in the registry makes older than the order.

Entered fresh it would be set aside. So it is taken back, and waits until a clerk confirms it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from orders.errors import InvalidFact
from orders.models import HistoryEntry, Order, Receipt, ReceiptKind, ReviewItem, ReviewKind, Statement
from orders.services.corrections import CORRECTABLE
from orders.services.orders.early_proof import early_proof, instant_of, proof_in_words
from orders.services.registry import files
from orders.services.registry.cells import Rejected
from orders.services.registry.parsing import ReceiptRow

CODE = "before_the_order"


def set_early_proof_aside(
    order: Order, *, besides: Collection[Receipt | Statement], line: int, now: datetime
) -> list[dict[str, Any]]:
    """Take this proof back and put it on the clerk's list. Return the data of a history entry for each.

    Raises `Rejected`, and takes nothing back, if a person has worked on it, or a later fact needs it.
    """
    early = early_proof(order, besides=besides)
    if not early:
        return []
    ids = {str(one.public_id): one for one in early}
    acts = HistoryEntry.objects.filter(order=order, actor__isnull=False)
    for pair in acts.values_list("data__receipt", "data__statement", "data__item__id"):
        if by_hand := ids.keys() & set(filter(None, pair)):
            raise _conflict(order, ids[min(by_hand)])
    items = [_item(order, one, line, now) for one in early]
    with transaction.atomic():
        for one in early:
            kind = CORRECTABLE["receipt" if isinstance(one, Receipt) else "statement"]
            try:
                kind.check_withdrawable(one)
                kind.remove(one)
            except InvalidFact as error:
                raise _conflict(order, one) from error
        ReviewItem.objects.bulk_create(items)
    return [{"code": CODE, "item": {"id": key, "words": proof_in_words(order, ids[key])}} for key in ids]


def _conflict(order: Order, proof: Receipt | Statement) -> Rejected:
    return Rejected(
        "conflicts_with_correction",
        f"issued_at: {proof_in_words(order, proof)} would be from before the order, and a person recorded "
        "it, or a later fact about it, here. Correct the order by hand.",
    )


def _item(order: Order, proof: Receipt | Statement, line: int, now: datetime) -> ReviewItem:
    row = ReceiptRow(number=proof.receipt_number, at=instant_of(proof))
    if isinstance(proof, Receipt):
        row = ReceiptRow(
            number=proof.receipt_number,
            at=proof.received_at,
            taker=ReceiptKind(proof.kind),
            agency_id=proof.agency_id,
            dealer_license=proof.dealer_license,
            serials=tuple(one.serial for one in proof.firearms.order_by("id")),
        )
    return ReviewItem(
        order=order,
        kind=ReviewKind.DOUBTFUL,
        code=CODE,
        file=files.ORDERS,
        line=line,
        detail=f"issued_at: with the new time of issue, {proof_in_words(order, proof)} is from before the "
        "order. It does not count until you confirm it. If it is wrong, reject it.",
        payload=row.as_payload(),
        created_at=now,
    )
