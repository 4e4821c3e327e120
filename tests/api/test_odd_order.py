"""Acts arrive through the API in any order: the plan is that of a fresh order with the facts that remain."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from os import environ
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role
from orders.models import Order
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.orders.corrections.fixtures import difference, state_of
from tests.orders.firearms.test_proof_properties import assert_proven_only_with_proof

pytestmark = pytest.mark.django_db

#: How many orders of arrival are tried; `make fuzz` tries more.
SEQUENCES = int(environ.get("CTC_FUZZ_CASES", "3"))
WHY = {"reason": "Read the wrong line."}
LICENSE = "6-06-014-01-7M-12345"


@dataclass
class World:
    """One order at the API, and the ids of what is recorded about it."""

    api: Caller
    order: Order
    now: datetime
    ids: dict[str, str] = field(default_factory=dict)

    def at(self, minutes: int) -> str:
        """So many minutes after four hours ago."""
        return (self.now - timedelta(hours=4) + timedelta(minutes=minutes)).isoformat()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post; fail unless it is done."""
        cache.clear()
        answer = self.api.post(path, body)
        assert answer.status_code in {200, 201}, (path, body, answer.content)
        return answer.json()

    def of(self, name: str, body: dict[str, Any]) -> Any:
        """Post below the order."""
        return self.post(f"/orders/{self.order.public_id}/{name}", body)

    def patch(self, path: str, body: dict[str, Any]) -> None:
        """Correct; fail unless it is done."""
        answer = self.api.patch(path, {**body, **WHY}, If_Match="*")
        assert answer.status_code == 200, (path, body, answer.content)


@dataclass(frozen=True)
class Fact:
    """A fact with an address of its own: what is posted, and in which field a slip is corrected."""

    name: str
    path: str
    body: Callable[[World], dict[str, Any]]
    slip: Callable[[World], dict[str, Any]]
    #: The facts that must be there before.
    after: tuple[str, ...] = ()
    #: Whether another fact needs it.
    stays: bool = False

    def enter(self, world: World, *, wrong: bool = False) -> None:
        """Post it, perhaps with the slip."""
        sent = {**self.body(world), **(self.slip(world) if wrong else {})}
        world.ids[self.name] = world.of(self.path, sent)["id"]

    def correct(self, world: World) -> None:
        """Put the slip right."""
        right = self.body(world)
        world.patch(f"/{self.path}/{world.ids[self.name]}", {name: right[name] for name in self.slip(world)})

    def withdraw(self, world: World) -> None:
        """Take it back."""
        world.post(f"/{self.path}/{world.ids.pop(self.name)}/withdrawals", WHY)


class Service(Fact):
    """Service, which is a part of the order."""

    def enter(self, world: World, *, wrong: bool = False) -> None:
        """Post it."""
        world.of(self.path, {**self.body(world), **(self.slip(world) if wrong else {})})

    def correct(self, world: World) -> None:
        """Put the time right."""
        world.of("service-corrections", {"served_at": self.body(world)["served_at"], **WHY})

    def withdraw(self, world: World) -> None:
        """Take it back."""
        world.of("service-withdrawals", WHY)


class Vacatur(Fact):
    """The vacatur, which is a part of the order."""

    def enter(self, world: World, *, wrong: bool = False) -> None:
        """Post it."""
        world.of(self.path, {**self.body(world), **(self.slip(world) if wrong else {})})

    def correct(self, world: World) -> None:
        """Put the time right."""
        world.of("vacatur-corrections", {"vacated_at": self.body(world)["vacated_at"], **WHY})

    def withdraw(self, world: World) -> None:
        """Take it back."""
        world.of("reinstatements", WHY)


def listed(serial: str) -> Fact:
    """A firearm on the list."""
    return Fact(
        serial,
        "firearms",
        lambda w: {"serial": serial, "source": "police"},
        lambda w: {"serial": f"{serial}9"},
        stays=True,
    )


