"""Receipts: proof of where firearms went."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from accounts.dates import format_day, format_instant
from accounts.models import Agency, Town, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import (
    CustodyRequest,
    Firearm,
    FirearmStatus,
    Order,
    Permit,
    Receipt,
    ReceiptGiver,
    ReceiptItem,
    ReceiptKind,
)
from orders.rules.facts import Facts
from orders.rules.license import LicenseError, parse_dealer_license
from orders.rules.vocabulary import FirearmRecipient
from orders.services.change import Change, changing
from orders.services.correctable import NOTHING, ChoiceColumn, Column, Correctable, InstantColumn
from orders.services.court_days import check_proof_not_before_order, court_day, zone_of
from orders.services.firearms.custody import (
    Storage,
    check_storage,
    drop_steps,
    follow_receipt,
    store_first,
)
from orders.services.firearms.found import FoundItem, drop_unproven, list_found
from orders.services.firearms.recorders import check_recorder
from orders.services.firearms.same_receipt import ask_if_receipt_recorded
from orders.services.firearms.status import custody_follows, refresh_status
from orders.services.one_round import refuse
from orders.services.planning.load_facts import load_facts
from orders.services.planning.rulebooks import bundled
from orders.services.validation import check_instant, need_one_of, need_police

#: Who took the firearms, in the rulebook's words.
_RECIPIENTS: dict[str, FirearmRecipient] = {
    ReceiptKind.POLICE: FirearmRecipient.LAW_ENFORCEMENT,
    ReceiptKind.DEALER: FirearmRecipient.LICENSED_DEALER,
    ReceiptKind.THIRD_PARTY: FirearmRecipient.THIRD_PARTY,
    ReceiptKind.TRUE_OWNER: FirearmRecipient.TRUE_OWNER,
}


def record_receipt(
    order: Order,
    *,
    kind: str,
    received_at: datetime,
    firearms: Sequence[Firearm] = (),
    by: User | None,
    now: datetime,
    receipt_number: str = "",
    agency: Agency | None = None,
    dealer_license: str = "",
    taker_name: str = "",
    town: Town | None = None,
    handed_over_at: str = "",
    giver: str = ReceiptGiver.RESPONDENT,
    taker_address: str = "",
    eligibility_check: str = "",
    lives_apart: bool | None = None,
    found: Sequence[FoundItem] = (),
    permits: Sequence[Permit] = (),
    storage: Storage | None = None,
    another: str = "",
    may_name_none: bool = False,
    confirm: str = "",
) -> Receipt:
    """Record that the firearms were handed over at `received_at`, and set the status of each.

    What the list does not have (`found`) is added to it. Permits are handed in. Police who take firearms give
    the `storage`. `another` is the reason for a found firearm with almost the serial number of a listed one.
    With `may_name_none`, a person decides later what the receipt names. Raises `InvalidFact`, and, unless
    `confirm` gives the reason, `DoubtfulFact`: from before the order, of other police, or on record already.
    """
    why = clean(confirm) or clean(another)
    with changing(order, "receipt_recorded", by=by, now=now, occurred_at=received_at, reason=why) as change:
        receipt = Receipt(
            order=change.order,
            kind=kind,
            received_at=received_at,
            receipt_number=receipt_number,
            agency=agency,
            dealer_license=dealer_license,
            taker_name=taker_name,
            town=town,
            handed_over_at=handed_over_at,
            giver=giver,
            taker_address=taker_address,
            eligibility_check=eligibility_check,
            lives_apart=lives_apart,
        )
        check_receipt(receipt, now=now, confirm=confirm)
        check_recorder(receipt, by, clean(confirm))
        if storage is not None:
            check_storage(storage, receipt.agency)
        mine = _of_case(change.order, firearms) if firearms or not (found or permits or may_name_none) else []
        added = list_found(change.order, found, now=now, confirm=why)
        _store(change, receipt, list(dict.fromkeys([*mine, *added])), permits)
        ask_if_receipt_recorded(receipt, [*mine, *added], found=added, confirm=confirm)
        if storage is not None:
            store_first(receipt, [*mine, *added], added, storage)
    return receipt


def _store(change: Change, receipt: Receipt, firearms: Sequence[Firearm], permits: Sequence[Permit]) -> None:
    """Store the receipt and what it names, and write both into the history entry of the act."""
    receipt.save()
    _put_on(receipt, firearms)
    _hand_in(receipt, permits)
    change.data["receipt"] = str(receipt.public_id)
    change.data["items"] = [str(one) for one in (*firearms, *permits)]
    RECEIPT.note(change, receipt)


def withdraw_receipt(order: Order, *, receipt: Receipt, by: User | None, now: datetime, reason: str) -> None:
    """Withdraw a receipt that was an error. Its firearms have the status that the remaining facts give.

    Raises `InvalidFact` if a firearm of the receipt was returned since then.
    """
    receipt.order = order
    RECEIPT.withdraw(receipt, by=by, now=now, reason=reason)


def check_receipt(receipt: Receipt, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved receipt without its firearms. Raises `InvalidFact` and `DoubtfulFact`."""
    order, at = receipt.order, receipt.received_at
    receipt.received_offset = check_instant("received_at", at, now=now, zone=zone_of(order))
    check_proof_not_before_order("received_at", order, at, confirm=confirm)
    check_recipient(order, receipt.kind)
    receipt.handed_over_at = clean(receipt.handed_over_at)
    receipt.dealer_license, receipt.taker_name = clean(receipt.dealer_license), clean(receipt.taker_name)
    check_taker(receipt.kind, receipt.agency, receipt.dealer_license, receipt.taker_name)
    need_one_of("giver", "unknown_giver", receipt.giver, ReceiptGiver.values)
    _check_paper(receipt)
    if receipt.dealer_license:
        receipt.dealer_license = parse_dealer_license(receipt.dealer_license).number
    receipt.receipt_number = number = clean(receipt.receipt_number)
    same = Receipt.objects.filter(order=order, receipt_number__iexact=number).exclude(pk=receipt.pk)
    if number and same.exists():
        refuse("receipt_number", "duplicate_receipt", f"Receipt {number} is already recorded.")
    if receipt._state.adding:
        return
    ask_if_receipt_recorded(receipt, _FIREARMS.rows(receipt), confirm=confirm)
    if receipt.kind != ReceiptKind.POLICE and receipt.permits.exists():
        refuse(
            "kind",
            "names_a_permit",
            "This receipt names a permit, which only police take. Withdraw the receipt, and record it again "
            "without the permit.",
        )


