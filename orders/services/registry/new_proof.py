"""The firearms, receipts and statements that an import stores: sorted out first, then stored together."""

from __future__ import annotations

from dataclasses import dataclass, field

from orders.models import Firearm, HistoryEntry, Receipt, ReceiptItem, ReviewItem, Statement
from orders.services.bulk import insert, make
from orders.services.firearms.status import refresh_status
from orders.services.registry.staging import Reject

#: The columns of a firearm that the registry describes.
DESCRIPTION = ("make", "model", "caliber", "firearm_type", "source")


@dataclass
class Proof:
    """The new rows of some orders, not stored yet."""

    firearms: list[Firearm] = field(default_factory=list)
    #: Stored firearms that a receipt had brought, with the registry's description.
    described: list[Firearm] = field(default_factory=list)
    receipts: list[tuple[Receipt, list[Firearm]]] = field(default_factory=list)
    #: Stored receipts, each with the firearms that it names besides.
    extended: list[tuple[Receipt, list[Firearm]]] = field(default_factory=list)
    #: Firearms that go off their stored receipt, because newer rows do not name them.
    taken_off: list[tuple[Receipt, Firearm]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    events: list[HistoryEntry] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    reviews: list[ReviewItem] = field(default_factory=list)

    @property
    def order_ids(self) -> set[int]:
        """The orders with new rows."""
        return {event.order_id for event in self.events}

    def store(self) -> None:
        """Store firearms, receipts and statements, and set the status of each firearm."""
        insert(self.firearms)
        Firearm.objects.bulk_update(self.described, DESCRIPTION)
        insert([receipt for receipt, _ in self.receipts])
        insert(self.statements)
        named = [*self.receipts, *self.extended]
        insert(
            [
                make(ReceiptItem, receipt=receipt, firearm=firearm)
                for receipt, firearms in named
                for firearm in firearms
            ]
        )
        for receipt, firearm in self.taken_off:
            ReceiptItem.objects.filter(receipt=receipt, firearm=firearm).delete()
        ReviewItem.objects.bulk_create(self.reviews)
        moved = {firearm.pk for _, firearms in named for firearm in firearms}
        # Another docket of the person may list the same number, with facts.
        moved |= {firearm.pk for firearm in self.firearms if firearm.serial_key}
        refresh_status(moved | {firearm.pk for _, firearm in self.taken_off})
