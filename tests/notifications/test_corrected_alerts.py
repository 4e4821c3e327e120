"""Who was alerted of a deadline gets one neutral alert when a correction takes it back or brings it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AgencyKind, Membership, Role, User
from notifications.models import Alert, AlertState, Channel, Via
from notifications.services.acknowledgments import acknowledge
from notifications.services.delivery import sending
from notifications.services.watch.audits import audit
from orders import display
from orders.services import service
from orders.services.firearms import inventory, receipts
from orders.services.orders import corrections, vacatur, withdrawal
from orders.services.parties import respondents
from orders.services.planning.history import is_correction
from tests import make
from tests.ledger import Ledger
from tests.notifications.fixtures import DUE, OrderFixture, by_sms, set_up

pytestmark = pytest.mark.django_db

LATER: dict[str, Any] = {"by": None, "now": DUE + timedelta(hours=1), "reason": "Entered in error."}


@pytest.fixture
def fixture() -> OrderFixture:
    return set_up()


def alerted(fixture: OrderFixture) -> list[Alert]:
    """The alerts of the surrender check, sent."""
    fixture.fire(["respondent_police", "court"])
    Alert.objects.update(state=AlertState.ACCEPTED, first_sent_at=DUE, accepted_at=DUE)
    return list(Alert.objects.all())


def corrected() -> list[tuple[User | None, str]]:
    """The recipients of alerts about corrections, with their channels, in the order of writing."""
    rows = Alert.objects.filter(correction__isnull=False).select_related("recipient").order_by("id")
    return [(one.recipient, one.channel) for one in rows]


def test_withdrawn_service_alerts_each_person_who_was_alerted_once(fixture: OrderFixture) -> None:
    by_sms(fixture.liaison)
    alerted(fixture)

    service.withdraw_service(fixture.order, **LATER)

    assert sorted(corrected(), key=str) == sorted(
        [
            (fixture.clerk, Channel.EMAIL),
            (fixture.liaison, Channel.EMAIL),
            (fixture.liaison, Channel.SMS),
        ],
        key=str,
    )
    entry = fixture.order.history.get(kind="service_withdrawn")
    assert set(Alert.objects.exclude(correction=None).values_list("correction", flat=True)) == {entry.pk}


@pytest.mark.parametrize("kind", ["vacated", "met", "name"])
def test_an_act_that_corrects_no_earlier_alert_writes_no_alert(fixture: OrderFixture, kind: str) -> None:
    alerted(fixture)

    match kind:
        case "vacated":
            vacatur.vacate_order(fixture.order, vacated_at=DUE, **LATER)
        case "met":
            gun = inventory.list_firearm(
                fixture.order, serial="S-1", source="police", by=None, now=LATER["now"]
            )
            receipts.record_receipt(
                fixture.order,
                kind="police",
                agency=fixture.police,
                received_at=DUE,
                firearms=[gun],
                by=None,
                now=LATER["now"],
            )
        case "name":
            respondents.correct_respondent(fixture.order, name="Elm Birch", **LATER)

    assert corrected() == []


def test_what_was_never_sent_is_only_withdrawn(fixture: OrderFixture) -> None:
    fixture.fire(["respondent_police"])

    withdrawal.withdraw_order(fixture.order, **LATER)

    assert corrected() == []
    sending.drain(worker="test")
    assert set(Alert.objects.values_list("state", flat=True)) == {AlertState.WITHDRAWN}


def test_each_change_writes_one_alert_to_each_person(fixture: OrderFixture) -> None:
    alerted(fixture)
    people = {fixture.clerk, fixture.liaison}

    withdrawal.withdraw_order(fixture.order, **LATER)
    assert {who for who, _ in corrected()} == people
    assert len(corrected()) == 2
    withdrawal.restore_order(fixture.order, **LATER)

    assert len(corrected()) == 4
    assert {who for who, _ in corrected()[2:]} == people
    corrections.correct_order(fixture.order, financial_support=True, **LATER)
    assert len(corrected()) == 4


def test_every_act_that_puts_an_entry_right_counts_as_a_correction() -> None:
    known = {kind for kind in display._KINDS if is_correction(kind)}

    assert {"corrected", "reinstated", "order_restored", "order_withdrawn", "moved"} <= known
    assert {"service_withdrawn", "receipt_withdrawn", "extension_corrected", "person_joined"} <= {
        kind for kind in {*display._KINDS, "service_withdrawn"} if is_correction(kind)
    }
    for act in ("entered", "served", "vacated", "extended", "returned", "heard", "replanned"):
        assert not is_correction(act)


def test_reinstatement_alerts_people_of_what_is_back(fixture: OrderFixture) -> None:
    alerted(fixture)
    vacatur.vacate_order(fixture.order, vacated_at=DUE, **LATER)

    vacatur.reinstate_order(fixture.order, **LATER)

    assert {who for who, _ in corrected()} == {fixture.clerk, fixture.liaison}


@pytest.mark.django_db(transaction=True)
def test_the_message_is_neutral_and_the_page_of_an_order_no_longer_seen_shows_nothing(
    ledger: Ledger, client: Client
) -> None:
    fixture = set_up()
    alerted(fixture)
    withdrawal.withdraw_order(fixture.order, **LATER)
    # The check is withdrawn; what is left to send is about the correction.
    sending.drain(worker="test")

    assert len(ledger.lines()) == 2
    assert {one.template for one in Alert.objects.exclude(correction=None)} == {"correction.email.en/1"}
    alert = Alert.objects.get(correction__isnull=False, recipient=fixture.liaison)
    assert alert.state == AlertState.ACCEPTED
    client.force_login(fixture.liaison)
    home = client.get("/").content.decode()
    page = client.get(f"/notices/{alert.public_id}/").content.decode()
    for text in (home, page):
        assert "entered in error or that you no longer see" in text
        assert fixture.order.case.docket_number not in text
        assert "Birch" not in text
    assert "Fri, Dec 4" in page or "Sat, Dec 5" in page
    assert client.post(f"/notices/{alert.public_id}/acknowledge/").status_code == 302
    alert.refresh_from_db()
    assert alert.acknowledged_by == fixture.liaison
    assert "no longer see" not in client.get("/").content.decode()
    client.force_login(make.person(Role.LIAISON, fixture.police))
    assert client.get(f"/notices/{alert.public_id}/").status_code == 404


def test_the_page_of_an_order_still_seen_shows_what_is_now(fixture: OrderFixture, client: Client) -> None:
    alerted(fixture)
    service.withdraw_service(fixture.order, **LATER)
    alert = Alert.objects.get(correction__isnull=False, recipient=fixture.liaison)
    client.force_login(fixture.liaison)

    page = client.get(f"/notices/{alert.public_id}/").content.decode()

    assert "An earlier notice was corrected" in page
    assert fixture.order.case.docket_number in page
    assert "An earlier notice was corrected" in client.get("/").content.decode()


def test_a_person_who_left_the_agency_gets_no_message(fixture: OrderFixture) -> None:
    alerted(fixture)
    service.withdraw_service(fixture.order, **LATER)
    Membership.objects.filter(user=fixture.liaison).update(agency=make.agency(AgencyKind.POLICE))

    sending.drain(worker="test")

    states = dict(Alert.objects.exclude(correction=None).values_list("recipient", "state"))
    assert states[fixture.liaison.pk] == AlertState.WITHDRAWN
    assert states[fixture.clerk.pk] != AlertState.WITHDRAWN


def test_acknowledging_it_ends_nothing_else(fixture: OrderFixture) -> None:
    earlier = next(one for one in alerted(fixture) if one.recipient == fixture.liaison)
    service.withdraw_service(fixture.order, **LATER)
    alert = Alert.objects.get(correction__isnull=False, recipient=fixture.liaison)

    acknowledge(alert, by=fixture.liaison, now=LATER["now"])

    earlier.refresh_from_db()
    assert earlier.acknowledged_at is None
    assert Alert.objects.filter(via=Via.PERSON, acknowledged_at__isnull=False).count() == 1


def test_the_audit_counts_the_alerts_of_a_check_without_it(fixture: OrderFixture) -> None:
    alerted(fixture)

    service.withdraw_service(fixture.order, **LATER)

    assert corrected()
    assert "incomplete" not in {one.code for one in audit() or []}
