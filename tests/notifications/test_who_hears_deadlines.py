"""Who hears of a surrender and of an order's end, when: facts in, capacities and instants out, by FIRE."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AgencyKind, Role
from accounts.narrowing import present
from notifications.models import Alert, SafeContact, Via
from notifications.services.firing.fire import Firer
from orders.models import Capacity, OrderAgency
from orders.rules.vocabulary import Purpose
from orders.services.firearms import inventory, receipts
from orders.services.orders import extension, vacatur
from orders.services.planning.rulebooks import bundled
from tests import make
from tests.make import NOW
from tests.notifications.fixtures import OrderFixture
from tests.notifications.test_announcements import BY, everyone

pytestmark = pytest.mark.django_db

RESPONDENT, SERVICE = "respondent_police", "service_police"
POLICE = {RESPONDENT, SERVICE}
PROTECTED = {"advocate", "protected_person"}
LAST_DAY = date(2027, 6, 30)

#: What each name of a checkpoint must reach, and when its alert fires.
Expected = dict[str, tuple[set[str], datetime]]


def set_up(state: str = "us_ct", **given: Any) -> OrderFixture:
    """An order with all that a rule can name, the police of the town of service among them."""
    court, town = make.agency(AgencyKind.COURT, state=state), make.town(state=state)
    clerk, liaison = make.person(Role.CLERK, court), make.person(Role.LIAISON, town.police)
    entered = make.order(court=court, respondent_town=town, jurisdiction=state, announces=True, **given)
    other = make.agency(state=state)
    make.person(Role.LIAISON, other)
    OrderAgency.objects.create(order=entered, agency=other, capacity=Capacity.SERVICE_POLICE, named_at=NOW)
    fixture = everyone(OrderFixture(entered, court, town.police, clerk, liaison))
    # The contact is good until the order ends.
    SafeContact.objects.update(confirm_every=timedelta(days=400))
    return fixture


def heard(fixture: OrderFixture, rule: str, *, until: datetime) -> Expected:
    """Fire until then. Who heard of the rule by each of its checkpoints, and for which instant."""
    firer = Firer("test")
    while firer.fire(now=until, budget=60).checkpoints:
        firer.forget()
    alerts = Alert.objects.filter(
        checkpoint__deadline__order=fixture.order, checkpoint__deadline__rule_id=rule
    )
    found: Expected = {}
    for one in alerts.exclude(via=Via.FALLBACK).select_related("checkpoint"):
        fired = present(one.checkpoint)
        words, _ = found.setdefault(fired.name, (set(), fired.fires_at))
        words.add(one.capacity)
    return found


SURRENDER = [one for one in bundled().rules if one.id.endswith("-SUR") or one.id == "CT-SUR-01"]


@pytest.mark.parametrize("rule", SURRENDER, ids=lambda one: one.id)
def test_a_surrender_that_is_due_reaches_police_of_both_towns_and_who_is_at_risk(rule: Any) -> None:
    kind = "ex_parte_restraining_order" if rule.jurisdiction == "us_ct" else "temporary_erpo"
    served = NOW - timedelta(hours=1)
    fixture = set_up(rule.jurisdiction, kind=kind, served_at=served, service_method="in_hand")

    found = heard(fixture, rule.id, until=NOW + timedelta(days=4))

    hours = {"us_fl": 0, "us_ma": 0, "us_ri": 0, "us_vt": 0, "us_wa": 0}.get(rule.jurisdiction, 24)
    due = served + timedelta(hours=hours)
    purposes = {one.name: one.purpose for one in rule.checkpoints}
    of_purpose = {purposes[name]: one for name, one in found.items()}
    late = timedelta(hours=2 if hours == 0 else 0)
    assert of_purpose[Purpose.CHECK] == ({*POLICE, "court", *PROTECTED}, due + late)
    assert of_purpose[Purpose.ESCALATE] == ({*POLICE, "court"}, due + timedelta(hours=24))
    assert of_purpose.get(Purpose.REMIND) == ((POLICE, due - timedelta(hours=6)) if hours else None)


def nine(month: int, day: int, *, hour: int = 13) -> datetime:
    """Nine o'clock in the summer of 2027 in the East; `hour` is that of UTC."""
    return datetime(2027, month, day, hour, tzinfo=UTC)


