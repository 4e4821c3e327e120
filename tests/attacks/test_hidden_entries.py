"""The history of an order shows no entry about a fact to those who may not see the fact, nor a gap for it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from accounts.access import MATRIX
from accounts.models import AgencyKind, Role, User
from orders import rules
from orders.models import CustodyStep, HistoryEntry, StatementVerification
from orders.services import corrections
from orders.services.attachments.attaching import attach_file
from orders.services.firearms import custody, inventory, receipts, statements
from orders.services.follow_ups.second_looks import record_look
from orders.services.orders import order_cards
from orders.services.orders.history_seen import ENTRIES
from orders.services.parties import persons, protected_persons, releases
from orders.services.parties.agencies import add_agency
from orders.services.registry import reviews
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db

COURT, POLICE, PROSECUTOR = {"clerk", "judge"}, {"liaison", "supervisor"}, {"prosecutor"}
DESKS = COURT | POLICE | PROSECUTOR
ANNOUNCED = tomllib.loads((Path(rules.__file__).parent / "data/announcements.toml").read_text())[
    "announcement"
]
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass
class World:
    """The order, what is in custody, a check of a statement, and a supervisor."""

    fixtures: Fixtures
    taken: Any
    check: StatementVerification
    supervisor: User

    @property
    def given(self) -> dict[str, Any]:
        return {"by": self.supervisor, "now": self.fixtures.now}


@pytest.fixture
def world(fixtures: Fixtures, settings: Settings, tmp_path: Path) -> World:
    settings.ATTACHMENTS_DIR = tmp_path
    given: dict[str, Any] = {"by": None, "now": fixtures.now}
    order = fixtures.order
    taken = inventory.list_firearm(order, serial="P-1", source="police", **given)
    receipts.record_receipt(
        order,
        kind="police",
        agency=fixtures.police,
        received_at=fixtures.now - timedelta(hours=1),
        firearms=[taken],
        **given,
    )
    sworn = statements.record_statement(order, kind="non_possession", sworn_at=fixtures.now, **given)
    check = statements.verify_statement(
        sworn,
        verified_at=fixtures.now,
        agency=fixtures.police,
        verified_by="Sgt. Reed",
        method="records",
        **given,
    )
    return World(fixtures, taken, check, make.person(Role.SUPERVISOR, fixtures.police))


def _other(world: World) -> Any:
    facts: dict[str, Any] = {"now": world.fixtures.now, "issued_at": world.fixtures.now - timedelta(days=2)}
    return make.order(respondent_name="Asher Birch", **facts).case.respondent


def _release(world: World) -> None:
    now = world.fixtures.now
    releases.record_release(
        world.fixtures.order,
        agency=make.agency(AgencyKind.ADVOCACY),
        signed_on=world.fixtures.release.signed_on,
        begins_at=now,
        ends_at=now + timedelta(days=9),
        by=None,
        now=now,
    )


def _move(world: World) -> None:
    custody.move_firearm(
        world.taken,
        agency=world.fixtures.police,
        given_by="A",
        taken_by="B",
        moved_at=world.fixtures.now,
        **world.given,
    )


def _put_right(world: World) -> None:
    _move(world)
    row = CustodyStep.objects.latest("id")
    corrections.correct(row, {"taken_by": "C"}, reason="Misread.", **world.given)
    corrections.withdraw(row, reason="Misread.", **world.given)


def _rule_of(event: str) -> str:
    """The announcement that an event starts."""
    (found,) = (one["id"] for one in ANNOUNCED if one["starts"] == event)
    return str(found)


#: What is done, and who may know of it.
ACTS: Mapping[str, tuple[Callable[[World], Any], set[str]]] = {
    "card": (
        lambda one: order_cards.issue_card(one.fixtures.order, telephone="860 555 0100", **one.given),
        COURT,
    ),
    "release": (_release, COURT),
    "protected person": (
        lambda one: protected_persons.add_protected_person(
            one.fixtures.order, name="Wren Linden", reason="left out", **one.given
        ),
        COURT,
    ),
    "school": (
        lambda one: add_agency(one.fixtures.order, agency=make.agency(AgencyKind.SCHOOL), **one.given),
        COURT,
    ),
    "statement as a file": (
        lambda one: attach_file(
            one.fixtures.order, kind="statement", file=PDF, by=None, now=one.fixtures.now
        ),
        COURT,
    ),
    "fact to check": (
        lambda one: reviews.reject_review(one.fixtures.doubtful, reason="too old", **one.given),
        COURT,
    ),
    "alert of a fact to check": (
        lambda one: HistoryEntry.objects.create(
            order=one.fixtures.order,
            kind="informed",
            occurred_at=one.fixtures.now,
            data={"rule": _rule_of("fact_doubtful"), "checkpoint": "court"},
        ),
        COURT,
    ),
    "step of custody": (_move, POLICE),
    "step of custody that is put right": (_put_right, POLICE),
    "second look": (
        lambda one: record_look(one.check, result="holds", note="asked again", **one.given),
        {"supervisor"},
    ),
    "kept apart": (
        lambda one: persons.keep_apart(one.fixtures.order, other=_other(one), reason="two", **one.given),
        COURT,
    ),
    "joined": (
        lambda one: persons.join_persons(one.fixtures.order, other=_other(one), reason="one", **one.given),
        COURT,
    ),
    "firearm": (
        lambda one: inventory.list_firearm(one.fixtures.order, serial="Q-7", source="police", **one.given),
        DESKS,
    ),
}


def test_each_entry_is_for_those_who_may_see_the_fact(world: World, caller: MakeCaller) -> None:
    order, places = world.fixtures.order, {**dict.fromkeys(COURT, world.fixtures.court)}
    places |= dict.fromkeys(POLICE, world.fixtures.police) | {"prosecutor": world.fixtures.referral.agency}
    readers = {role: caller(make.person(Role(role), place)) for role, place in places.items()}

    def read() -> dict[str, Any]:
        return {
            role: reader.get(f"/orders/{order.public_id}/history", limit=200).json()["results"]
            for role, reader in readers.items()
        }

    before, wrong = read(), []
    for act, (do, knowing) in ACTS.items():
        with transaction.atomic():
            do(world)
            after = read()
            wrong += [(act, role) for role in DESKS if (after[role] != before[role]) != (role in knowing)]
            transaction.set_rollback(True)

    assert not wrong


def test_the_page_of_a_court_shows_no_second_look_and_no_step_of_custody(world: World) -> None:
    record_look(world.check, result="holds", note="asked again", **world.given)
    _move(world)
    clerk = Client()
    clerk.force_login(make.person(Role.CLERK, world.fixtures.court))

    page = clerk.get(f"/admin/orders/order/{world.fixtures.order.public_id}/").content.decode()

    assert "Sworn statement verified" in page
    assert "Second look" not in page
    assert "Firearms moved" not in page


#: Resources without an entry in the history of an order, or without one that is apart from others.
WITHOUT_ENTRIES = {
    "webhook_delivery": "it is a message",
    "attachment": "each kind of file for itself",
    "legal_hold": "it belongs to the case, and the access log has it",
    "release_request": "it belongs to no order before it is a release",
    "safe_contact": "nothing about it is on record",
    "client_choice": "nothing about it is on record",
}


def test_every_resource_that_few_may_see_has_its_entries_named() -> None:
    desks = frozenset(DESKS)
    of_orders = {
        model._meta.label
        for model in apps.get_models()
        if any(one.name in ("order", "release", "case") for one in model._meta.concrete_fields)
    }

    narrow = {
        name
        for name, one in MATRIX.resources.items()
        if one.model in of_orders and not desks <= one.actions.get("view", frozenset())
    }

    assert narrow - WITHOUT_ENTRIES.keys() == ENTRIES.keys()
