"""The three numbers of an order's firearms: alleged, listed, accounted for, and what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from accounts.dates import format_instant
from orders.models import Firearm, Hearing, HistoryEntry, Order
from orders.services.court_days import zone_of
from orders.services.planning.inventory import Inventory, is_alleged
from orders.services.planning.load_inventories import LAST_KNOWN, REPORTED, load_inventories


class Allegation(Enum):
    """Who alleges firearms: a sentence about it, and the subject and verb of other sentences."""

    APPLICATION = (
        "The application says that the respondent has firearms or ammunition.",
        "the application alleges",
    )
    ANSWER = (
        "The application does not mention firearms, but the respondent admitted some at service.",
        "the respondent admits",
    )
    OTHER = (
        "This application does not mention firearms, but another one of the case does.",
        "another application of the case alleges",
    )
    NOT_ALLEGED = ("The application does not mention firearms.", "no one alleges")

    def __init__(self, sentence: str, who: str) -> None:
        self.sentence, self.who = sentence, who


@dataclass(frozen=True, kw_only=True)
class FirearmAccount:
    """What is accounted for now, with the open items and the others (`known_items`) as rows.

    `alleged` is None if the application gives no number. `unlisted` firearms are alleged, not on the list,
    and not accounted for.
    """

    order: Order
    allegation: Allegation
    alleged: int | None
    listed: int
    whole: int
    accounted: int
    open_items: list[Firearm]
    known_items: list[Firearm]
    unlisted: int
    #: Those of both that only other cases of the person at the court list.
    elsewhere: list[Firearm]
    #: How many of `unlisted` were reported to the court, and the last report in words, without its source.
    reported: int = 0
    report: str = ""

    @property
    def order_id(self) -> int:
        """The order's key."""
        return self.order.pk

    @property
    def is_complete(self) -> bool:
        """True if nothing is left to account for."""
        return not self.open_items and not self.unlisted

    @property
    def numbers(self) -> str:
        """The numbers in one line, such as “2 of 3 accounted for; 3 alleged, 2 listed”."""
        alleged = "number alleged not stated" if self.alleged is None else f"{self.alleged} alleged"
        return f"{self.accounted} of {self.whole} accounted for; {alleged}, {self.listed} listed"

    @property
    def why_open(self) -> list[str]:
        """A sentence for each thing that is not accounted for."""
        found = [f"{one} is not accounted for." for one in self.open_items] + self.why_unlisted
        return [self.report, *found] if self.report else found

    @property
    def why_unlisted(self) -> list[str]:
        """A sentence about the firearms that are alleged and not on the list."""
        found = []
        who, unlisted = self.allegation.who, self.unlisted - self.reported
        if unlisted and self.alleged is None:
            found.append(f"{who[0].upper()}{who[1:]} firearms, but the list is empty.")
        elif unlisted == 1:
            found.append(f"One firearm that {who} is not on the list.")
        elif unlisted:
            found.append(f"{unlisted} firearms that {who} are not on the list.")
        return found


def account_of(order: Order, *, without: Hearing | None = None) -> FirearmAccount:
    """The numbers of an order, as its surrender duty counts them; leaving out what the hearing found.

    Items of the person's other cases that count for the order are among them. A firearm that two cases list
    by its serial number is one item.
    """
    inventory = load_inventories([order.case_id])[order.case_id]
    if without is not None:
        inventory = inventory.without(without.public_id.hex)
    balance = inventory.balance_for(order)
    rows = list(Firearm.objects.filter(pk__in=balance.items).order_by("id"))
    items = list(Firearm.objects.of_case(order.case_id).order_by("id"))
    shown = {one.pk for one in items} | {one.serial_key for one in items if one.serial_key}
    elsewhere = [one for one in rows if one.pk not in shown and one.serial_key not in shown]
    serials = {one.serial_key for one in rows if one.serial_key and one.pk in balance.open_items}
    everything = [*items, *elsewhere]
    still_open = [one for one in everything if one.pk in balance.open_items or one.serial_key in serials]
    return FirearmAccount(
        order=order,
        allegation=_allegation(order, inventory),
        alleged=balance.alleged,
        listed=balance.listed,
        whole=balance.whole,
        accounted=balance.accounted,
        open_items=still_open,
        known_items=[one for one in everything if one not in still_open],
        unlisted=balance.unlisted,
        elsewhere=elsewhere,
        reported=balance.reported,
        report=_report(order, balance.reported_at),
    )


def _report(order: Order, at: datetime | None) -> str:
    """The last report in words, with the day on which the firearms were last known, if it names one."""
    if at is None:
        return ""
    when = format_instant(at, zone_of(order))
    entries = HistoryEntry.objects.filter(order__case=order.case_id, kind=REPORTED, occurred_at=at)
    reason = next((one.reason for one in entries if one.reason.startswith(LAST_KNOWN)), "")
    known = f" {reason}." if reason else ""
    return f"Reported to the court {when}: the respondent still has firearms.{known}"


def _allegation(order: Order, inventory: Inventory) -> Allegation:
    if order.firearms_indicated:
        return Allegation.APPLICATION
    if is_alleged(order):
        return Allegation.ANSWER
    return Allegation.OTHER if inventory.is_alleged or inventory.alleged else Allegation.NOT_ALLEGED