def _check_paper(receipt: Receipt) -> None:
    """Check what the paper of a dealer or another person states. Raises `InvalidFact`."""
    receipt.taker_address = clean(receipt.taker_address)
    receipt.eligibility_check = clean(receipt.eligibility_check)
    if receipt.kind == ReceiptKind.POLICE:
        for name in ("taker_address", "eligibility_check"):
            if getattr(receipt, name):
                refuse(name, "not_the_taker", "Leave this empty for a receipt of police.")
    if receipt.lives_apart is None:
        return
    if receipt.kind != ReceiptKind.THIRD_PARTY:
        refuse(
            "lives_apart", "not_a_third_party", "Answer this only for another person who took the firearms."
        )
    if not receipt.lives_apart:
        refuse(
            "lives_apart",
            "lives_with_respondent",
            "The respondent can reach firearms in the own home. Choose a person who lives elsewhere, a "
            "dealer or police.",
        )


def _of_case(order: Order, firearms: Sequence[Firearm]) -> list[Firearm]:
    """The firearms, which must be of the order's case. Raises `InvalidFact`."""
    if not firearms:
        refuse("firearms", "required", "Choose at least one firearm of the list.")
    keys = {one.pk for one in firearms}
    mine = list(Firearm.objects.of_case(order.case_id).filter(pk__in=keys).order_by("id"))
    if len(mine) < len(keys):
        refuse(
            "firearms",
            "firearm_of_another_order",
            "A firearm on the receipt belongs to another case. Choose from the list of this case, or add "
            "the firearm to it first.",
        )
    return mine


