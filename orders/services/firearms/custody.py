"""Where firearms in police custody are: storage places, and the steps between places and officers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from accounts.dates import format_instant
from accounts.models import Agency, User
from accounts.text import clean, fold
from orders.errors import InvalidFact, NotYours
from orders.models import (
    CustodyStep,
    Firearm,
    FirearmDisposal,
    FirearmReturn,
    FirearmStatus,
    Order,
    Receipt,
    ReceiptItem,
    ReceiptKind,
    StoragePlace,
)
from orders.services.change import changing
from orders.services.correctable import before_correction
from orders.services.court_days import zone_of
from orders.services.firearms.status import held_since
from orders.services.one_round import refuse
from orders.services.said_before import doubt_again
from orders.services.validation import check_instant


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Where what a receipt lists is put: the officer who takes it, place, shelf, and the tag of each item.

    `tags` are by the key of a listed firearm, `found_tags` by the place of a found item on the receipt.
    """

    officer: str
    place: StoragePlace | None = None
    shelf: str = ""
    tags: Mapping[int, str] = field(default_factory=dict)
    found_tags: Sequence[str] = ()


def check_storage(storage: Storage, agency: Agency | None) -> None:
    """Raise `InvalidFact` unless the agency of a receipt can put its items there."""
    if agency is None:
        raise InvalidFact("agency", "not_police", "Choose the police agency that took the firearms.")
    if not clean(storage.officer):
        refuse("officer", "required", "Enter the name of the officer who took them.")
    if storage.place is not None and storage.place.agency_id != agency.pk:
        refuse(
            "place", "place_of_another_agency", f"{storage.place} is not a place of {agency}. Choose another."
        )


def store_first(
    receipt: Receipt, firearms: Sequence[Firearm], found: Sequence[Firearm], storage: Storage
) -> None:
    """Record where the items of a new receipt are, chosen from the list or `found` beside it, each once."""
    tags = {one.pk: storage.tags.get(one.pk, "") for one in firearms}
    for one, tag in zip(found, storage.found_tags, strict=False):
        tags[one.pk] = tag or tags[one.pk]
    _add(
        receipt.order,
        tags,
        receipt=receipt,
        agency=receipt.agency,
        place=storage.place,
        shelf=clean(storage.shelf),
        taken_by=clean(storage.officer),
        moved_at=receipt.received_at,
        moved_offset=receipt.received_offset,
    )


def move_firearms(
    order: Order,
    *,
    firearms: Sequence[Firearm],
    agency: Agency,
    given_by: str,
    taken_by: str,
    moved_at: datetime,
    by: User | None,
    now: datetime,
    place: StoragePlace | None = None,
    shelf: str = "",
    tag: str = "",
    why: str = "",
    confirm: str = "",
) -> list[CustodyStep]:
    """Record that an officer gave firearms in custody to another officer, place or police agency.

    Each keeps its tag; one alone can get a new one. Raises `InvalidFact`, `NotYours` for police that neither
    hold nor take them, and `DoubtfulFact` for a step that is recorded, unless `confirm` gives the reason.
    """
    with changing(
        order, "firearms_moved", by=by, now=now, occurred_at=moved_at, reason=clean(confirm)
    ) as change:
        mine = list(
            Firearm.objects.of_case(order.case_id)
            .filter(pk__in=[one.pk for one in firearms], status=FirearmStatus.SURRENDERED)
            .order_by("id")
        )
        _check_mover(mine, agency, by)
        offset = check_instant("moved_at", moved_at, now=now, zone=zone_of(order))
        check_storage(Storage(officer=taken_by, place=place), agency)
        if not clean(given_by):
            refuse("given_by", "required", "Enter the name of the officer who gave them.")
        if not mine or len(mine) < len({one.pk for one in firearms}):
            refuse("firearms", "not_in_custody", "Choose firearms that police hold now.")
        if (new_tag := clean(tag)) and len(mine) > 1:
            refuse("tag", "several_items", "A tag is for one item. Choose one item, or leave the tag empty.")
        before = latest_steps(mine)
        if any(one.moved_at > moved_at for one in before.values()):
            refuse("moved_at", "before_the_last_step", "A later step is recorded. Enter a time after it.")
        else:
            check_received(mine, moved_at, now=now, zone=zone_of(order))
        entered = moved_at, agency.pk, place.pk if place else None, fold(shelf), fold(taken_by)
        if not clean(confirm) and any(_values(one) == entered for one in before.values()):
            doubt_again("moved_at", f"taken {format_instant(moved_at, zone_of(order))}")
        change.data["items"] = [str(one) for one in mine]
        return _add(
            change.order,
            {one.pk: new_tag or (before[one.pk].tag if one.pk in before else "") for one in mine},
            agency=agency,
            place=place,
            shelf=clean(shelf),
            given_by=clean(given_by),
            taken_by=clean(taken_by),
            moved_at=moved_at,
            moved_offset=offset,
            why=clean(why),
            keeps_tag=not new_tag,
        )


