"""All alerts about one case to one person are one message and one row; one acknowledgment answers them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client

from accounts.models import Role
from notifications.models import Alert, AlertState, PendingAcknowledgment
from notifications.pages.alert_rows import CaseRow
from notifications.services.acknowledgments import acknowledge
from notifications.services.delivery import sending
from notifications.services.delivery.links import list_link
from notifications.services.escalation.escalation import escalate, load_steps
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, Deadline, DeadlineState, HistoryEntry
from tests import make
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.fixtures import DUE, OrderFixture, backup, set_up

pytestmark = pytest.mark.django_db

#: Rules of the order whose checks fire together in these tests.
RULES = ("CT-LE-48", "CT-SUR-01", "CT-SVC-08")


@pytest.fixture
def fixture() -> OrderFixture:
    load_steps()
    return set_up()


def fire_together(fixture: OrderFixture, *names: str) -> list[Alert]:
    """Fire a checkpoint with one of these names for each of `RULES`, to the police alone."""
    rows = Checkpoint.objects.filter(deadline__order=fixture.order, name__in=names or ["check"])
    Checkpoint.objects.exclude(pk__in=rows).update(fires_at=DUE + timedelta(days=900))
    rows.update(fires_at=DUE, audience=["respondent_police"])
    before = set(Alert.objects.values_list("pk", flat=True))
    Firer("test").fire(now=DUE)
    return list(Alert.objects.exclude(pk__in=before).order_by("id"))


def test_what_runs_out_together_is_one_message_and_one_row(fixture: OrderFixture, ledger: Ledger) -> None:
    alerts = fire_together(fixture)
    assert len({one.deadline.rule_id for one in alerts}) == len(alerts) > 2

    sending.drain(worker="w")

    (line,) = ledger.lines()
    assert "A notice is waiting" in str(line["body"])
    assert list_link() in str(line["body"]), "the link does not depend on which of them is left at a retry"
    page = Client()
    page.force_login(fixture.liaison)
    home = page.get("/").content.decode()
    assert home.count("/open/") == 1
    assert "To acknowledge" not in home
    notice = page.get(f"/notices/{alerts[-1].public_id}/").content.decode()
    assert "acknowledging answers all of it" in notice


def test_one_acknowledgment_answers_the_case_and_it_climbs_no_further(fixture: OrderFixture) -> None:
    backup(fixture.police)
    other = make.served_order(respondent_town=fixture.order.case.respondent.town, court=fixture.court)
    alerts = fire_together(fixture)
    mine = [one for one in alerts if one.order == fixture.order]

    acknowledge(mine[0], by=fixture.liaison, now=NOW)

    assert set(Alert.objects.filter(order=fixture.order).values_list("acknowledged_by", flat=True)) == {
        fixture.liaison.pk
    }
    assert not PendingAcknowledgment.objects.filter(order=fixture.order, answered_at=None).exists()
    entries = HistoryEntry.objects.filter(order=fixture.order, kind="acknowledged")
    assert sorted(one.data["rule"] for one in entries) == sorted(one.deadline.rule_id for one in mine)
    PendingAcknowledgment.objects.filter(answered_at=None).update(next_step_at=F("asked_at"))
    assert escalate() == PendingAcknowledgment.objects.filter(order=other).count()


def test_what_came_later_is_not_answered(fixture: OrderFixture) -> None:
    (first, *_) = fire_together(fixture)
    Alert.objects.filter(pk=first.pk).update(created_at=F("created_at") - timedelta(minutes=1))
    first.refresh_from_db()

    acknowledge(first, by=fixture.liaison, now=NOW)

    assert Alert.objects.filter(acknowledged_at=None).count() == len(Alert.objects.all()) - 1
    assert PendingAcknowledgment.objects.filter(answered_at=None).exists()


def test_a_text_messages_answer_leaves_what_was_not_sent(fixture: OrderFixture) -> None:
    first, *others = fire_together(fixture)
    Alert.objects.filter(pk=first.pk).update(first_sent_at=NOW)

    acknowledge(first, by=fixture.liaison, now=NOW, only_sent=True)

    assert Alert.objects.filter(acknowledged_at=None).count() == len(others)
    assert PendingAcknowledgment.objects.filter(answered_at=None).count() == len(others)


def test_a_later_stage_replaces_what_was_not_read(fixture: OrderFixture, ledger: Ledger) -> None:
    early = fixture.order.deadlines.get(rule_id="CT-SUR-01").checkpoints.get(name="check")
    (reminder,) = fixture.fire(["respondent_police"])
    later = Checkpoint.objects.create(
        deadline=early.deadline,
        name="later",
        purpose="escalate",
        fires_at=DUE + timedelta(hours=1),
        audience=["respondent_police"],
        revision=early.revision,
        planned_at=NOW,
    )
    Firer("test").fire(now=DUE + timedelta(hours=1))

    sending.drain(worker="w")

    reminder.refresh_from_db()
    assert reminder.state == AlertState.WITHDRAWN
    sent = Alert.objects.get(checkpoint=later, recipient=fixture.liaison)
    assert sent.state == AlertState.ACCEPTED
    Alert.objects.filter(pk=reminder.pk).update(state=AlertState.ACCEPTED)
    assert reminder not in Alert.objects.not_replaced()
    assert sent in Alert.objects.not_replaced()
    assert list(Alert.objects.filter(recipient=fixture.liaison).unacknowledged().leading()) == [sent]
    acknowledge(sent, by=fixture.liaison, now=NOW)
    assert not Alert.objects.filter(recipient=fixture.liaison).unacknowledged().exists()


def test_an_alert_that_the_agency_no_longer_sees_hides_no_other(fixture: OrderFixture) -> None:
    alerts = fire_together(fixture)
    newest = alerts[-1]
    waiting = Alert.objects.filter(recipient=fixture.liaison).unacknowledged()
    assert list(waiting.leading()) == [newest]

    Alert.objects.filter(pk=newest.pk).update(capacity="service_police")

    assert alerts[-2] in waiting.leading()


def test_two_people_have_a_row_each(fixture: OrderFixture) -> None:
    second = make.person(Role.LIAISON, fixture.police)
    fire_together(fixture)

    rows = Alert.objects.unacknowledged().leading()

    assert {one.recipient for one in rows} == {fixture.liaison, second}
    assert len(rows) == 2


def test_a_row_shows_what_is_overdue_before_newer_news(fixture: OrderFixture) -> None:
    waiting = {one.deadline.rule_id: one.pk for one in fire_together(fixture)}
    surrender = waiting.pop("CT-SUR-01")
    Deadline.objects.exclude(rule_id="CT-SUR-01").update(state=DeadlineState.WITHDRAWN)
    lead, *others = Alert.objects.with_details().filter(pk__in=waiting.values()).order_by("-id")
    overdue = Alert.objects.with_details().get(pk=surrender)

    row = CaseRow(lead, [*others, overdue], DUE)

    assert [one.alert for one in row.rows] == [overdue, lead, *others]
    assert row.rows[0].state == DeadlineState.OVERDUE