def _put_on(receipt: Receipt, firearms: Sequence[Firearm]) -> None:
    """Make these the firearms of the receipt. Raises `InvalidFact` if a return would lose its receipt."""
    items = ReceiptItem.objects.filter(receipt=receipt)
    before, after = set(items.values_list("firearm", flat=True)), {one.pk for one in firearms}
    items.filter(firearm__in=before - after).delete()
    ReceiptItem.objects.bulk_create(
        ReceiptItem(receipt=receipt, firearm_id=pk) for pk in sorted(after - before)
    )
    refresh_status(before | after)
    if not custody_follows(before | after):
        refuse(
            "receipt",
            "returned_since",
            "A firearm of this receipt was returned since then. Withdraw that return first.",
        )
    _check_requests(before)


def _check_requests(firearms: Collection[int]) -> None:
    """Raise `InvalidFact` if a request that waits names one of these (by key) that police do not hold now.

    No one could ever complete that request.
    """
    held_again = (FirearmStatus.ALLEGED, FirearmStatus.UNREACHABLE)
    gone = Firearm.objects.filter(pk__in=firearms, status__in=held_again)
    waiting = CustodyRequest.objects.filter(firearms__in=gone, decision=None).order_by("id")
    if request := waiting.first():
        refuse(
            "receipt",
            "named_by_a_request",
            f"A request of {format_day(request.requested_on)} names a firearm of this receipt, which police "
            "would no longer hold. Withdraw that request first, or take the firearm off it.",
        )


def _hand_in(receipt: Receipt, permits: Sequence[Permit]) -> None:
    """Hand in the permits on a receipt. Raises `InvalidFact` for one that was handed in before.

    Only police take a permit, or the licensing unit, which writes no receipt for firearms.
    """
    if permits and receipt.kind != ReceiptKind.POLICE:
        refuse(
            "permits",
            "not_a_taker",
            "A permit is handed in to police or to the licensing unit. Leave it off this receipt, and record "
            "its hand-in when they have it.",
        )
    rows = Permit.objects.filter(order=receipt.order, pk__in=[one.pk for one in permits])
    if rows.filter(handed_in_on=None).count() < len(permits):
        refuse(
            "permits",
            "handed_in",
            "A permit on the receipt belongs to another order, or it was handed in already. Leave it out.",
        )
    on = court_day(receipt.order, receipt.received_at)
    rows.update(receipt=receipt, handed_in_on=on, handed_in_to=receipt.agency)


def _move_permits(receipt: Receipt) -> None:
    """Keep the permits of a corrected receipt in agreement with it."""
    on = court_day(receipt.order, receipt.received_at)
    receipt.permits.update(handed_in_on=on, handed_in_to=receipt.agency)


def _remove(receipt: Receipt) -> None:
    items = list(receipt.firearms.all())
    drop_steps(receipt)
    _put_on(receipt, [])
    receipt.permits.update(receipt=None, handed_in_on=None, handed_in_to=None)
    receipt.delete()
    drop_unproven(items)


def _follow(receipt: Receipt) -> None:
    rows = _FIREARMS.rows(receipt)
    drop_steps(receipt, [one.pk for one in rows])
    follow_receipt(receipt)
    _put_on(receipt, rows)
    _move_permits(receipt)


class FirearmsColumn(Column):
    """The firearms of a fact. Those of an unsaved correction are in its attribute `chosen`."""

    @override
    def set(self, row: Any, changes: Mapping[str, Any]) -> None:
        if self.name in changes:
            row.chosen = _of_case(row.order, changes[self.name])

    @override
    def value(self, row: Any) -> frozenset[int]:
        return frozenset(one.pk for one in self.rows(row))

    @override
    def words(self, row: Any) -> str:
        return "; ".join(map(str, self.rows(row))) or NOTHING

    def rows(self, row: Any) -> list[Firearm]:
        """Return the firearms."""
        return row.chosen if hasattr(row, "chosen") else list(row.firearms.order_by("id"))


