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
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from accounts.dates import COURT_TIME
from accounts.models import Agency, AgencyKind, Town
from orders.models import Firearm, Order, Statement
from orders.rules.vocabulary import Purpose
from orders.services import corrections, service
from orders.services.firearms import inventory, receipts, statements
from orders.services.orders import vacatur
from orders.services.registry.importing import importing
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, statement_row, write_export
from tests.orders.corrections.fixtures import difference, state_of
from tests.orders.firearms.test_proof_properties import assert_proven_only_with_proof

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Read the wrong line."}
LICENSE = "6-06-014-01-7M-12345"
SERVED = NOW - timedelta(hours=4)
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
        for serial in self.serials:
            if not Listed(serial).is_recorded(world.order):
                inventory.list_firearm(world.order, serial=serial, source="receipt", **BY)
        receipts.record_receipt(
            world.order,
            kind="dealer",
            dealer_license=LICENSE,
            received_at=SERVED + timedelta(minutes=self.minutes),
            firearms=list(Firearm.objects.filter(order=world.order, serial__in=self.serials)),
            receipt_number=self.name,
            **BY,
        )

    def registry(self, world: World) -> None:
        """Let the registry know it."""
        world.receipts[self.name] = receipt_row(
            serials=";".join(self.serials), receipt_number=self.name, at=written(self.minutes)
        )

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
    Received("R1", 10, "S1"),
    Sworn(),
    Received("R2", 60, "S1", "S2"),
    Received("R3", 90, "S2"),
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
                made = World(folder / "export", row)
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
    for place, by_registry in ((0, False), (1, False), (3, False), (5, True))
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
        other = {"por_number": "POR0000000002", "docket_number": "HHD-FA26-0000002-S", "served_at": ""}
        arrive(world, Arrival(1, by_registry=True, is_slip=False, times_withdrawn=0, remains=True))
        world.others = [{**world.row, **other}]
        world.send()
        for place, times in ((2, 0), (6, 1)):
            arrive(world, Arrival(place, by_registry=True, is_slip=True, times_withdrawn=times, remains=True))

        assert_proven_only_with_proof(world.order)
        sibling = Order.objects.get(por_number="POR0000000002")
        assert sibling.history.exists()
