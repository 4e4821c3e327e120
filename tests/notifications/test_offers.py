"""A follow-up offered to other police: who is notified of the offer and its refusal, and until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, AgencyKind, Membership, Role, User
from notifications.models import (
    Alert,
    AlertState,
    Channel,
    Finding,
    PendingAcknowledgment,
    Preference,
    Via,
    WebhookDelivery,
    WebhookEvent,
    WebhookSubscription,
)
from notifications.services import direct_alerts
from notifications.services.acknowledgments import acknowledge
from notifications.services.delivery import outbox, quiet_hours, sending
from notifications.services.delivery.printing import fall_back_to_paper, to_hand_over
from notifications.services.firing.fire import Firer
from notifications.services.watch.audits import audit
from orders.models import Capacity, Deadline, FollowUp, Transfer
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.follow_ups.actions import assign
from orders.services.follow_ups.transfers import answer_transfer, offer_transfer, withdraw_transfer
from orders.services.planning import history
from tests import make
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.fixtures import backup, by_sms

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Place:
    """Police who answer for an overdue surrender, police elsewhere, and a liaison of each."""

    court: Agency
    police: Agency
    other: Agency
    liaison: User
    elsewhere: User
    follow_up: FollowUp

    def offer(self) -> Transfer:
        """The follow-up, offered to the police elsewhere."""
        return offer_transfer(
            self.follow_up, to_agency=self.other, reason="lives there now", by=self.liaison, now=NOW
        )

    def accept(self, offer: Transfer) -> None:
        """Those elsewhere answer for it now."""
        answer_transfer(offer, accepted=True, by=self.elsewhere, now=NOW)

    def refuse(self, offer: Transfer) -> None:
        """It stays where it was."""
        answer_transfer(offer, accepted=False, reason="moved on", by=self.elsewhere, now=NOW)


@pytest.fixture
def place() -> Place:
    court, police, other = make.agency(AgencyKind.COURT), make.agency(), make.agency()
    liaison = make.person(Role.LIAISON, police)
    make.person(Role.CLERK, court)
    order = make.served_order(court=court, respondent_town=make.town(police), ago=timedelta(hours=25))
    Firer("test").fire(now=NOW)
    return Place(
        court=court,
        police=police,
        other=other,
        liaison=liaison,
        elsewhere=make.person(Role.LIAISON, other),
        follow_up=FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01"),
    )


def recipients() -> list[tuple[User | None, str, str]]:
    """The recipients of offers and refusals, with reason and channel."""
    found = Alert.objects.filter(transfer__isnull=False).order_by("id")
    return [(one.recipient, one.via, one.channel) for one in found]


def only_alert() -> Alert:
    return Alert.objects.get(transfer__isnull=False)


def stop_alerts(agency: Agency) -> None:
    Membership.objects.filter(agency=agency).update(receives_alerts=False)


# ---- who is notified of an offer ---------------------------------------------------------------------------


def test_the_agency_asked_is_notified_with_the_offer(place: Place) -> None:
    backup(place.other)
    make.person(Role.SUPERVISOR, place.other)

    offer = place.offer()

    alert = only_alert()
    assert (alert.transfer, alert.order, alert.agency) == (offer, place.follow_up.order, place.other)
    assert (alert.recipient, alert.via, alert.channel) == (place.elsewhere, Via.PERSON, Channel.EMAIL)
    assert (alert.state, alert.capacity) == (AlertState.READY, Capacity.ASSISTING_POLICE)
    assert alert.idem_key == f"transfer:{offer.public_id}:offered:email:u{place.elsewhere.pk}"
    assert (alert.checkpoint, alert.deadline) == (None, place.follow_up.deadline)


def test_backups_if_no_one_else_can_be_notified(place: Place) -> None:
    stop_alerts(place.other)
    second, third = backup(place.other), backup(place.other)
    make.person(Role.SUPERVISOR, place.other)

    place.offer()

    assert recipients() == [(second, Via.BACKUP, Channel.EMAIL), (third, Via.BACKUP, Channel.EMAIL)]


def test_supervisors_and_the_own_address_where_there_is_no_backup(place: Place) -> None:
    stop_alerts(place.other)
    chief = make.person(Role.SUPERVISOR, place.other)
    Agency.objects.filter(pk=place.other.pk).update(email="desk@other.example")
    place.other.refresh_from_db()

    place.offer()

    assert recipients() == [(chief, Via.SUPERVISOR, Channel.EMAIL), (None, Via.DESK, Channel.EMAIL)]


def test_administrators_if_the_agency_has_no_recipient(place: Place) -> None:
    stop_alerts(place.other)
    administrator = by_sms(make.person(Role.ADMINISTRATOR))

    place.offer()

    assert recipients() == [(administrator, Via.FALLBACK, Channel.EMAIL)], "a fallback is by email alone"
    assert only_alert().agency == place.other


def test_without_any_recipient_the_alert_has_failed(place: Place) -> None:
    stop_alerts(place.other)

    offer = place.offer()

    alert = only_alert()
    assert (alert.recipient, alert.via, alert.state) == (None, Via.MISSING, AlertState.FAILED)
    assert alert.last_error == "no recipient could be found"
    assert alert.idem_key == f"transfer:{offer.public_id}:offered:email:n{place.other.pk}"


def test_by_text_message_too_who_wants_that(place: Place) -> None:
    by_sms(place.elsewhere)

    place.offer()

    assert recipients() == [
        (place.elsewhere, Via.PERSON, Channel.EMAIL),
        (place.elsewhere, Via.PERSON, Channel.SMS),
    ]


def test_a_task_that_no_check_opened_is_offered_too(place: Place) -> None:
    order = place.follow_up.order
    deadline = Deadline.objects.get(pk=place.follow_up.deadline_id)
    deadline.pk, deadline.public_id, deadline.occurrence = None, uuid4(), "2"
    deadline.save()
    task = FollowUp.objects.create(deadline=deadline, order=order, owner=place.police, next_action_at=NOW)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "replan", lambda *_, **__: {})  # it would withdraw what no rule plans
        offer_transfer(task, to_agency=place.other, reason="lives there now", by=place.liaison, now=NOW)

    alert = only_alert()
    assert (alert.checkpoint, alert.deadline, alert.purpose) == (None, deadline, "check")
    (leased,) = [one for one in outbox.lease(100, worker="w") if one.id == alert.pk]
    assert (leased.rule, leased.purpose) == ("CT-SUR-01", "check")
    acknowledge(alert, by=place.elsewhere, now=NOW)
    event = order.history.get(kind="acknowledged")
    assert (event.data["rule"], event.data["capacity"]) == ("CT-SUR-01", "assisting_police")


def test_systems_of_the_agency_asked_hear_of_it(place: Place) -> None:
    for agency in (place.other, place.police):
        WebhookSubscription.objects.create(
            agency=agency,
            url="https://hooks.example/",
            events=[WebhookEvent.ALERT_CREATED.value],
            encrypted_secret="",
            created_at=NOW,
            created_by=place.liaison,
        )

    place.offer()

    delivery = WebhookDelivery.objects.get()
    assert delivery.subscription.agency == place.other
    assert (delivery.event, delivery.alert) == ("alert.created", only_alert().public_id)
    assert delivery.order == place.follow_up.order.public_id


# ---- who is notified of a refusal --------------------------------------------------------------------------


def refusals() -> list[tuple[User | None, str]]:
    found = Alert.objects.filter(idem_key__contains=":refused:").order_by("id")
    return [(one.recipient, one.via) for one in found]


def test_a_refusal_goes_to_the_recipients_of_the_agency(place: Place) -> None:
    colleague = make.person(Role.LIAISON, place.police)
    assign(place.follow_up, assigned_to=None, by=place.liaison, now=NOW)

    place.refuse(place.offer())

    assert refusals() == [(place.liaison, Via.PERSON), (colleague, Via.PERSON)]
    alert = Alert.objects.filter(idem_key__contains=":refused:").earliest("id")
    assert (alert.agency, alert.capacity) == (place.police, Capacity.RESPONDENT_POLICE)


def test_a_refusal_goes_to_the_person_assigned_alone(place: Place) -> None:
    colleague = make.person(Role.LIAISON, place.police)
    assign(place.follow_up, assigned_to=colleague, by=place.liaison, now=NOW)

    place.refuse(place.offer())

    assert refusals() == [(colleague, Via.PERSON)]


def test_a_refusal_goes_to_the_others_if_the_person_assigned_gets_no_alerts(place: Place) -> None:
    colleague = make.person(Role.LIAISON, place.police)
    assign(place.follow_up, assigned_to=colleague, by=place.liaison, now=NOW)
    colleague.memberships.update(receives_alerts=False)

    place.refuse(place.offer())

    assert refusals() == [(place.liaison, Via.PERSON)]


def test_no_one_is_notified_of_a_withdrawal_or_an_acceptance(place: Place) -> None:
    withdraw_transfer(place.offer(), by=place.liaison, now=NOW)
    place.accept(place.offer())

    assert refusals() == []


# ---- until when --------------------------------------------------------------------------------------------


def test_an_offer_is_sent_in_neutral_words_and_at_any_hour(place: Place, ledger: Ledger) -> None:
    Preference.objects.create(user=place.elsewhere, quiet_from="00:00", quiet_until="23:59")
    place.offer()
    (leased,) = [one for one in outbox.lease(100, worker="w") if one.recipient == place.elsewhere.pk]
    assert quiet_hours.is_urgent(leased)
    Alert.objects.filter(transfer__isnull=False).update(state=AlertState.READY, lease_until=None)

    sending.drain(worker="w")

    assert only_alert().state == AlertState.ACCEPTED
    (sent,) = [line for line in ledger.lines() if place.elsewhere.email in str(line)]
    assert "Ash Birch" not in str(sent)
    assert "lives there now" not in str(sent)


def test_an_offer_is_news_although_its_deadline_moved(place: Place) -> None:
    place.offer()

    Deadline.objects.filter(pk=place.follow_up.deadline_id).update(revision=F("revision") + 1)

    assert only_alert().pk in {one.id for one in outbox.lease(100, worker="w")}


@pytest.mark.parametrize(
    "end",
    [
        Place.accept,
        Place.refuse,
        lambda place, offer: withdraw_transfer(offer, by=place.liaison, now=NOW),
        lambda place, offer: surrender(place),
    ],
    ids=["accepted", "refused", "withdrawn", "met"],
)
def test_an_offer_that_is_over_is_not_sent_and_needs_no_acknowledgment(
    place: Place, ledger: Ledger, end: Callable[[Place, Transfer], None]
) -> None:
    offer = place.offer()
    assert Alert.objects.unacknowledged().filter(transfer=offer).exists()

    end(place, offer)

    offered = Alert.objects.filter(recipient=place.elsewhere)
    assert not offered.unacknowledged().exists()
    sending.drain(worker="w")
    assert offered.get().state == AlertState.WITHDRAWN
    assert place.elsewhere.email not in str(ledger.lines())


def surrender(place: Place) -> None:
    """What the follow-up was about is done."""
    held = list_firearm(
        place.follow_up.order, source="application", make="Ruger", serial="S-1", by=None, now=NOW
    )
    record_receipt(
        place.follow_up.order,
        kind="police",
        received_at=NOW,
        firearms=[held],
        agency=place.police,
        by=None,
        now=NOW,
    )


def test_a_refusal_is_not_sent_once_the_task_is_closed(place: Place, ledger: Ledger) -> None:
    place.refuse(place.offer())
    refusal = Alert.objects.filter(transfer__isnull=False, recipient=place.liaison)
    assert refusal.unacknowledged().exists()

    surrender(place)

    assert not refusal.unacknowledged().exists()
    sending.drain(worker="w")
    assert refusal.get().state == AlertState.WITHDRAWN


def test_a_refusal_is_old_once_others_accepted(place: Place) -> None:
    place.refuse(place.offer())
    place.accept(place.offer())

    refusal = Alert.objects.filter(transfer__isnull=False, recipient=place.liaison)
    assert not refusal.unacknowledged().exists()
    assert refusal.get().pk not in {one.id for one in outbox.lease(100, worker="w")}


def test_acknowledging_an_offer_covers_its_other_channels_and_not_the_check(place: Place) -> None:
    by_sms(place.liaison)
    place.refuse(place.offer())
    read = Alert.objects.get(transfer__isnull=False, recipient=place.liaison, channel=Channel.EMAIL)

    acknowledge(read, by=place.liaison, now=NOW)

    mine = Alert.objects.filter(recipient=place.liaison)
    assert {one.channel for one in mine.filter(acknowledged_at=NOW)} == {Channel.EMAIL, Channel.SMS}
    assert mine.filter(acknowledged_at=NOW, transfer=None).count() == 0
    assert PendingAcknowledgment.objects.get(agency=place.police).answered_at is None
    assert read.pk not in {one.id for one in outbox.lease(100, worker="w")}


def test_acknowledging_the_check_does_not_acknowledge_the_offer(place: Place) -> None:
    place.refuse(place.offer())
    check = Alert.objects.get(recipient=place.liaison, transfer=None)

    acknowledge(check, by=place.liaison, now=NOW)

    assert Alert.objects.unacknowledged().filter(recipient=place.liaison, transfer__isnull=False).exists()


# ---- all or nothing, and no side effects       ------------------------------------------------------------


def test_an_offer_that_fails_notifies_no_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no plan")

    monkeypatch.setattr(history, "replan", fail)

    with pytest.raises(RuntimeError, match="no plan"):
        place.offer()

    assert not Transfer.objects.exists()
    assert recipients() == []


def test_without_alerts_nothing_is_offered(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no way")

    monkeypatch.setattr(direct_alerts, "with_channels", fail)

    with pytest.raises(RuntimeError, match="no way"):
        place.offer()

    assert not Transfer.objects.exists()


def test_queries_do_not_grow_with_the_recipients(place: Place) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            offer = place.offer()
        withdraw_transfer(offer, by=place.liaison, now=NOW)
        return len(queries)

    asked()  # who offers is known from now on
    for_one = asked()
    for number in range(5):
        by_sms(make.person(Role.LIAISON, place.other), f"+1860555010{number}")

    assert asked() == for_one
    assert len(recipients()) == 2 + 11


def test_the_audits_find_no_violation(place: Place) -> None:
    place.refuse(place.offer())

    audit()

    assert not Finding.objects.filter(code="incomplete").exists()


def test_what_nothing_could_carry_is_printed(place: Place) -> None:
    place.refuse(place.offer())
    acknowledge(Alert.objects.get(recipient=place.liaison, transfer=None), by=place.liaison, now=NOW)
    refusal = Alert.objects.get(recipient=place.liaison, transfer__isnull=False)
    Alert.objects.filter(pk=refusal.pk).update(state=AlertState.FAILED)

    assert fall_back_to_paper() == 1

    notice = Alert.objects.get(channel=Channel.PRINT)
    assert (notice.transfer, notice.recipient) == (refusal.transfer, place.liaison)
    assert notice.idem_key == refusal.idem_key.replace(":email:", ":print:")
    assert list(to_hand_over(place.liaison)) == [notice]
    surrender(place)
    assert not to_hand_over(place.liaison).exists()


def test_an_offer_that_is_over_is_not_printed(place: Place) -> None:
    offer = place.offer()
    Alert.objects.filter(transfer=offer).update(state=AlertState.FAILED)
    withdraw_transfer(offer, by=place.liaison, now=NOW)

    assert fall_back_to_paper() == 0