def _values(step: CustodyStep) -> tuple[object, ...]:
    return step.moved_at, step.agency_id, step.place_id, fold(step.shelf), fold(step.taken_by)


def _check_mover(firearms: Sequence[Firearm], taker: Agency, by: User | None) -> None:
    """Raise `NotYours` unless the person acts for the police that hold each firearm, or that take it."""
    if by is None or taker.pk in (mine := by.agencies_for("add", "custody_step")):
        return
    held = holders_of(firearms)
    if any(one.pk not in held or held[one.pk].pk not in mine for one in firearms):
        raise NotYours(
            "agency", "not_yours", "Only the police that hold a firearm, or take it, can record this step."
        )


def check_received(firearms: Sequence[Firearm], at: datetime, *, now: datetime, zone: ZoneInfo) -> None:
    """Refuse a step of a firearm before police received it."""
    keys = [one.pk for one in firearms]
    received, before = held_since(keys, now), held_since(keys, at)
    if early := [pk for pk in keys if pk in received and pk not in before]:
        refuse(
            "moved_at",
            "before_the_receipt",
            f"{format_instant(at, zone)} is before police received it "
            f"({format_instant(received[early[0]], zone)}). Correct this time, or the receipt.",
        )


def move_firearm(firearm: Firearm, **facts: Any) -> CustodyStep:
    """Record one step of one firearm, as `move_firearms` does. Raises `InvalidFact`."""
    (step,) = move_firearms(firearm.order, firearms=[firearm], **facts)
    return step


def latest_steps(firearms: Iterable[Firearm]) -> dict[int, CustodyStep]:
    """Return the latest step of each firearm, by its key."""
    rows = CustodyStep.objects.filter(firearm__in=[one.pk for one in firearms])
    rows = rows.select_related("agency", "place").order_by("firearm_id", "-moved_at", "-id")
    return {one.firearm_id: one for one in rows.distinct("firearm_id")}


def police_items(firearms: Iterable[Firearm]) -> QuerySet[ReceiptItem]:
    """Return the items of each firearm on receipts of police, the latest receipt first.

    With `distinct("firearm_id")` they are the latest of each.
    """
    items = ReceiptItem.objects.filter(
        firearm__in=[one.pk for one in firearms], receipt__kind=ReceiptKind.POLICE
    )
    listed = items.select_related("receipt__agency")
    return listed.order_by("firearm_id", "-receipt__received_at", "-id")


def holders_of(firearms: Iterable[Firearm]) -> dict[int, Agency]:
    """Return the police agency that holds each firearm, by its key: of its last step, else of its receipt.

    A firearm whose receipt names no agency is left out.
    """
    rows = list(firearms)
    items = police_items(rows).filter(receipt__agency__isnull=False)
    taken = {one.firearm_id: one.receipt for one in items.distinct("firearm_id")}
    steps = latest_steps(rows)
    held = {pk: holder_by(steps.get(pk), taken.get(pk)) for pk in taken.keys() | steps.keys()}
    return {pk: holder for pk, holder in held.items() if holder is not None}


