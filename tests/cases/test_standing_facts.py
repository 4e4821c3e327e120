"""The state of an order follows from the facts that remain, however and in which order they arrived.

Each fact arrives by hand or in an export of the registry, which repeats what it has sent. Some are entered
wrongly and corrected, some are withdrawn and entered again, and some never were and are withdrawn.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from accounts.dates import COURT_TIME
from accounts.models import Agency, AgencyKind, Town
from orders.models import Firearm, Order, Receipt, Statement
from orders.rules.court_time import local_date
from orders.rules.vocabulary import Purpose
from orders.services import corrections, service
from orders.services.firearms import inventory, receipts, statements
from orders.services.orders import extension, vacatur
from orders.services.registry.importing import importing
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, statement_row, write_export
from tests.orders.corrections.fixtures import difference, state_of
from tests.orders.firearms.test_proof_properties import assert_proven_only_with_proof

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Read the wrong line."}
LICENSE = "6-06-014-01-7M-12345"
SERVED = NOW - timedelta(hours=4)
#: The last day of the order once it was extended.
LAST_DAY = date(2026, 12, 18)
#: What another order of the person, of another docket, has for itself.
SIBLING = {"por_number": "POR0000000002", "docket_number": "HHD-FA26-0000002-S"}
#: How many sequences are tried; `make fuzz` tries more.
SEQUENCES = int(os.environ.get("CTC_FUZZ_CASES", "3"))


def written(minutes: int) -> str:
    """An instant after service as the registry writes it."""
    return (SERVED + timedelta(minutes=minutes)).astimezone(COURT_TIME).isoformat()


@dataclass
class World:
    """One order, and what the registry has sent about it."""

    folder: Path
    row: dict[str, str]
    firearms: dict[str, dict[str, str]] = field(default_factory=dict)
    receipts: dict[str, dict[str, str]] = field(default_factory=dict)
    others: list[dict[str, str]] = field(default_factory=list)

    @property
    def order(self) -> Order:
        """The order as it is stored."""
        return Order.objects.select_related("case__court").get(por_number=self.row["por_number"])

    def send(self) -> None:
        """Import everything that the registry has."""
        shutil.rmtree(self.folder, ignore_errors=True)
        write_export(self.folder, [self.row, *self.others], self.firearms.values(), self.receipts.values())
        with importing(self.folder, now=NOW) as run:
            list(run.batches())


class Fact:
    """One fact: how it arrives, is entered wrongly and corrected, and is withdrawn."""

    name = ""

    def hand(self, world: World) -> None:
        """Enter it."""
        raise NotImplementedError

    def registry(self, world: World) -> None:
        """Let the registry know it."""
        raise NotImplementedError

    def row(self, order: Order) -> Any:
        """The stored row."""
        raise NotImplementedError

    def wrong(self, world: World) -> None:
        """Put something wrong into the stored fact."""

    def right(self, world: World) -> None:
        """Put it right."""

    def withdraw(self, world: World) -> None:
        """Take it back."""
        corrections.withdraw(self.row(world.order), **WHY)

    def is_recorded(self, order: Order) -> bool:
        """True while it is recorded."""
        return self.row(order) is not None


class Service(Fact):
    """The order was served."""

    name = "service"

    def hand(self, world: World) -> None:
        """Enter it."""
        service.record_service(world.order, served_at=SERVED, service_method="in_hand", **BY)

    def registry(self, world: World) -> None:
        """Let the registry know it."""
        world.row = {**world.row, "served_at": written(0), "service_method": "in_hand"}

    def row(self, order: Order) -> Any:
        """The order, once it is served."""
        return order if order.served_at else None

    def wrong(self, world: World) -> None:
        """Enter another time."""
        service.correct_service(world.order, served_at=SERVED - timedelta(hours=3), **WHY)

    def right(self, world: World) -> None:
        """Enter the right time."""
        service.correct_service(world.order, served_at=SERVED, **WHY)

    def withdraw(self, world: World) -> None:
        """Take it back."""
        service.withdraw_service(world.order, **WHY)


class Listed(Fact):
    """A firearm is on the list."""

    def __init__(self, serial: str) -> None:
        self.serial = self.name = serial

    def hand(self, world: World) -> None:
        """List it."""
        inventory.list_firearm(world.order, serial=self.serial, source="police", **BY)

    def registry(self, world: World) -> None:
        """Let the registry list it."""
        world.firearms[self.name] = firearm_row(
            serial=self.serial, make="", model="", caliber="", firearm_type=""
        )

    def row(self, order: Order) -> Any:
        """The firearm."""
        return Firearm.objects.filter(order=order, serial=self.serial).first()


class Received(Fact):
    """A dealer gave a receipt for some firearms."""

    def __init__(self, number: str, minutes: int, *serials: str) -> None:
        self.name, self.minutes, self.serials = number, minutes, serials

    def hand(self, world: World) -> None:
        """Enter it. A firearm that is not on the list is added."""
        order = self._enter(world)
        for serial in self.serials:
            if not Firearm.objects.of_case(order.case_id).filter(serial=serial).exists():
                inventory.list_firearm(order, serial=serial, source="receipt", **BY)
        receipts.record_receipt(
            order,
            kind="dealer",
            dealer_license=LICENSE,
            received_at=SERVED + timedelta(minutes=self.minutes),
            firearms=list(Firearm.objects.of_case(order.case_id).filter(serial__in=self.serials)),
            receipt_number=self.name,
            **BY,
        )

    def registry(self, world: World) -> None:
        """Let the registry know it."""
        world.receipts[self.name] = receipt_row(
            serials=";".join(self.serials),
            receipt_number=self.name,
            at=written(self.minutes),
            **self._in_export(),
        )

    def _enter(self, world: World) -> Order:
        return world.order

    def _in_export(self) -> dict[str, str]:
        return {}

    def row(self, order: Order) -> Any:
        """The receipt."""
        return order.receipts.filter(receipt_number=self.name).first()

    def wrong(self, world: World) -> None:
        """Enter another time."""
        at = SERVED + timedelta(minutes=self.minutes + 7)
        corrections.correct(self.row(world.order), {"received_at": at}, **WHY)

    def right(self, world: World) -> None:
        """Enter the right time."""
        at = SERVED + timedelta(minutes=self.minutes)
        corrections.correct(self.row(world.order), {"received_at": at}, **WHY)


class Sworn(Fact):
    """The respondent swore to hold no firearms."""

    name = "T1"

    def hand(self, world: World) -> None:
        """Enter it."""
        statements.record_statement(
            world.order,
            kind="non_possession",
            sworn_at=SERVED + timedelta(minutes=30),
            receipt_number=self.name,
            **BY,
        )

    def registry(self, world: World) -> None:
        """Let the registry know it."""
        world.receipts[self.name] = statement_row(receipt_number=self.name, at=written(30))

    def row(self, order: Order) -> Any:
        """The statement."""
        return Statement.objects.filter(order=order).first()


class ReceivedElsewhere(Received):
    """A dealer gave a receipt under another order of the person, of another docket."""

    def _enter(self, world: World) -> Order:
        return Order.objects.select_related("case__court").get(por_number=SIBLING["por_number"])

    def _in_export(self) -> dict[str, str]:
        return {"por_number": SIBLING["por_number"]}

    def row(self, order: Order) -> Any:
        """The receipt."""
        return Receipt.objects.filter(receipt_number=self.name).first()


class Extended(Fact):
    """The order was extended. The registry does not send it."""

    name = "extension"

    def hand(self, world: World) -> None:
        """Enter it. A vacated order is not extended, so the vacatur comes after it."""
        if at := world.order.vacated_at:
            vacatur.reinstate_order(world.order, **WHY)
        extension.extend_order(world.order, expires_on=LAST_DAY, confirm="So ordered.", **BY)
        if at:
            vacatur.vacate_order(world.order, vacated_at=at, **WHY)

    registry = hand

    def row(self, order: Order) -> Any:
        """The extension."""
        return order.extensions.first()

    def wrong(self, world: World) -> None:
        """Enter another day."""
        later = LAST_DAY + timedelta(days=1)
        extension.correct_extension(world.order, expires_on=later, confirm="So ordered.", **WHY)

    def right(self, world: World) -> None:
        """Enter the right day."""
        extension.correct_extension(world.order, expires_on=LAST_DAY, confirm="So ordered.", **WHY)

    def withdraw(self, world: World) -> None:
        """Take it back."""
        extension.withdraw_extension(world.order, **WHY)


class HandedIn(Fact):
    """A permit was handed in to police. The registry does not send it."""

    name = "P1"

    def hand(self, world: World) -> None:
        """List the permit, and hand it in."""
        permit = inventory.record_permit(world.order, kind="Pistol permit", number=self.name, **BY)
        police = Agency.objects.get(name="Hamden Police")
        on = local_date(SERVED, COURT_TIME)
        inventory.hand_in_permit(permit, handed_in_on=on, agency=police, **BY)

    registry = hand

    def row(self, order: Order) -> Any:
        """The permit."""
        return order.permits.filter(number=self.name).first()

    def wrong(self, world: World) -> None:
        """Enter another kind."""
        corrections.correct(self.row(world.order), {"kind": "Long gun certificate"}, **WHY)

    def right(self, world: World) -> None:
        """Enter the right kind."""
        corrections.correct(self.row(world.order), {"kind": "Pistol permit"}, **WHY)

    def withdraw(self, world: World) -> None:
        """Take back the hand-in, then the permit."""
        inventory.HAND_IN.withdraw(self.row(world.order), **WHY)
        corrections.withdraw(self.row(world.order), **WHY)


class Vacated(Fact):
    """The order was vacated. The registry does not send it."""

    name = "vacatur"

    def hand(self, world: World) -> None:
        """Enter it."""
        vacatur.vacate_order(world.order, vacated_at=SERVED + timedelta(hours=3), **WHY)

    registry = hand

    def row(self, order: Order) -> Any:
        """The order, once it is vacated."""
        return order if order.vacated_at else None

    def withdraw(self, world: World) -> None:
        """Reinstate the order."""
        vacatur.reinstate_order(world.order, **WHY)


#: In the order in which the facts happened. What must always remain comes first.
FACTS: list[Fact] = [
    Listed("S1"),
    Listed("S2"),
    Service(),
    HandedIn(),
    Received("R1", 10, "S1"),
    ReceivedElsewhere("R9", 20, "S1"),
    Sworn(),
    Received("R2", 60, "S1", "S2"),
    Received("R3", 90, "S2"),
    Extended(),
    Vacated(),
]
ALWAYS = 2


@dataclass(frozen=True)
class Arrival:
    """How one fact arrives, and whether it remains."""

    place: int
    by_registry: bool
    is_slip: bool
    times_withdrawn: int
    remains: bool


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """All facts in any order."""
    places = draw(st.permutations(range(len(FACTS))))
    return [
        Arrival(
            place,
            draw(st.booleans()),
            draw(st.booleans()),
            0 if place < ALWAYS else draw(st.integers(0, 1)),
            True if place < ALWAYS else draw(st.booleans()),
        )
        for place in places
    ]


def arrive(world: World, one: Arrival) -> None:
    """Let the fact arrive, with its slips and withdrawals."""
    fact = FACTS[one.place]
    if not one.remains and not one.times_withdrawn:
        return
    if one.by_registry:
        fact.registry(world)
        world.send()
    elif not fact.is_recorded(world.order):
        fact.hand(world)
    assert fact.is_recorded(world.order), fact.name
    if one.is_slip:
        fact.wrong(world)
        fact.right(world)
    if one.times_withdrawn or not one.remains:
        fact.withdraw(world)
        if one.remains:
            fact.hand(world)


def planned(world: World) -> Any:
    """The state without reminders of a time that has passed: whether they were armed depends on the day."""
    plan, facts = state_of(world.order)
    past = [line for line in plan if len(line) == 4 and line[3] == Purpose.REMIND.value and line[2] <= NOW]
    return Counter({line: count for line, count in plan.items() if line not in past}), facts


@contextmanager
def a_world() -> Iterator[Callable[[], World]]:
    """Make worlds in a place that is removed, and roll everything back."""
    folder = Path(tempfile.mkdtemp())
    try:
        with transaction.atomic():
            police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE)
            Town.objects.create(name="Hamden", police=police)
            Agency.objects.create(name="Court", kind=AgencyKind.COURT, docket_prefixes="HHD")

            def world() -> World:
                issued = (NOW - timedelta(days=2)).astimezone(COURT_TIME).isoformat()
                row = order_row(issued_at=issued, served_at="", hearing_on="2026-12-14")
                made = World(folder / "export", row, others=[{**row, **SIBLING}])
                made.send()
                return made

            yield world
            transaction.set_rollback(True)
    finally:
        shutil.rmtree(folder)


def state_after(some: list[Arrival]) -> Any:
    """The state after these arrivals."""
    with a_world() as make_world:
        world = make_world()
        for one in some:
            note(f"{FACTS[one.place].name}: {one}")
            arrive(world, one)
            assert_proven_only_with_proof(world.order)
        world.send()
        state = planned(world)
        world.send()
        assert difference(planned(world), state) == []
    return state


#: The later receipt comes from the registry, in court time, and the earlier one does not.
MIXED = [
    Arrival(place, by_registry=by_registry, is_slip=False, times_withdrawn=0, remains=True)
    for place, by_registry in ((0, False), (1, False), (4, False), (7, True))
]


@pytest.mark.django_db
@settings(
    max_examples=SEQUENCES,
    deadline=None,
    # A sequence takes a second, so a failing one is shown as it was found.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(some=arrivals())
@example(some=MIXED)
def test_the_state_follows_from_the_facts_that_remain(some: list[Arrival]) -> None:
    left = sorted(one.place for one in some if one.remains)
    wanted = state_after([Arrival(place, False, False, 0, True) for place in left])

    assert difference(state_after(some), wanted) == []


@pytest.mark.django_db
def test_a_correction_takes_back_the_news_of_the_persons_other_order() -> None:
    with a_world() as make_world:
        world = make_world()
        arrive(world, Arrival(1, by_registry=True, is_slip=False, times_withdrawn=0, remains=True))
        for name, times in (("service", 0), ("R3", 1)):
            place = [one.name for one in FACTS].index(name)
            arrive(world, Arrival(place, by_registry=True, is_slip=True, times_withdrawn=times, remains=True))

        assert_proven_only_with_proof(world.order)
        sibling = Order.objects.get(por_number=SIBLING["por_number"])
        assert sibling.history.exists()
