"""One message for one person, in good time: bundles, quiet hours, digests and the limit."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from django.db.models import F
from pytest_django import Settings

from accounts.models import Role, User
from notifications.models import SENDABLE, Alert, AlertState, MessageTemplate, Preference
from notifications.services import care, outbox, sending
from notifications.services.firing import Firer
from notifications.services.links import answer_link, list_link
from notifications.services.outbox import Leased
from notifications.services.templates import Wordings
from tests import make
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.stage import DUE

#: Nine in the morning in Hartford, in winter.
MORNING = datetime(2026, 12, 7, 14, 0, tzinfo=UTC)


def leased(**given: object) -> Leased:
    """An alert to somebody who sleeps from ten to six, told of something that can wait."""
    plain: dict[str, object] = {
        "now": MORNING,
        "id": 1,
        "fence": 1,
        "attempts": 1,
        "public_id": uuid4(),
        "channel": "email",
        "via": "person",
        "recipient": 1,
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
        "address": "somebody@agency.example",
        "sealed_phrase": "",
        "is_active": True,
        "language": "en",
        "zone": "America/New_York",
        "quiet_from": time(22),
        "quiet_until": time(6),
        "digest_at": None,
    }
    return Leased(**{**plain, **given})  # type: ignore[arg-type]


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

    assert care.held_for(leased(now=now)) == wait


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
    assert care.held_for(leased(now=day)) == wait


@pytest.mark.parametrize("purpose", ["check", "escalate"])
def test_firearms_not_surrendered_in_time_wait_for_no_hour(purpose: str) -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert care.held_for(leased(now=night, purpose=purpose)) == 0.0
    assert care.held_for(leased(now=night, purpose=purpose, rule="CT-HRG-07")) > 0


def test_word_that_the_system_is_not_well_waits_for_no_hour() -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert care.held_for(leased(now=night, via="operator", purpose="", rule="")) == 0.0


def test_protected_persons_hours_hold_whatever_happened() -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert care.held_for(leased(now=night, purpose="check", via="protected")) == hours(7)


def test_what_was_begun_is_not_held() -> None:
    night = datetime(2026, 12, 8, 4, 0, tzinfo=UTC)

    assert care.held_for(leased(now=night, first_sent_at=night)) == 0.0


def test_digest_gathers_reminders_until_its_time_and_once_only() -> None:
    written = leased(quiet_from=None, quiet_until=None, digest_at=time(16))

    assert care.held_for(written) == hours(7)
    four = MORNING + timedelta(hours=7)
    assert care.held_for(leased(now=four, created_at=MORNING, digest_at=time(16))) == 0.0
    assert care.held_for(leased(digest_at=time(16), purpose="check", rule="CT-HRG-07")) == 0.0


pytestmark = pytest.mark.django_db


@pytest.fixture
def liaison() -> User:
    return make.person(Role.LIAISON, make.agency())


def fire(liaison: User, count: int) -> list[Alert]:
    """So many surrender checks fire together, all told to the liaison."""
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
    # Meanwhile one of the two was answered, something new fired, and the wording changed.
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
    assert max(waits) < care.HOLD_URGENT + 60, "what ran out waits minutes, not an hour"


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