COURT_AND_PROTECTED = {"court", *PROTECTED}
ENDS: dict[str, tuple[str, str, str, Expected]] = {
    "restraining order": (
        *("us_ct", "restraining_order", "CT-EXT-01"),
        {"opens": (COURT_AND_PROTECTED, nine(6, 9))},
    ),
    "restraining order, last week": (
        *("us_ct", "restraining_order", "CT-EXT-03"),
        {
            "remind-7d": (COURT_AND_PROTECTED, nine(6, 23)),
            "expired": ({RESPONDENT, *COURT_AND_PROTECTED}, nine(7, 1, hour=4)),
        },
    ),
    "civil protection order": (
        *("us_ct", "civil_protection_order", "ANN-EXPIRY-CPO"),
        {"remind-30d": (COURT_AND_PROTECTED, nine(5, 31))},
    ),
    "family violence protective order": (
        *("us_ct", "family_violence_protective_order", "ANN-EXPIRY-FV"),
        {
            "remind-7d": ({"prosecutor", *COURT_AND_PROTECTED}, nine(6, 23)),
            "ended": ({RESPONDENT, *COURT_AND_PROTECTED}, nine(7, 1)),
        },
    ),
    "foreign order": (
        *("us_ct", "foreign_order", "ANN-EXPIRY-FOR"),
        {
            "remind-30d": (PROTECTED, nine(5, 31)),
            "ended": ({RESPONDENT, *COURT_AND_PROTECTED}, nine(7, 1)),
        },
    ),
    "risk protection order": (
        *("us_ct", "risk_protection_order", "ANN-EXPIRY-RPO"),
        {
            "remind-30d": ({"court", "prosecutor"}, nine(5, 31)),
            "protected-30d": (PROTECTED, nine(5, 31)),
            "ended": ({"court", "prosecutor", RESPONDENT}, nine(7, 1)),
            "protected-end": (PROTECTED, nine(7, 1)),
        },
    ),
    "order of another state": (
        *("us_md", "final_erpo", "ANN-EXPIRY"),
        {
            "remind-30d": (PROTECTED, nine(5, 31)),
            "remind-7d": (COURT_AND_PROTECTED, nine(6, 23)),
            "ended": ({RESPONDENT, *PROTECTED}, nine(7, 1)),
        },
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_an_order_is_near(name: str) -> None:
    state, kind, rule, expected = ENDS[name]
    fixture = set_up(state, kind=kind, expires_on=LAST_DAY)

    assert heard(fixture, rule, until=nine(7, 2)) == expected


@pytest.mark.parametrize(
    ("state", "rule", "last_day", "opens", "more"),
    [
        ("us_de", "DE-REN", LAST_DAY, nine(3, 30), set()),
        ("us_fl", "FL-REN", LAST_DAY, nine(5, 31), set()),
        ("us_ri", "RI-REN", LAST_DAY, nine(6, 16), set()),
        # Six months is the longest there.
        ("us_vt", "VT-REN", date(2027, 6, 1), nine(5, 2), {"prosecutor"}),
        ("us_wa", "WA-REN", LAST_DAY, nine(4, 1, hour=16), set()),
    ],
)
def test_the_time_to_ask_for_a_renewal_begins(
    state: str, rule: str, last_day: date, opens: datetime, more: set[str]
) -> None:
    fixture = set_up(state, kind="final_erpo", expires_on=last_day)

    assert heard(fixture, rule, until=opens)["opens"] == (COURT_AND_PROTECTED | more, opens)


def test_an_order_ends_while_police_hold_firearms() -> None:
    fixture = set_up(
        kind="restraining_order",
        expires_on=LAST_DAY,
        served_at=NOW - timedelta(hours=1),
        service_method="in_hand",
    )
    firearm = inventory.list_firearm(fixture.order, serial="S1", source="police", **BY)
    receipts.record_receipt(
        fixture.order, kind="police", received_at=NOW, firearms=[firearm], agency=fixture.police, **BY
    )

    assert heard(fixture, "ANN-ENDS-ARMED", until=nine(7, 2)) == {
        "police-7d": (POLICE, nine(6, 23)),
        "police-end": (POLICE, nine(7, 1)),
    }


def test_police_hear_of_the_end_and_the_extension_of_an_order_without_firearms() -> None:
    # They got a copy of every order, and may have a follow-up under it.
    fixture = set_up(kind="restraining_order", firearms_indicated=False, expires_on=date(2027, 1, 4))

    extension.extend_order(fixture.order, expires_on=date(2027, 3, 1), confirm="As ordered.", **BY)
    assert heard(fixture, "ANN-EXTENDED", until=NOW)["police"] == (POLICE, NOW)
    vacatur.vacate_order(fixture.order, vacated_at=NOW, reason="dismissed", **BY)
    assert heard(fixture, "ANN-VACATED", until=NOW)["police"] == (POLICE, NOW)
