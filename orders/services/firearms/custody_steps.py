"""Steps of custody that were recorded with an error: corrected and withdrawn, each with a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.dates import at_the_end, format_instant
from accounts.models import User
from accounts.text import clean
from orders.errors import NotYours
from orders.models import (
    CustodyStep,
    FirearmDisposal,
    FirearmReturn,
    Receipt,
    ReceiptItem,
    ReceiptKind,
)
from orders.services.correctable import Column, Correctable, InstantColumn, before_correction
from orders.services.court_days import zone_of
from orders.services.firearms.custody import Storage, check_received, check_storage, holder_by
from orders.services.one_round import refuse
from orders.services.validation import check_instant


def put_right_by(person: User, steps: Collection[CustodyStep]) -> set[int]:
    """Return the keys of the steps that the person may put right.

    They are for the people of the agency that has the firearm by the step, and of the one that gave it.
    """
    mine = person.agencies_for("correct", "custody_step")
    taken = {one.pk for one in steps if one.agency_id in mine}
    others = [one for one in steps if one.pk not in taken and not one.receipt_id]
    custody = _Custody({one.firearm_id for one in others}) if others else None
    return taken | {one.pk for one in others if custody is not None and custody.giver(one) in mine}


def _check_person(step: CustodyStep, by: User) -> None:
    if not put_right_by(by, [step]):
        raise NotYours(
            "agency", "not_yours", "Only the police that gave or took the firearm can put this step right."
        )


def check_step(row: Any, *, now: datetime, confirm: str = "") -> None:
    """Check a corrected step as entry does, and set its offset. Raises `InvalidFact`.

    It stays between the steps before and after it. The first one has the time and the agency of its receipt.
    """
    stored = before_correction(row)
    row.moved_offset = check_instant("moved_at", row.moved_at, now=now, zone=zone_of(row.order))
    for name in ("shelf", "tag", "given_by", "taken_by", "why"):
        setattr(row, name, clean(getattr(row, name)))
    check_storage(Storage(officer=row.taken_by, place=row.place), row.agency)
    if stored.receipt_id is None:
        if not row.given_by:
            refuse("given_by", "required", "Enter the name of the officer who gave them.")
        _check_neighbors(row, stored)
        check_received([row.firearm], row.moved_at, now=now, zone=zone_of(row.order))
    else:
        _check_first(row, stored)
    row.explained = _explained(row.firearm_id)


def _check_first(row: CustodyStep, stored: CustodyStep) -> None:
    """Refuse another time or agency for the step with which custody began."""
    if row.given_by:
        refuse("given_by", "first_step", "Leave this empty: the firearm came with a receipt.")
    for name, what in (("moved_at", "time"), ("agency_id", "agency")):
        if getattr(row, name) != getattr(stored, name):
            refuse(
                name.removesuffix("_id"),
                "follows_the_receipt",
                f"This step began with a receipt. Correct the {what} of that receipt instead.",
            )


def _check_neighbors(row: CustodyStep, stored: CustodyStep) -> None:
    """Refuse a time before the step before it, or after the step after it."""
    zone = zone_of(row.order)
    before, after = _before(stored).last(), _after(stored).first()
    left = min((at for at, _ in _departures(row.firearm_id) if at >= stored.moved_at), default=None)
    if before is not None and row.moved_at < before.moved_at:
        refuse(
            "moved_at",
            "before_the_last_step",
            f"The step before it was at {at_the_end(format_instant(before.moved_at, zone))} Enter a time "
            "after it, or put that step right first.",
        )
    if after is not None and row.moved_at > after.moved_at:
        refuse(
            "moved_at",
            "after_the_next_step",
            f"The next step was at {at_the_end(format_instant(after.moved_at, zone))} Enter a time "
            "before it, or put that step right first.",
        )
    elif left is not None and row.moved_at > left:
        refuse(
            "moved_at",
            "after_it_left",
            f"The firearm left custody {at_the_end(format_instant(left, zone))} Enter a time before it.",
        )


def _check_last(row: CustodyStep) -> None:
    """Refuse to withdraw a step on which a later one rests."""
    if (after := _after(row).first()) is not None:
        at = format_instant(after.moved_at, zone_of(row.order))
        refuse("custody_step", "moved_since", f"A later step ({at}) rests on it. Withdraw that step first.")


def _remove(row: CustodyStep) -> None:
    explained = _explained(row.firearm_id)
    row.delete()
    _check_departures(row, explained)


def _follow(row: Any) -> None:
    """Give a corrected tag to the steps after it that kept it, and see that what left had its holder.

    A step with a tag of its own keeps that, also if a correction made both equal for a while.
    """
    former = before_correction(row).tag
    if former != row.tag:
        before = _before(row).last()
        row.keeps_tag = before is not None and before.tag == row.tag
        row.save(update_fields=["keeps_tag"])
        for one in _after(row):
            if not one.keeps_tag or one.tag != former:
                break
            one.tag = row.tag
            one.save(update_fields=["tag"])
    _check_departures(row, row.explained)


def _check_departures(row: CustodyStep, explained: Mapping[int, datetime]) -> None:
    """Refuse a change by which an agency returned or gave away what it did not hold."""
    lost = explained.keys() - _explained(row.firearm_id).keys()
    if lost:
        at = format_instant(explained[min(lost)], zone_of(row.order))
        refuse(
            "custody_step",
            "left_since",
            f"The firearm left custody ({at}), and by this change another agency would have held it then. "
            "Withdraw that return or disposal first.",
        )


def _explained(firearm: int) -> dict[int, datetime]:
    """When a firearm (by key) left custody by the agency that held it, in the order of entry."""
    found = _departures(firearm)
    custody = _Custody([firearm] if found else [])
    return {
        number: at
        for number, (at, agency) in enumerate(found)
        if custody.holder(firearm, at) in (None, agency)
    }


def _departures(firearm: int) -> list[tuple[datetime, int]]:
    """Return when, and by which agency (by key), a firearm (by key) left custody."""
    returns = (
        FirearmReturn.objects.filter(firearm=firearm).order_by("pk").values_list("returned_at", "agency")
    )
    gone = FirearmDisposal.objects.filter(firearm=firearm).order_by("pk").values_list("disposed_at", "agency")
    return [*returns, *gone]


class _Custody:
    """The steps and the receipts of police of firearms (by key): who held one at an instant."""

    def __init__(self, firearms: Collection[int]) -> None:
        self._steps: defaultdict[int, list[CustodyStep]] = defaultdict(list)
        self._receipts: defaultdict[int, list[Receipt]] = defaultdict(list)
        if not firearms:
            return
        steps = CustodyStep.objects.filter(firearm__in=firearms).select_related("agency")
        for step in steps.order_by("moved_at", "id"):
            self._steps[step.firearm_id].append(step)
        items = ReceiptItem.objects.filter(firearm__in=firearms, receipt__kind=ReceiptKind.POLICE)
        for item in items.select_related("receipt__agency").order_by("receipt__received_at", "id"):
            self._receipts[item.firearm_id].append(item.receipt)

    def holder(self, firearm: int, at: datetime, *, without: int = 0) -> int | None:
        """Return the police (by key) that held it: by its last step, or its last receipt if that is later."""
        steps = [one for one in self._steps[firearm] if one.moved_at <= at and one.pk != without]
        receipts = [one for one in self._receipts[firearm] if one.received_at <= at]
        holder = holder_by(steps[-1] if steps else None, receipts[-1] if receipts else None)
        return holder.pk if holder is not None else None

    def giver(self, step: CustodyStep) -> int | None:
        """Return the agency (by key) that had the firearm before a step that is not its first."""
        return self.holder(step.firearm_id, step.moved_at, without=step.pk)


def _before(step: CustodyStep) -> QuerySet[CustodyStep]:
    earlier = Q(moved_at__lt=step.moved_at) | Q(moved_at=step.moved_at, pk__lt=step.pk)
    return CustodyStep.objects.filter(earlier, firearm=step.firearm_id).order_by("moved_at", "id")


def _after(step: CustodyStep) -> QuerySet[CustodyStep]:
    later = Q(moved_at__gt=step.moved_at) | Q(moved_at=step.moved_at, pk__gt=step.pk)
    return CustodyStep.objects.filter(later, firearm=step.firearm_id).order_by("moved_at", "id")


def step_words(row: CustodyStep) -> str:
    """Return a step in words."""
    return f"{row.firearm}: {row.taken_by} took it, {format_instant(row.moved_at, zone_of(row.order))}"


CUSTODY_STEP = Correctable(
    name="custody_step",
    model=CustodyStep,
    noun="step of custody",
    words=step_words,
    columns=(
        InstantColumn(name="moved_at", label="When"),
        Column(name="given_by", label="Given by"),
        Column(name="taken_by", label="Taken by"),
        Column(name="agency", label="Police agency"),
        Column(name="place", label="Stored in"),
        Column(name="shelf", label="Shelf"),
        Column(name="tag", label="Tag"),
        # Free text, which can name the protected person.
        Column(name="why", label="Why", is_private=True),
    ),
    check=check_step,
    check_person=_check_person,
    check_withdrawable=_check_last,
    remove=_remove,
    after_correction=_follow,
)