def holder_by(step: CustodyStep | None, receipt: Receipt | None) -> Agency | None:
    """Return who holds a firearm by its last step and its last receipt of police: the later one decides."""
    if step is not None and (receipt is None or step.moved_at >= receipt.received_at):
        return step.agency
    return receipt.agency if receipt is not None else None


def check_holder(agency: Agency, firearms: Iterable[Firearm]) -> None:
    """Refuse an act by which firearms leave the custody of an agency that does not hold them."""
    rows = list(firearms)
    held = holders_of(rows)
    for one in rows:
        if (holder := held.get(one.pk)) is not None and holder.pk != agency.pk:
            refuse(
                "agency",
                "not_the_holder",
                f"{one}: {holder} holds it. Choose that agency, or record first that it gave the firearm "
                f"to {agency}.",
            )


def drop_steps(receipt: Receipt, firearms: Collection[int] | None = None) -> None:
    """Remove the first steps of what is no longer on the receipt; all of them for None."""
    steps = CustodyStep.objects.filter(receipt=receipt)
    (steps if firearms is None else steps.exclude(firearm__in=firearms)).delete()


def follow_receipt(receipt: Receipt) -> None:
    """Bring the first steps of custody into agreement with a corrected receipt: its time and its agency.

    A place of another agency is not theirs. A receipt of others than police begins no custody. Refuse a time
    after a later step.
    """
    _check_later_steps(receipt)
    steps = CustodyStep.objects.filter(receipt=receipt)
    if receipt.agency is None:
        steps.delete()
        return
    steps.exclude(agency=receipt.agency).update(agency=receipt.agency, place=None, shelf="")
    steps.update(moved_at=receipt.received_at, moved_offset=receipt.received_offset)


def _check_later_steps(receipt: Receipt) -> None:
    rows = CustodyStep.objects.filter(
        receipt=None, firearm__receipts=receipt, moved_at__lt=receipt.received_at
    )
    for one in rows.order_by("moved_at"):
        if one.firearm_id not in held_since([one.firearm_id], one.moved_at):
            at = format_instant(one.moved_at, zone_of(receipt.order))
            refuse(
                "received_at",
                "after_a_step",
                f"A step of custody ({at}) would come before it. Put that step right first.",
            )


def check_corrected_holder(row: FirearmReturn | FirearmDisposal) -> None:
    """Refuse another agency for a firearm that left custody, unless that one held it."""
    stored = before_correction(row)
    if stored is not None and stored.agency_id != row.agency_id:
        check_holder(row.agency, [row.firearm])


def add_place(agency: Agency, *, name: str, by: User, capacity: int | None = None) -> StoragePlace:
    """Add a storage place of the agency, for one of its own people. Raises `InvalidFact`."""
    if agency.pk not in by.agencies_for("add", "storage_place"):
        raise NotYours("agency", "not_yours", "Choose your own police agency.")
    if not (name := clean(name)):
        refuse("name", "required", "Enter the name of the place, such as “Property room”.")
    with transaction.atomic():
        place, is_new = StoragePlace.objects.get_or_create(
            agency=agency, name=name, defaults={"capacity": capacity}
        )
        if not is_new and place.is_open:
            refuse("name", "duplicate_place", f"{name} is a place of {agency} already.")
        place.capacity, place.is_open = capacity, True
        place.save(update_fields=["capacity", "is_open"])
    return place


def _add(order: Order, tags: Mapping[int, str], **facts: object) -> list[CustodyStep]:
    return CustodyStep.objects.bulk_create(
        CustodyStep(order=order, firearm_id=pk, tag=clean(tag), **facts) for pk, tag in tags.items()
    )
