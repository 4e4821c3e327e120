"""A rehearsal: everything runs, messages go only to the list, and everyone sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, AuditEntry, Role, User
from notifications.models import (
    Alert,
    AlertState,
    Finding,
    PendingAcknowledgment,
    Preference,
    Rehearsal,
    WebhookDelivery,
    WebhookSubscription,
)
from notifications.services.acknowledgments import acknowledge
from notifications.services.delivery import sending
from notifications.services.delivery.printing import fall_back_to_paper
from notifications.services.rehearsals import first_address
from notifications.services.watch import audits
from orders.models import FollowUp
from tests import make
from tests.forms import opened
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.fixtures import OrderFixture, by_sms, safe_contact, set_up

pytestmark = pytest.mark.django_db

TRAINER = "trainer@agency.example"
ADD = "/admin/notifications/rehearsal/add/"


@pytest.fixture
def order() -> OrderFixture:
    return set_up()


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def desk(administrator: User) -> Client:
    return signed_in(administrator)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rehearse(agency: Any = None, addresses: tuple[str, ...] = (TRAINER,), **given: Any) -> Rehearsal:
    """A rehearsal that is in force now."""
    now = timezone.now()
    plain = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1), "reason": "Training."}
    by = given.pop("by", None) or make.person(Role.ADMINISTRATOR)
    return Rehearsal.objects.create(agency=agency, addresses=list(addresses), started_by=by, **plain | given)


def stop() -> None:
    """End every rehearsal by its time."""
    long_ago = timezone.now() - timedelta(days=30)
    Rehearsal.objects.update(starts_at=long_ago, ends_at=timezone.now() - timedelta(seconds=1))


def test_email_goes_to_the_list_alone_and_states_it(order: OrderFixture, ledger: Ledger) -> None:
    rehearse(addresses=(TRAINER, order.clerk.email.upper()))
    order.fire_alone(("respondent_police", "court"))

    sending.drain(worker="test")

    sent = ledger.lines()
    assert sorted(one["to"] for one in sent) == sorted([[TRAINER], [order.clerk.email.upper()]])
    assert {one["headers"]["Subject"].split("]")[0] for one in sent} == {"[REHEARSAL"}
    assert set(Alert.objects.values_list("state", "is_rehearsal")) == {(AlertState.ACCEPTED.value, True)}


def test_in_spanish_it_is_a_simulacro(order: OrderFixture, ledger: Ledger) -> None:
    Preference.objects.create(user=order.liaison, language="es")
    rehearse()
    order.fire_alone(("respondent_police",))

    sending.drain(worker="test")

    (one,) = ledger.lines()
    assert one["headers"]["Subject"].startswith("[SIMULACRO] ")
    assert "Esto es un simulacro." in one["body"]


def test_text_messages_and_safe_contacts_reach_no_one(order: OrderFixture, ledger: Ledger) -> None:
    by_sms(order.liaison)
    safe_contact(order.release(), by=order.clerk)
    rehearse()
    order.fire_alone(("respondent_police", "protected_person"))
    assert Alert.objects.filter(channel="sms").exists()
    assert Alert.objects.filter(via="protected").exists()

    sending.drain(worker="test")

    assert [one["to"] for one in ledger.lines()] == [[TRAINER]]
    kept = Alert.objects.filter(provider="rehearsal")
    assert set(kept.values_list("channel", "via", "state")) == {
        ("sms", "person", AlertState.ACCEPTED.value),
        ("email", "protected", AlertState.ACCEPTED.value),
    }


def test_everything_else_runs(order: OrderFixture) -> None:
    rehearse()

    order.fire_alone(("respondent_police",))

    assert FollowUp.objects.filter(owner=order.police).exists()
    assert PendingAcknowledgment.objects.filter(agency=order.police).exists()


@pytest.mark.parametrize(
    ("of", "marked"), [("police", {True, False}), ("court", {True}), ("other", {False}), ("", {True})]
)
def test_an_agency_rehearses_alone_and_a_court_with_its_orders(
    of: str, marked: set[bool], order: OrderFixture
) -> None:
    agencies = {"police": order.police, "court": order.court, "other": make.agency(), "": None}
    rehearse(agencies[of])

    order.fire_alone(("respondent_police", "court"))

    assert set(Alert.objects.values_list("is_rehearsal", flat=True)) == marked
    if of == "police":
        assert Alert.objects.get(is_rehearsal=True).agency == order.police


def test_what_was_written_before_is_not_lost(order: OrderFixture, ledger: Ledger) -> None:
    order.fire_alone(("respondent_police",))
    rehearse()

    sending.drain(worker="test")

    (one,) = ledger.lines()
    assert one["to"] == [order.liaison.email]
    assert "REHEARSAL" not in one["headers"]["Subject"]


def test_what_was_written_in_it_never_leaves_afterwards(order: OrderFixture, ledger: Ledger) -> None:
    rehearse()
    order.fire_alone(("respondent_police",))
    stop()

    sending.drain(worker="test")

    assert ledger.lines() == []
    assert Alert.objects.get().state == AlertState.WITHDRAWN


def test_a_rehearsal_and_a_real_alert_never_share_a_message(order: OrderFixture, ledger: Ledger) -> None:
    other = set_up()
    other.order.order_agencies.filter(agency=other.police).update(agency=order.police)
    rehearse(order.court)
    # One firing for both orders, whose alerts go to the same person.
    order.fire(("respondent_police",))
    assert set(Alert.objects.filter(recipient=order.liaison).values_list("is_rehearsal", flat=True)) == {
        True,
        False,
    }

    sending.drain(worker="test")

    assert {one["to"][0] for one in ledger.lines()} >= {TRAINER, order.liaison.email}
    sent_to = dict(Alert.objects.values_list("message_key", "is_rehearsal").distinct())
    for one in ledger.lines():
        marks = {mark for key, mark in sent_to.items() if str(key) in one["key"]}
        assert marks == {one["to"] == [TRAINER]}


def test_nothing_of_it_is_printed(order: OrderFixture) -> None:
    rehearse()
    order.fire_alone(("respondent_police",))
    Alert.objects.update(state=AlertState.FAILED)

    assert fall_back_to_paper() == 0


@pytest.mark.parametrize(("is_rehearsal", "deliveries"), [(True, 0), (False, 1)])
def test_webhooks_hear_nothing_of_it(*, is_rehearsal: bool, deliveries: int, order: OrderFixture) -> None:
    WebhookSubscription.objects.create(
        agency=order.police,
        url="https://system.example/",
        events=["alert.created", "alert.acknowledged"],
        encrypted_secret="x",
        created_at=NOW,
        created_by=order.liaison,
    )
    if is_rehearsal:
        rehearse()

    order.fire_alone(("respondent_police",))
    made = WebhookDelivery.objects.filter(event="alert.created").count()
    acknowledge(Alert.objects.get(), by=order.liaison, now=timezone.now())

    assert bool(made) is not is_rehearsal
    assert WebhookDelivery.objects.filter(event="alert.acknowledged").count() == deliveries


def test_administrators_hear_of_it_every_day_by_real_messages(ledger: Ledger) -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    rehearse(by=administrator)

    audits.audit(only=["rehearsal"])
    audits.audit(only=["rehearsal"])
    sending.drain(worker="test")

    assert [one["to"] for one in ledger.lines()] == [[administrator.email]]
    assert "REHEARSAL" not in ledger.lines()[0]["headers"]["Subject"]
    finding = Finding.objects.get(code="rehearsal")
    assert finding.detail.startswith("The whole installation is in rehearsal until ")
    Finding.objects.update(subject="installation 2026-01-01")
    audits.audit(only=["rehearsal"])
    assert Finding.objects.filter(code="rehearsal").count() == 2, "another day is another finding"
    stop()
    audits.audit(only=["rehearsal"])
    assert not Finding.objects.filter(code="rehearsal", resolved_at=None).exists()


def test_an_administrator_begins_and_ends_it_on_record(desk: Client, administrator: User) -> None:
    ends = timezone.now() + timedelta(days=5)
    sheet = {
        "agency": "",
        "addresses": f"{TRAINER}\nsecond@agency.example",
        "ends_at_0": f"{ends:%Y-%m-%d}",
        "ends_at_1": "4 pm",
        "reason": "The first weeks.",
    }

    answer = desk.post(ADD, sheet | opened(desk, ADD))

    assert answer.status_code == 302, answer.content.decode()
    row = Rehearsal.objects.get()
    assert (row.addresses, row.started_by) == ([TRAINER, "second@agency.example"], administrator)
    begun = AuditEntry.objects.get(what="rehearsal_begun")
    assert (begun.actor, begun.detail["reason"]) == (administrator, "The first weeks.")
    again = desk.post(ADD, sheet | {"reason": "Again."} | opened(desk, ADD)).content.decode()
    assert "A rehearsal of this is in force." in again

    page = f"/admin/notifications/rehearsal/{row.pk}/end/"
    assert desk.post(page, {"reason": ""} | opened(desk, page)).status_code == 200
    assert desk.post(page, {"reason": "We go live."} | opened(desk, page)).status_code == 302
    row.refresh_from_db()
    assert (row.ended_by, row.end_reason) == (administrator, "We go live.")
    assert AuditEntry.objects.get(what="rehearsal_ended").detail["reason"] == "We go live."
    assert "This rehearsal is over." in desk.post(page, {"reason": "x"} | opened(desk, page)).content.decode()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"addresses": "no address"}, "Address 1: Not an email address."),
        ({"addresses": ""}, "Fill in “"),
        ({"reason": ""}, "Fill in “"),
        ({"ends_at_0": "2020-01-01"}, "This is over already. Enter a later time."),
        ({"ends_at_0": "2099-01-01"}, "A rehearsal lasts at most 92 days."),
    ],
)
def test_an_error_is_beside_its_field(given: dict[str, str], message: str, desk: Client) -> None:
    ends = timezone.now() + timedelta(days=5)
    sheet = {
        "addresses": TRAINER,
        "ends_at_0": f"{ends:%Y-%m-%d}",
        "ends_at_1": "4 pm",
        "reason": "Training.",
    }

    answer = desk.post(ADD, sheet | given | opened(desk, ADD))

    assert message in answer.content.decode()
    assert not Rehearsal.objects.exists()


@pytest.mark.parametrize("role", [Role.CLERK, Role.SUPERVISOR, Role.JUDGE, Role.AUDITOR])
def test_only_administrators_begin_or_end_it(role: Role) -> None:
    kind = AgencyKind.POLICE if role is Role.SUPERVISOR else AgencyKind.COURT
    client = signed_in(make.person(role, None if role is Role.AUDITOR else make.agency(kind)))
    row = rehearse()

    for page in (ADD, f"/admin/notifications/rehearsal/{row.pk}/end/", "/admin/notifications/rehearsal/"):
        assert client.get(page).status_code in (302, 403)
        assert client.post(page, {"reason": "x"}).status_code in (302, 403)
    row.refresh_from_db()
    assert row.ended_at is None


def test_every_page_states_it_to_those_concerned(order: OrderFixture, desk: Client) -> None:
    member, other = signed_in(order.liaison), signed_in(make.person(Role.LIAISON, make.agency()))
    words = ("<strong>Rehearsal", "Simulacro.")
    assert not any(one in member.get("/").content.decode() for one in words)
    rehearse(order.police)

    for client, is_shown in ((member, True), (desk, True), (other, False), (Client(), False)):
        page = client.get("/", follow=True).content.decode()
        assert all((one in page) == is_shown for one in words)
    assert "Rehearsal of" in desk.get("/admin/").content.decode()

    rehearse()
    assert "<strong>Rehearsal</strong>" in Client().get("/sign-in/").content.decode()
    assert "<strong>Rehearsal</strong>" in other.get("/nowhere/").content.decode()


def test_systems_can_see_it(order: OrderFixture) -> None:
    client = Client()
    health = client.get("/healthz/deadlines").json()["rehearsal"]
    assert health == {"installation": False, "agencies": 0}
    assert "X-Rehearsal" not in client.get("/api/v1/orders").headers

    rehearse()
    rehearse(order.police)

    assert client.get("/healthz/deadlines").json()["rehearsal"] == {"installation": True, "agencies": 1}
    assert client.get("/api/v1/orders").headers["X-Rehearsal"] == "installation"


@pytest.mark.parametrize(
    ("address", "goes_to"),
    [("B@x.example", "b@x.example"), ("c@x.example", "a@x.example"), ("", "a@x.example")],
)
def test_the_list_decides_the_address(address: str, goes_to: str) -> None:
    assert first_address(["a@x.example", "b@x.example"], address) == goes_to
