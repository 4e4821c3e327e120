"""What a person is believed to hold, over the cases at one court, and what accounts for it.

This is the one place that decides whether a surrender duty is complete. Three numbers count: the firearms
that the application alleges, those on the list, and those accounted for. The duty is complete only when
everything is accounted for: each listed item, and as many firearms as are alleged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import IntEnum

from orders import models
from orders.rules.facts import DutyProof, Event
from orders.services.planning.order_span import day_at, has_ended_by, is_by_issue, is_in_force, is_served_by


class MoveKind(IntEnum):
    """What happened to items of the inventory. Of one instant, the kinds are taken in this order."""

    RECEIPT = 0
    RETURN = 1
    DISPOSAL = 2
    STILL_HELD = 3
    FINDING = 4
    VERIFICATION = 5
    COMPLIANT = 6
    REPORTED = 7


#: Moves that are about the orders that were issued by then. An order that is issued later alleges again.
_OF_ITS_TIME = (MoveKind.VERIFICATION, MoveKind.COMPLIANT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One thing that happened to items of the inventory.

    `held`: police have custody after it. `is_transfer`: police gave it to a dealer or an eligible person.
    `unlisted` is how many firearms that the application alleges and the
    list does not have it accounts for.
    """

    at: datetime
    key: str
    kind: MoveKind
    firearms: frozenset[int] = frozenset()
    held: bool = False
    is_transfer: bool = False
    unlisted: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What is accounted for now, for one order. Items are keys of `Firearm`.

    `alleged` is the number in the application, or None. `whole` is the number of firearms that
    must be accounted for, and `unlisted` how many of them are not on the list and not accounted for.
    """

    alleged: int | None
    listed: int
    whole: int
    accounted: int
    open_items: frozenset[int]
    unlisted: int
    #: Every item that counts for the order.
    items: frozenset[int] = frozenset()
    #: How many of `unlisted` were reported to the court, and when the last report came.
    reported: int = 0
    reported_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """True if nothing is left to account for."""
        return not self.open_items and self.unlisted == 0

    @property
    def words(self) -> str:
        """How many firearms are accounted for, such as “2 of 3 accounted for”."""
        return f"{self.accounted} of {self.whole} accounted for" if self.whole else "No firearm known"


@dataclass
class Inventory:
    """The items listed in a case (`firearms` without ammunition), what the orders allege, and the moves.

    `others` are the inventories of the person's other cases at the court; `listings` has the day of issue of
    the order that lists an item, `stated` the orders whose application names one. A serial number that two
    cases list is one item.
    """

    listed: set[int] = field(default_factory=set)
    listings: dict[int, date] = field(default_factory=dict)
    stated: set[int] = field(default_factory=set)
    others: list[Inventory] = field(default_factory=list)
    firearms: set[int] = field(default_factory=set)
    alleged: int | None = None
    is_alleged: bool = False
    moves: list[Move] = field(default_factory=list)

    def allege(self, order: models.Order) -> None:
        """Take in what an order of the case alleges."""
        self.is_alleged |= is_alleged(order)
        if order.firearms_alleged_count is not None:
            self.alleged = max(self.alleged or 0, order.firearms_alleged_count)

    @property
    def whole(self) -> int:
        """How many firearms must be accounted for. An application without a number alleges at least one."""
        unstated = 1 if self.is_alleged else 0
        return max(unstated if self.alleged is None else self.alleged, len(self.firearms))

    @property
    def is_reported(self) -> bool:
        """True if it was reported to the court that the respondent still has firearms."""
        return any(one.kind is MoveKind.REPORTED for one in self.moves)

    def at(self, instant: datetime) -> Inventory:
        """The same inventory with the moves until `instant` only."""
        return self._with_moves(lambda one: one.at <= instant)

    def without(self, key: str) -> Inventory:
        """The same inventory without the moves of one fact, such as a hearing that is corrected."""
        return self._with_moves(lambda one: one.key != key)

    def _with_moves(self, kept: Callable[[Move], bool]) -> Inventory:
        # Each of the others names this inventory again, so theirs are left out.
        others = [replace(one, moves=list(filter(kept, one.moves)), others=[]) for one in self.others]
        return replace(self, moves=list(filter(kept, self.moves)), others=others)

    def joined(self, order: models.Order) -> Inventory:
        """Return the inventory with what counts for `order` of the person's other cases.

        Left out are items that were accounted for when the order was issued, and items of orders that were
        issued after its end. What this case lists itself is never left out. What another application
        alleges without listing it, and what was checked or found about it, concerns that case only.
        """
        if not self.others:
            return self
        joined = replace(
            self, listed={*self.listed}, firearms={*self.firearms}, moves=[*self.moves], others=[]
        )
        gone = self.gone_by(order) - self.listed
        for other in self.others:
            counted = {
                item
                for item, issued_on in other.listings.items()
                if item in self.listed or not has_ended_by(order, issued_on)
            }
            counted -= gone
            joined.listed |= counted
            joined.firearms |= counted & other.firearms
        for move in (move for other in self.others for move in other.moves):
            if items := move.firearms & joined.listed:
                joined.moves.append(replace(move, firearms=items, unlisted=0))
        return joined

    def gone_by(self, order: models.Order) -> set[int]:
        """The items of all cases of the person that were accounted for when `order` was issued."""
        gone: set[int] = set()
        moves = (move for one in (self, *self.others) for move in one.moves)
        for move in sorted(moves, key=lambda one: (one.at, one.kind, one.key)):
            if not is_by_issue(order, move.at):
                break
            if move.kind in (MoveKind.RETURN, MoveKind.STILL_HELD):
                gone -= move.firearms
            else:
                gone |= move.firearms
        return gone

    def events_for(self, order: models.Order) -> list[Event]:
        """The surrenders and returns that count for `order`.

        Firearms returned before the order was issued are held again: earlier receipts do not count for it.
        Nor is the duty met by what a return took back while the order was in force.
        """
        joined = self.joined(order)
        returned = (
            one.at for one in joined.moves if one.kind is MoveKind.RETURN and is_by_issue(order, one.at)
        )
        since = max(returned, default=None)
        events = _Walk(joined, order).events
        return [one for one in events if since is None or (one.at is not None and one.at > since)]

    def balance_for(self, order: models.Order) -> Balance:
        """What is accounted for now. A firearm returned after the end of the order is accounted for."""
        joined = self.joined(order)
        walk = _Walk(joined, order)
        open_items = frozenset(walk.held - (walk.returned - walk.found_held))
        whole = joined.whole + walk.reported
        reported = min(walk.reported, walk.unlisted)
        reports = [one.at for one in joined.moves if one.kind is MoveKind.REPORTED]
        return Balance(
            alleged=joined.alleged,
            listed=len(joined.firearms),
            whole=whole,
            accounted=whole - len(open_items & joined.firearms) - walk.unlisted,
            open_items=open_items,
            unlisted=walk.unlisted,
            items=frozenset(joined.listed),
            reported=reported,
            reported_at=max(reports, default=None) if reported else None,
        )


class _Walk:
    """A walk through the moves of an inventory, in order of time, as they count for one order."""

    def __init__(self, inventory: Inventory, order: models.Order) -> None:
        self.held = set(inventory.listed)
        self.unlisted = inventory.whole - len(inventory.firearms)
        #: Items that the court found to be still held, after anything else about them.
        self.found_held: set[int] = set()
        #: Items that went back lawfully: after the end of the order.
        self.returned: set[int] = set()
        #: Firearms reported since the order, without a name: each is open until something settles it.
        self.reported = 0
        self.events: list[Event] = []
        self._order = order
        self._custody: set[int] = set()
        #: The items of each receipt of police that they hold still.
        self._kept: dict[str, set[int]] = {}
        self._by_court: set[int] = set()
        self._unlisted_by_court = False
        self._alleged_unlisted = self.unlisted
        self._is_anything_named = bool(inventory.listed) or self.unlisted > 0
        for move in sorted(inventory.moves, key=lambda one: (one.at, one.kind, one.key)):
            before = is_by_issue(order, move.at)
            too_early = move.kind is MoveKind.COMPLIANT and not is_served_by(order, day_at(order, move.at))
            if not too_early and not (before and move.kind in _OF_ITS_TIME):
                self._take(move, 0 if before else move.unlisted)

    def _take(self, move: Move, unlisted: int) -> None:
        match move.kind:
            case MoveKind.RETURN:
                self.held |= move.firearms
                self._leave(move)
                self._take_back(move)
                if not self._custody:
                    self.events.append(Event(kind="returned", at=move.at, key=move.key))
            case MoveKind.DISPOSAL:
                self._leave(move)
                if not self._custody:
                    kind = "transferred" if move.is_transfer else "destroyed"
                    self.events.append(Event(kind=kind, at=move.at, key=move.key))
            case MoveKind.STILL_HELD:
                self.held |= move.firearms
                self.found_held |= move.firearms
                self.unlisted = max(self.unlisted, min(unlisted, self._alleged_unlisted))
            case MoveKind.REPORTED:
                self.reported += unlisted
                self.unlisted += unlisted
                if unlisted:
                    self.events = [replace(one, complete=False, proof=None) for one in self.events]
            case _:
                self._account(move, unlisted)

    def _take_back(self, move: Move) -> None:
        """Count the items as open again if the order was in force: what was complete is so no longer."""
        if is_by_issue(self._order, move.at):
            return
        if is_in_force(self._order, move.at):
            self.returned -= move.firearms
            self.events = [replace(one, complete=False, proof=None) for one in self.events]
        else:
            self.returned |= move.firearms

    def _account(self, move: Move, unlisted: int) -> None:
        was_open = bool(self.held or self.unlisted)
        if move.kind is MoveKind.FINDING:
            self._by_court |= self.held & move.firearms
            self._unlisted_by_court |= bool(unlisted and self.unlisted)
        else:
            self._by_court -= move.firearms
            self._unlisted_by_court &= not unlisted
        self.held -= move.firearms
        self.found_held -= move.firearms
        self.unlisted = max(0, self.unlisted - unlisted)
        is_whole = not self.held and not self.unlisted
        if move.kind is MoveKind.RECEIPT:
            self._change_hands(move)
            self._add("surrendered", move, complete=is_whole and was_open, source="a receipt")
        elif is_whole:
            self._add("accounted_for", move, complete=True)

    def _change_hands(self, move: Move) -> None:
        if move.held:
            # A second receipt of police for the same items ends no custody.
            self._custody |= move.firearms
            self._kept[move.key] = set(move.firearms)
        else:
            self._leave(move)
            self.events.append(Event(kind="kept_by_others", at=move.at, key=move.key))

    def _leave(self, move: Move) -> None:
        """Take items out of custody, and add an event for each receipt that nothing is left of."""
        self._custody -= move.firearms
        for key, items in list(self._kept.items()):
            items.difference_update(move.firearms)
            if not items:
                del self._kept[key]
                self.events.append(Event(kind="custody_ended", at=move.at, key=key))

    def _add(self, kind: str, move: Move, *, complete: bool, source: str = "") -> None:
        proof = self._proof(move) if complete else None
        self.events.append(
            Event(kind=kind, at=move.at, key=move.key, complete=complete, source=source, proof=proof)
        )

    def _proof(self, move: Move) -> DutyProof:
        """What the whole rests on: the court's word as soon as it accounts for any part."""
        is_word_alone = move.kind is MoveKind.COMPLIANT and not self._is_anything_named
        is_by_court = bool(self._by_court) or self._unlisted_by_court or is_word_alone
        return DutyProof.FOUND if is_by_court else DutyProof.PROVEN


def is_alleged(order: models.Order) -> bool:
    """True if the application mentions firearms, or the respondent admitted them at service."""
    return order.firearms_indicated or (
        order.served_at is not None and order.firearms_answer == models.FirearmsAnswer.YES
    )
