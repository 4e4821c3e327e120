"""A case with a receipt, and what no paper for the respondent may carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from accounts.models import Agency, AgencyKind, Role, User
from orders.models import Order, Receipt
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from tests import make

#: The protected person, and everything else that the respondent must not read.
CANARIES = ("Zelda", "Quince", "12 Canary Street", "officer-note-zinnia", "attic-zinnia", "not-handed-in")


@dataclass
class Papers:
    """A case with one receipt, and people who may or may not read it."""

    court: Agency
    police: Agency
    order: Order
    receipt: Receipt
    clerk: User
    liaison: User
    elsewhere: User


@pytest.fixture
def papers(db: None) -> Papers:
    """Police took a pistol and ammunition; another firearm was not handed in."""
    court, police = make.agency(AgencyKind.COURT), make.agency(name="Elm Police")
    order = make.served_order(
        ago=timedelta(hours=20),
        court=court,
        respondent_town=make.town(police),
        respondent_name="Ash Łukasz Birch",
        respondent_dob=date(1985, 3, 14),
        respondent_address="12 Canary Street",
        protected_person="Zelda Quince",
    )
    pistol = list_firearm(
        order,
        source="application",
        serial="DEMO-2001",
        make="Ruger",
        model="P95",
        caliber="9 mm",
        firearm_type="Pistol",
        believed_place="attic-zinnia",
        officer_notes="officer-note-zinnia",
        by=None,
        now=make.NOW,
    )
    rounds = list_firearm(
        order,
        source="police",
        item_kind="ammunition",
        quantity=3,
        caliber="9 mm",
        by=None,
        now=make.NOW,
    )
    list_firearm(order, source="application", serial="not-handed-in", make="Glock", by=None, now=make.NOW)
    receipt = record_receipt(
        order,
        kind="police",
        agency=police,
        receipt_number="HPD-R-26-00931",
        received_at=make.NOW - timedelta(hours=1),
        firearms=[pistol, rounds],
        by=None,
        now=make.NOW,
    )
    return Papers(
        court=court,
        police=police,
        order=order,
        receipt=receipt,
        clerk=make.person(Role.CLERK, court),
        liaison=make.person(Role.LIAISON, police),
        elsewhere=make.person(Role.LIAISON, make.agency()),
    )
