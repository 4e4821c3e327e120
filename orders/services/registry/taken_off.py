"""Firearms of a stored receipt that the rows in its place do not name any more.

The registry corrected the receipt, or the number was used again. Until a clerk decides, the firearm does
not count as surrendered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orders.matching.serials import exact_key
from orders.models import Order
from orders.services.registry.known import Known
from orders.services.registry.new_proof import Proof
from orders.services.registry.parsing import ReceiptRow
from orders.services.registry.receipt_rows import RecordedReceipt
from orders.services.registry.set_aside import no_longer_named


def take_off(
    proof: Proof,
    known: Known,
    order: Order,
    rows: Sequence[tuple[int, ReceiptRow]],
    stored: RecordedReceipt,
    *,
    now: datetime,
) -> bool:
    """Take off what the new rows of its number do not name. Return whether there is anything.

    On a receipt that a person has worked on here, and with a later fact about the firearm, it stays.
    """
    receipt = stored.receipt
    if receipt is None:
        return False
    named = known.apart(order, [serial for _, row in rows for serial in row.serials])
    keys = {exact_key(serial) for serial in named}
    likely = {firearm.pk for serial in named for firearm in known.likely(order, serial)}
    gone = [one for one in receipt.firearms.all() if one.serial_key and one.serial_key not in keys]
    for firearm in gone:
        counts = str(receipt.public_id) in known.by_hand or firearm.pk in known.bound
        if not counts:
            proof.taken_off.append((receipt, firearm))
        # What may be one of the rows' numbers is asked about with that number.
        if firearm.pk not in likely:
            proof.reviews.append(no_longer_named(order, receipt, firearm, rows[0][0], counts=counts, now=now))
    return bool(gone)
