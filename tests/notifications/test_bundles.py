"""One message for one person, in good time: bundles, quiet hours, digests and the limit."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from accounts.models import Role, User
from notifications.models import SENDABLE, Alert, AlertState, MessageTemplate, Preference, Priority
from notifications.services.delivery import outbox, quiet_hours, sending
from notifications.services.delivery.bundles import Bundle
from notifications.services.delivery.links import answer_link, list_link
from notifications.services.delivery.outbox import LeasedAlert
from notifications.services.delivery.templates import Wordings
from notifications.services.firing.fire import Firer
from notifications.services.priority import priority_of
from orders.models import Checkpoint
from tests import make
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.fixtures import DUE

#: Nine in the morning in Hartford, in winter.
MORNING = datetime(2026, 12, 7, 14, 0, tzinfo=UTC)


def leased(**given: object) -> LeasedAlert:
    """An alert that can wait, to a person with quiet hours from ten to six."""
    plain: dict[str, Any] = {
        "now": MORNING,
        "id": 1,
        "fence": 1,
        "attempts": 1,
        "public_id": uuid4(),
        "channel": "email",
        "via": "person",
        "recipient": 1,
        "case": 1,
        "agency": 1,
        "release": None,
        "message_key": None,
        "bundled": 0,
        "template": "",
        "provider": "",
        "created_at": MORNING,
        "first_sent_at": None,
        "purpose": "remind",
        "rule": "CT-SUR-01",
        "is_correction": False,
        "address": "somebody@agency.example",
        "encrypted_phrase": "",
        "is_active": True,
        "language": "en",
        "zone": "America/New_York",
        "quiet_from": time(22),
        "quiet_until": time(6),
        "digest_at": None,
    }
    return LeasedAlert(**{**plain, **given})


def hours(hours: float) -> float:
    return hours * 3600


@pytest.mark.parametrize(
    ("clock", "wait"),
    [
        (time(9), 0.0),
        (time(21, 59), 0.0),
        (time(22), hours(8)),
        (time(23), hours(7)),
        (time(0), hours(6)),
        (time(5, 59), 60.0),
        (time(6), 0.0),
    ],
)
def test_quiet_hours_hold_what_can_wait(clock: time, wait: float) -> None:
    # In December Hartford is five hours behind UTC.
    now = datetime.combine(MORNING.date(), clock, tzinfo=UTC) + timedelta(hours=5)

    assert quiet_hours.seconds_to_wait(leased(now=now)) == wait


@pytest.mark.parametrize(
    ("day", "wait"),
    [
        # Clocks go forward on 8 March 2026: from ten in the evening to six it is seven hours.
        (datetime(2026, 3, 8, 3, 0, tzinfo=UTC), hours(7)),
        # And back on 1 November 2026: nine.
        (datetime(2026, 11, 1, 2, 0, tzinfo=UTC), hours(9)),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(day: datetime, wait: float) -> None:
    assert quiet_hours.seconds_to_wait(leased(now=day)) == wait


@pytest.mark.parametrize(
    ("rules", "wait"),
    [
        ([("CT-SUR-01", "remind")], hours(1)),
        ([("ANN-HELD", "inform")], hours(1)),
        ([("ANN-CANCELED", "inform")], 0.0),
        ([("CT-HRG-07", "check")], 0.0),
        ([("CT-SUR-01", "remind"), ("CT-HRG-07", "check")], 0.0),
    ],
)
def test_what_can_wait_leaves_every_two_hours(rules: list[tuple[str, str]], wait: float) -> None:
    alerts = tuple(leased(rule=rule, purpose=purpose) for rule, purpose in rules)
    bundle = Bundle(key=uuid4(), size=len(alerts), alerts=alerts)

    assert quiet_hours.seconds_to_gap(bundle, MORNING - timedelta(hours=1)) == wait
    assert quiet_hours.seconds_to_gap(bundle, MORNING - timedelta(hours=2)) == 0.0
    assert quiet_hours.seconds_to_gap(bundle, None) == 0.0


@pytest.mark.parametrize("purpose", ["check", "escalate"])
def test_firearms_not_surrendered_in_time_wait_for_no_hour(purpose: str) -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert quiet_hours.seconds_to_wait(leased(now=night, purpose=purpose)) == 0.0
    assert quiet_hours.seconds_to_wait(leased(now=night, purpose=purpose, rule="CT-HRG-07")) > 0


@pytest.mark.parametrize(
    "rule", ["ANN-EX-PARTE", "ANN-HEARING-P", "ANN-PURCHASE", "ANN-RETURN", "ANN-SERVED"]
)
def test_news_of_a_hearing_waits_for_no_hour(rule: str) -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert quiet_hours.seconds_to_wait(leased(now=night, purpose="inform", rule=rule)) == 0.0
    assert priority_of(rule, "inform") == Priority.URGENT
    assert quiet_hours.seconds_to_wait(leased(now=night, purpose="inform", rule="ANN-HELD")) > 0
    protected = leased(now=night, purpose="inform", rule=rule, via="protected")
    assert quiet_hours.seconds_to_wait(protected) == hours(7)


def test_word_that_the_system_is_not_well_waits_for_no_hour() -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert quiet_hours.seconds_to_wait(leased(now=night, via="operator", purpose="", rule="")) == 0.0


def test_protected_persons_hours_hold_whatever_happened() -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert quiet_hours.seconds_to_wait(leased(now=night, purpose="check", via="protected")) == hours(7)


def test_what_was_begun_is_not_held() -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert quiet_hours.seconds_to_wait(leased(now=night, first_sent_at=night)) == 0.0


def test_digest_gathers_reminders_until_its_time_and_once_only() -> None:
    written = leased(quiet_from=None, quiet_until=None, digest_at=time(16))

    assert quiet_hours.seconds_to_wait(written) == hours(7)
    four = MORNING + timedelta(hours=7)
    assert quiet_hours.seconds_to_wait(leased(now=four, created_at=MORNING, digest_at=time(16))) == 0.0
    assert quiet_hours.seconds_to_wait(leased(digest_at=time(16), purpose="check", rule="CT-HRG-07")) == 0.0


pytestmark = pytest.mark.django_db


@pytest.fixture
def liaison() -> User:
    return make.person(Role.LIAISON, make.agency())


def fire(liaison: User, count: int) -> list[Alert]:
    """Fire this many surrender checks together, all with alerts to the liaison."""
    town = make.town(liaison.memberships.get().agency)
    for _ in range(count):
        make.served_order(respondent_town=town)
    Firer("test").fire(now=DUE)
    wanted = Alert.objects.filter(
        recipient=liaison, checkpoint__deadline__rule_id="CT-SUR-01", checkpoint__name="check"
    )
    Alert.objects.exclude(pk__in=list(wanted.values_list("pk", flat=True))).delete()
    return list(wanted.order_by("id"))


def test_many_at_once_are_one_message_that_leads_to_the_list(liaison: User, ledger: Ledger) -> None:
    alerts = fire(liaison, 12)

    sending.drain(worker="w")

    (line,) = ledger.lines()
    assert list_link() in str(line["body"])
    assert "/n/" not in str(line["body"])
    rows = Alert.objects.all()
    assert {(one.state, one.bundled, one.message_key) for one in rows} == {
        (AlertState.ACCEPTED, 12, alerts[0].public_id)
    }
    assert {one.template for one in rows} == {"notices.email.en/1"}


def test_one_alone_leads_to_its_notice(liaison: User, ledger: Ledger) -> None:
    (alert,) = fire(liaison, 1)

    sending.drain(worker="w")

    assert answer_link(alert.public_id) in str(ledger.lines()[0]["body"])


def test_a_retry_has_the_same_key_and_the_same_words(liaison: User, ledger: Ledger) -> None:
    alerts = fire(liaison, 2)
    ledger.answers = ["451 later"]
    sending.drain(worker="w")
    # Now one of the two was acknowledged, another alert fired, and the wording changed.
    Alert.objects.filter(pk=alerts[1].pk).update(acknowledged_at=NOW, acknowledged_by=liaison)
    MessageTemplate.objects.create(
        name="notices",
        channel="email",
        language="en",
        version=2,
        subject="New",
        body="{link}",
        created_at=NOW,
    )
    Alert.objects.filter(state__in=SENDABLE).update(next_attempt_at=F("created_at"))

    sending.drain(worker="w")

    (line,) = ledger.lines()
    assert "Several notices" in str(line["body"])
    assert str(alerts[0].public_id) in str(line["key"])


def test_language_is_the_recipients(liaison: User, ledger: Ledger) -> None:
    Preference.objects.create(user=liaison, language="es")
    fire(liaison, 1)

    sending.drain(worker="w")

    assert "Tiene un aviso por leer." in str(ledger.lines()[0]["body"])
    assert Alert.objects.get().template == "notice.email.es/1"


def test_beyond_the_limit_messages_wait_and_leave_as_one(
    liaison: User, ledger: Ledger, settings: Settings
) -> None:
    settings.MOST_MESSAGES_AN_HOUR = 1
    fire(liaison, 1)
    sending.drain(worker="w")
    fire(liaison, 3)

    sending.drain(worker="w")

    assert len(ledger.lines()) == 1
    waiting = Alert.objects.filter(state=AlertState.READY)
    assert waiting.count() == 3
    assert {one.attempts for one in waiting} == {0}, "held back is not attempted"
    waits = {(one.next_attempt_at - one.created_at).total_seconds() for one in waiting}
    assert max(waits) < quiet_hours.HOLD_URGENT + 60, "what ran out waits minutes, not an hour"


def test_a_second_reminder_waits_and_an_overdue_duty_does_not(liaison: User, ledger: Ledger) -> None:
    reminders = fire(liaison, 3)
    Checkpoint.objects.filter(alerts__in=reminders[:2]).update(purpose="remind")
    Alert.objects.filter(pk=reminders[0].pk).update(priority=Priority.REMINDER, state=AlertState.ACCEPTED)
    Alert.objects.filter(pk=reminders[0].pk).update(first_sent_at=Now(), message_key=uuid4())
    Alert.objects.filter(pk=reminders[2].pk).update(next_attempt_at=Now() + timedelta(minutes=5))

    sending.drain(worker="w")

    assert ledger.lines() == []
    reminders[1].refresh_from_db()
    wait = reminders[1].next_attempt_at - reminders[1].created_at
    assert timedelta(minutes=100) < wait <= timedelta(hours=2, minutes=2)
    Alert.objects.filter(pk=reminders[2].pk).update(next_attempt_at=F("created_at"))
    sending.drain(worker="w")
    assert len(ledger.lines()) == 1


def test_poison_fails_alone(liaison: User, ledger: Ledger) -> None:
    others = [make.person(Role.LIAISON, make.agency()) for _ in range(5)]
    Preference.objects.create(user=liaison, language="es")
    MessageTemplate.objects.create(
        name="notice", channel="email", language="es", version=2, subject="x", body="{link", created_at=NOW
    )
    keep = []
    for one in [liaison, *others]:
        town = make.town(one.memberships.get().agency)
        keep.append(make.served_order(respondent_town=town))
    Firer("test").fire(now=DUE)
    Alert.objects.exclude(recipient__in=[liaison, *others]).delete()
    Alert.objects.exclude(checkpoint__name="check", checkpoint__deadline__rule_id="CT-SUR-01").delete()

    sending.drain(worker="w")

    failed = Alert.objects.get(state=AlertState.FAILED)
    assert failed.recipient == liaison
    assert "notice.email.es/2" in failed.last_error
    assert Alert.objects.filter(state=AlertState.ACCEPTED).count() == 5
    assert len(keep) == 6


def test_leases_take_what_is_needed_to_decide(liaison: User) -> None:
    Preference.objects.create(user=liaison, quiet_from=time(22), quiet_until=time(6), digest_at=time(8))
    fire(liaison, 1)

    (one,) = outbox.lease(10, worker="w")

    assert (one.quiet_from, one.quiet_until, one.digest_at) == (time(22), time(6), time(8))
    assert (one.purpose, one.rule, one.language, one.zone) == ("check", "CT-SUR-01", "en", "America/New_York")
    assert Wordings().in_force(("notice", "email", "en")).version == 1