class _LivesApart(Column):
    """Whether the person lives elsewhere."""

    @override
    def words(self, row: Receipt) -> str:
        return NOTHING if row.lives_apart is None else "yes" if row.lives_apart else "no"


_FIREARMS = FirearmsColumn(name="firearms", label="Firearms")

RECEIPT = Correctable(
    name="receipt",
    model=Receipt,
    noun="receipt",
    words=lambda row: (
        f"receipt {row.receipt_number or 'without a number'}, "
        f"{format_instant(row.received_at, zone_of(row.order))}"
    ),
    columns=(
        InstantColumn(name="received_at", label="Handed over"),
        ChoiceColumn(name="kind", label="To"),
        Column(name="agency", label="Police agency"),
        Column(name="dealer_license", label="Dealer's license"),
        # The true owner can be the protected person.
        Column(name="taker_name", label="Name of the person", is_private=True),
        Column(name="taker_address", label="Address of who took them", is_private=True),
        Column(name="eligibility_check", label="Number of the eligibility check"),
        _LivesApart(name="lives_apart", label="The person lives elsewhere"),
        ChoiceColumn(name="giver", label="Handed over by"),
        Column(name="receipt_number", label="Receipt number"),
        # Somebody else may have handed them over at home: the history, kept forever, has no place.
        Column(name="town", label="Town", is_private=True),
        Column(name="handed_over_at", label="Place", is_private=True),
        _FIREARMS,
    ),
    check=check_receipt,
    check_recorder=check_recorder,
    remove=_remove,
    after_correction=_follow,
)


def recipients_of(order: Order) -> list[str]:
    """Return the kinds of recipient that the order allows."""
    facts = load_facts([order])[order.pk]
    return [kind for kind in ReceiptKind.values if not recipient_refusal(facts, kind)]


def recipient_refusal(facts: Facts, kind: str) -> str:
    """Return why an order with these facts does not allow this kind of recipient; empty if it does."""
    return bundled().refusal(facts, _RECIPIENTS[kind])


def custody_refusal(facts: Facts, kind: str) -> str:
    """Return why this kind of recipient may not take what police hold; empty if the order allows it."""
    return bundled().custody_refusal(facts, _RECIPIENTS[kind])


def check_recipient(order: Order, kind: str) -> None:
    """Raise `InvalidFact`, in the words of the rule, if the order does not allow this kind of recipient."""
    need_one_of("kind", "unknown_recipient", kind, ReceiptKind.values)
    if refusal := recipient_refusal(load_facts([order])[order.pk], kind):
        refuse("kind", "unlawful_recipient", refusal)


def check_taker(kind: str, agency: Agency | None, dealer_license: str, taker_name: str = "") -> None:
    """Raise `InvalidFact` unless a receipt of this kind has who took the firearms, and nothing else."""
    wanted = {ReceiptKind.POLICE: "agency", ReceiptKind.DEALER: "dealer_license"}.get(
        ReceiptKind(kind), "taker_name"
    )
    given = {"agency": agency, "dealer_license": dealer_license.strip(), "taker_name": taker_name.strip()}
    for name, value in given.items():
        if value and name != wanted:
            refuse(
                name,
                "not_the_taker",
                f"Leave this empty for a receipt of the kind “{ReceiptKind(kind).label}”.",
            )
    if wanted == "agency":
        need_police(agency, "Choose the police agency that took the firearms.")
    if wanted == "taker_name" and not given["taker_name"]:
        refuse("taker_name", "required", "Enter the name of the person who took the firearms.")
    if wanted == "dealer_license":
        try:
            parse_dealer_license(dealer_license)
        except LicenseError as error:
            raise InvalidFact("dealer_license", "invalid_dealer_license", str(error)) from error
