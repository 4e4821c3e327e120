"""After four messages of a day, news leaves in digests: as a pure rule, and through real sending."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.dates import COURT_TIME, court_date
from accounts.models import AgencyKind, Role, User
from accounts.narrowing import present
from notifications.models import SENDABLE, Alert, AlertState, Preference
from notifications.services.delivery import outbox, quiet_hours, sending
from notifications.services.delivery.bundles import Bundle
from notifications.services.firing.fire import Firer
from orders.models import Capacity, OrderAgency
from orders.services import hearings
from orders.services.firearms.requests import record_custody_request
from orders.services.orders.case_events import record_case_event
from tests import make
from tests.ledger import Ledger
from tests.notifications.test_bundles import MORNING, hours, leased

#: The end of the day after tomorrow at the court, and of a day a week ahead.
SOON, FAR = MORNING + timedelta(hours=62), MORNING + timedelta(days=7)


def bundle(*alerts: dict[str, Any]) -> Bundle:
    return Bundle(key=uuid4(), size=len(alerts), alerts=tuple(leased(**one) for one in alerts))


@pytest.mark.parametrize(
    ("alerts", "wait"),
    [
        ([{"rule": "ANN-HELD", "purpose": "inform"}], 7),
        ([{"rule": "CT-SUR-01", "purpose": "remind"}], 7),
        ([{"rule": "ANN-HEARING", "purpose": "inform", "about_day": FAR}], 0),
        ([{"rule": "ANN-HEARING-P", "purpose": "inform", "about_day": FAR}], 0),
        ([{"rule": "ANN-HEARING", "purpose": "remind", "about_day": FAR}], 7),
        ([{"rule": "ANN-HEARING", "purpose": "remind", "about_day": SOON}], 0),
        ([{"rule": "ANN-HEARING", "purpose": "inform", "about_day": FAR, "is_correction": True}], 0),
        ([{"rule": "ANN-HEARING", "purpose": "inform", "about_day": None}], 0),
        ([{"rule": "ANN-SERVED", "purpose": "inform"}], 0),
        ([{"rule": "ANN-CANCELED-P", "purpose": "inform", "about_day": FAR}], 0),
        ([{"rule": "ANN-HEARING", "purpose": "inform", "about_day": SOON}], 0),
        ([{"rule": "ANN-CANCELED", "purpose": "inform", "about_day": MORNING}], 0),
        ([{"rule": "ANN-RETURN", "purpose": "inform"}], 0),
        ([{"rule": "ANN-PURCHASE", "purpose": "inform"}], 0),
        ([{"rule": "CT-SUR-01", "purpose": "check"}], 0),
        ([{"rule": "CT-HRG-07", "purpose": "escalate"}], 0),
        ([{"rule": "ANN-HELD", "purpose": "inform", "is_correction": True}], 0),
        ([{"rule": "ANN-HELD", "purpose": "inform"}, {"rule": "ANN-RETURN", "purpose": "inform"}], 0),
    ],
)
def test_what_waits_for_a_digest_after_four_messages(alerts: list[dict[str, Any]], wait: float) -> None:
    an_hour_ago = MORNING - timedelta(hours=1)

    assert quiet_hours.seconds_to_digest(bundle(*alerts), 4, an_hour_ago) == hours(wait)
    assert quiet_hours.seconds_to_digest(bundle(*alerts), 3, an_hour_ago) == 0.0
    assert quiet_hours.seconds_to_digest(bundle(*alerts), 4, None) == 0.0
    assert quiet_hours.seconds_to_digest(bundle(*alerts), 4, MORNING - timedelta(hours=8)) == 0.0


def test_no_news_waits_longer_than_eight_hours_for_a_digest() -> None:
    news = {"rule": "ANN-HELD", "purpose": "inform", "created_at": MORNING - timedelta(hours=7)}

    assert quiet_hours.seconds_to_digest(bundle(news), 20, MORNING) == hours(1)
    assert quiet_hours.seconds_to_digest(bundle({**news, "created_at": MORNING}, news), 20, MORNING) == hours(
        1
    )


def test_digests_keep_a_day_to_seven_messages() -> None:
    # News every ten minutes for three days, by the rule itself.
    sent: list[datetime] = []
    waiting: list[datetime] = []
    for minutes in range(0, 3 * 24 * 60, 10):
        now = MORNING + timedelta(minutes=minutes)
        waiting.append(now)
        news = [{"rule": "ANN-HELD", "purpose": "inform", "now": now, "created_at": at} for at in waiting]
        recent = [one for one in sent if one > now - timedelta(hours=24)]
        if quiet_hours.seconds_to_digest(bundle(*news), len(recent), max(sent, default=None)) == 0:
            sent.append(now)
            waiting.clear()

    for at in sent:
        assert len([one for one in sent if at <= one < at + timedelta(hours=24)]) <= 7
    assert all(later - earlier <= timedelta(hours=8) for earlier, later in pairwise(sent))


pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> User:
    """A prosecutor who got eight messages today, the last with news an hour ago."""
    found = make.person(Role.PROSECUTOR, make.agency(AgencyKind.PROSECUTOR))
    for number in range(8):
        order = _order(found)
        hearings.schedule_hearing(order, purpose="compliance", scheduled_on=_day(9), by=None, now=_now())
        Firer("test").fire()
        Alert.objects.filter(recipient=found, first_sent_at=None).update(
            state=AlertState.ACCEPTED,
            message_key=uuid4(),
            first_sent_at=Now() - timedelta(hours=1 + number),
        )
    Alert.objects.exclude(recipient=found).delete()
    return found


def _now() -> datetime:
    return timezone.now()


def _day(ahead: int) -> date:
    """A business day about so many days ahead."""
    found = _now().date() + timedelta(days=ahead)
    while found.weekday() > 4:
        found += timedelta(days=1)
    return found


def _order(office: User) -> Any:
    now = _now()
    order = make.order(now=now, issued_at=now - timedelta(days=2), announces=True)
    agency = present(office.memberships.get().agency)
    OrderAgency.objects.create(order=order, agency=agency, capacity=Capacity.PROSECUTOR)
    return order


def _sent(office: User, ledger: Ledger) -> int:
    Firer("test").fire()
    Alert.objects.exclude(recipient=office).delete()
    sending.drain(worker="w")
    return len(ledger.lines())


def test_news_of_a_hearing_of_any_day_leaves_within_a_minute(office: User, ledger: Ledger) -> None:
    for ahead in (1, 12, 40):
        hearings.schedule_hearing(
            _order(office),
            purpose="compliance",
            scheduled_on=_day(ahead),
            confirm="As set.",
            by=None,
            now=_now(),
        )

    # What was written within half a minute joins.
    assert _sent(office, ledger) == 0
    waiting = Alert.objects.filter(state__in=SENDABLE)
    assert {one.next_attempt_at <= one.created_at + timedelta(seconds=31) for one in waiting} == {True}
    waiting.update(created_at=Now() - timedelta(seconds=30), next_attempt_at=Now())
    assert _sent(office, ledger) == 1
    assert not Alert.objects.filter(state__in=SENDABLE).exists()


@pytest.mark.parametrize(
    ("day", "hour", "wait"), [(0, 0, 0), (3, 0, 0), (4, 0, 20), (0, 1000, 20), (30, 1000, 20)]
)
def test_news_of_hearings_joins_what_is_written_within_half_a_minute(day: int, hour: int, wait: int) -> None:
    news = {"rule": "ANN-HEARING", "purpose": "inform", "created_at": MORNING - timedelta(seconds=10)}
    sent = quiet_hours.SentBefore(day=day, hour=hour, last=MORNING, last_news=MORNING)

    assert quiet_hours.seconds_to_leave(bundle(news), sent) == wait
    later = {**news, "created_at": MORNING - timedelta(seconds=30)}
    assert quiet_hours.seconds_to_leave(bundle(later, news), sent) == 0


def test_a_hearing_that_is_moved_away_from_tomorrow_is_news_at_once(office: User) -> None:
    order, tomorrow = _order(office), _now().date() + timedelta(days=1)
    hearing = hearings.schedule_hearing(
        order, purpose="compliance", scheduled_on=_day(9), by=None, now=_now()
    )
    Firer("test").fire()
    type(hearing).objects.filter(pk=hearing.pk).update(scheduled_on=tomorrow)
    hearing.refresh_from_db()
    hearings.continue_hearing(hearing, scheduled_on=_day(12), confirm="As moved.", by=None, now=_now())
    Firer("test").fire()

    found = [
        one
        for one in outbox.lease(100, worker="w")
        if one.recipient == office.pk and one.rule == "ANN-HEARING"
    ]

    (moved,) = [one for one in found if one.about_day is not None]
    assert moved.about_day is not None
    assert moved.about_day <= moved.now + timedelta(days=3)


def test_the_return_of_firearms_leaves_at_once(office: User, ledger: Ledger) -> None:
    order = _order(office)
    liaison = make.person(Role.LIAISON, order.case.respondent.town.police)
    Alert.objects.filter(recipient=office).update(recipient=liaison)
    record_custody_request(order, kind="return", requested_at=_now(), by=None, now=_now())

    assert _sent(liaison, ledger) >= 1


def _held(office: User) -> Alert:
    """News of a hearing on contempt that was held, which waits for a digest."""
    order = _order(office)
    earlier = court_date(_now()) - timedelta(days=1)
    hearing = hearings.schedule_hearing(
        order, purpose="contempt", scheduled_on=earlier, confirm="As set.", by=None, now=_now()
    )
    Firer("test").fire()
    Alert.objects.filter(first_sent_at=None).delete()
    hearings.record_hearing(hearing, outcome="denied", held_on=earlier, by=None, now=_now())
    Firer("test").fire()
    Alert.objects.exclude(recipient=office).delete()
    sending.drain(worker="w")
    return Alert.objects.get(recipient=office, checkpoint__deadline__rule_id="ANN-HELD-C")


def _set_a_hearing(office: User) -> None:
    """Urgent news to the office, written half a minute ago."""
    hearings.schedule_hearing(
        _order(office), purpose="compliance", scheduled_on=_day(12), confirm="As set.", by=None, now=_now()
    )
    Firer("test").fire()
    Alert.objects.filter(
        recipient=office, checkpoint__deadline__rule_id="ANN-HEARING", first_sent_at=None
    ).update(created_at=Now() - timedelta(seconds=30))


def test_news_that_waits_leaves_with_the_next_urgent_news(office: User, ledger: Ledger) -> None:
    waiting = _held(office)
    assert waiting.state == AlertState.READY
    assert ledger.lines() == []

    _set_a_hearing(office)
    assert _sent(office, ledger) == 1

    left = Alert.objects.filter(recipient=office, first_sent_at__gt=_now() - timedelta(minutes=5))
    assert {one.checkpoint.deadline.rule_id for one in left if one.checkpoint} == {
        "ANN-HELD-C",
        "ANN-HEARING",
    }
    assert len({one.message_key for one in left}) == 1
    assert {one.bundled for one in left} == {2}


def test_news_that_waits_does_not_leave_with_what_was_not_done(office: User, ledger: Ledger) -> None:
    waiting = _held(office)
    Alert.objects.filter(pk=waiting.pk).update(next_attempt_at=Now() + timedelta(hours=1))
    overdue = make.order(now=_now(), issued_at=_now() - timedelta(days=20))
    record_case_event(
        overdue, kind="contempt_motion_served", occurred_at=_now() - timedelta(days=15), by=None, now=_now()
    )
    agency = present(office.memberships.get().agency)
    OrderAgency.objects.create(order=overdue, agency=agency, capacity=Capacity.PROSECUTOR)

    assert _sent(office, ledger) == 1
    waiting.refresh_from_db()
    assert waiting.state == AlertState.READY


def test_news_stays_in_the_hours_that_its_reader_chose(office: User, ledger: Ledger) -> None:
    waiting = _held(office)
    clock = _now().astimezone(COURT_TIME)
    Preference.objects.create(
        user=office,
        quiet_from=(clock - timedelta(hours=1)).time().replace(microsecond=0),
        quiet_until=(clock + timedelta(hours=1)).time().replace(microsecond=0),
    )
    _set_a_hearing(office)

    assert _sent(office, ledger) == 1
    waiting.refresh_from_db()
    assert waiting.state == AlertState.READY