def received(number: str, minutes: int, *serials: str) -> Fact:
    """A dealer's receipt for listed firearms."""
    return Fact(
        number,
        "receipts",
        lambda w: {
            "kind": "dealer",
            "dealer_license": LICENSE,
            "receipt_number": number,
            "received_at": w.at(minutes),
            "firearms": [w.ids[serial] for serial in serials],
        },
        lambda w: {"received_at": w.at(minutes + 7)},
        after=serials,
    )


FACTS = (
    listed("S1"),
    listed("S2"),
    Service(
        "service",
        "services",
        lambda w: {"served_at": w.at(0), "service_method": "in_hand"},
        lambda w: {"served_at": w.at(-30)},
    ),
    Fact(
        "attempt",
        "service-attempts",
        lambda w: {"attempted_at": w.at(-60), "method": "in_hand", "reason": "Not at home."},
        lambda w: {"attempted_at": w.at(-70)},
    ),
    Fact(
        "permit",
        "permits",
        lambda w: {"kind": "Eligibility certificate", "number": "P1"},
        lambda w: {"number": "P2"},
    ),
    Fact(
        "statement",
        "statements",
        lambda w: {"kind": "non_possession", "sworn_at": w.at(30)},
        lambda w: {"sworn_at": w.at(40)},
    ),
    received("R1", 10, "S1"),
    received("R2", 60, "S1", "S2"),
    received("R3", 90, "S2"),
    Vacatur(
        "vacatur",
        "vacaturs",
        lambda w: {"vacated_at": w.at(180), "reason": "Dismissed."},
        lambda w: {"vacated_at": w.at(170)},
    ),
)


def arrival(dice: random.Random) -> tuple[list[tuple[Fact, str]], list[Fact]]:
    """The facts in an order of arrival, each with what becomes of it, and the facts that remain."""
    waiting, done = list(FACTS), list[tuple[Fact, str]]()
    while waiting:
        names = {fact.name for fact, _ in done}
        fact = dice.choice([one for one in waiting if names.issuperset(one.after)])
        waiting.remove(fact)
        fates = ["kept", "corrected"] if fact.stays else ["kept", "corrected", "withdrawn", "again", "never"]
        done.append((fact, dice.choice(fates)))
    left = {fact.name for fact, fate in done if fate not in {"withdrawn", "never"}}
    return done, [fact for fact in FACTS if fact.name in left]


def world(api: Caller, court: Agency) -> World:
    """An order that was issued yesterday."""
    now = timezone.now().replace(microsecond=0)
    order = make.order(now=now, court=court, issued_at=now - timedelta(hours=20), firearms_indicated=True)
    return World(api, order, now)


def play(fact: Fact, fate: str, here: World) -> None:
    """Let the fact arrive."""
    if fate == "never":
        return
    fact.enter(here, wrong=fate == "corrected")
    if fate == "corrected":
        fact.correct(here)
    if fate in {"withdrawn", "again"}:
        fact.withdraw(here)
    if fate == "again":
        fact.enter(here)


def state_after(steps: list[tuple[Fact, str]], api: Caller, court: Agency) -> Any:
    """The state after these arrivals; nothing of them is kept."""
    with transaction.atomic():
        here = world(api, court)
        for fact, fate in steps:
            play(fact, fate, here)
            assert_proven_only_with_proof(here.order)
        state = state_of(here.order)
        transaction.set_rollback(True)
    return state


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_the_plan_follows_from_the_facts_that_remain(
    seed: int, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    court = make.agency(AgencyKind.COURT)
    api = caller(make.person(Role.CLERK, court))
    frozen = timezone.now().replace(microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: frozen)
    steps, left = arrival(random.Random(seed))

    state = state_after(steps, api, court)
    wanted = state_after([(fact, "kept") for fact in left], api, court)

    assert difference(state, wanted) == []
