"""A private calendar link: what it shows, who has one, and when it ends."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, EntryPoint, Role, User
from accounts.services.access import enumeration_guard
from ctcompliance.logs import LineFormatter
from notifications.models import CalendarFeed
from notifications.services.calendar import appointments, feeds
from notifications.services.delivery.templates import find_forbidden
from orders.models import Deadline, DeadlineState, Hearing, Order
from orders.services import hearings
from orders.services.parties.releases import record_release, set_alias
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

#: The reason for a hearing on any day.
SITS = "The court sits that day."


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def clerk(court: Agency) -> User:
    return make.person(Role.CLERK, court)


def browser(person: User) -> Client:
    """A browser in which the person has just signed in."""
    client = Client()
    client.force_login(person)
    signed_in_ago(client, seconds=0)
    return client


def signed_in_ago(client: Client, *, seconds: float) -> None:
    """Let the sign-in of a browser have been so long ago."""
    session = client.session
    began = timezone.now().timestamp() - seconds
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": began}]
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = session[SESSION_KEY]
    session.save()


def order_of(court: Agency, now: datetime | None = None) -> Order:
    """A served order with words in it that no calendar may hold."""
    now = now or timezone.now()
    return make.served_order(
        now=now,
        issued_at=now - timedelta(days=2),
        court=court,
        respondent_name="Quillfeather Brackenbury",
        respondent_address="4711 Ghjklmn Street",
        protected_person="Wisteria Elmhollow",
    )


def address_for(person: User) -> str:
    """The link's path, as a calendar program asks for it."""
    return f"/calendar/{feeds.create_feed(person, now=timezone.now())}.ics"


def read(address: str) -> Calendar:
    """The calendar, as a program without a session reads it."""
    answer = Client().get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["Cache-Control"] == "no-store"
    found = Calendar.from_ical(answer.content)
    assert isinstance(found, Calendar)
    return found


def entries(calendar: Calendar, summary: str = "") -> list[Any]:
    """Its entries, or those with that summary. A value of one may be of thirty types."""
    return [one for one in calendar.events if not summary or one["SUMMARY"] == summary]


# ---- what it holds ----


def test_due_instants_are_utc_and_days_are_whole_days(court: Agency, clerk: User) -> None:
    order = order_of(court)
    open_ = list(order.deadlines.filter(state=DeadlineState.OPEN))
    assert {one.due_on is None for one in open_} == {True, False}

    found = {str(one["UID"]): one for one in entries(read(address_for(clerk)))}

    for deadline in open_:
        entry = found[f"{deadline.public_id}@127.0.0.1"]
        begins, ends = entry["DTSTART"].dt, entry["DTEND"].dt
        if deadline.due_on is None:
            assert deadline.due_at is not None
            assert begins == deadline.due_at.replace(microsecond=0)
            assert entry["DTSTART"].to_ical().endswith(b"Z")
            assert ends - begins == timedelta(minutes=30)
        else:
            assert (begins, ends) == (deadline.due_on, deadline.due_on + timedelta(days=1))
            assert type(begins) is date


def test_a_hearing_is_an_appointment_on_its_day_or_at_its_time(court: Agency, clerk: User) -> None:
    order = order_of(court)
    day = timezone.localdate() + timedelta(days=20)
    Hearing.objects.all().delete()
    for purpose, at in (("compliance", time(9, 30)), ("application", None)):
        hearings.schedule_hearing(
            order,
            purpose=purpose,
            scheduled_on=day,
            scheduled_time=at,
            confirm=SITS,
            by=None,
            now=timezone.now(),
        )

    found = entries(read(address_for(clerk)), "Appointment")

    begins = {one["DTSTART"].dt for one in found}
    assert day in begins
    (timed,) = begins - {day}
    assert isinstance(timed, datetime)
    assert timed.utcoffset() == timedelta()
    assert timed.astimezone(timezone.get_current_timezone()).replace(tzinfo=None) == datetime.combine(
        day, time(9, 30)
    )


def test_what_was_continued_or_met_is_no_appointment(court: Agency, clerk: User) -> None:
    order = order_of(court)
    now = timezone.now()
    hearing = hearings.schedule_hearing(
        order,
        purpose="compliance",
        scheduled_on=timezone.localdate() + timedelta(days=9),
        confirm=SITS,
        by=None,
        now=now,
    )
    hearings.continue_hearing(
        hearing, scheduled_on=timezone.localdate() + timedelta(days=30), confirm=SITS, by=None, now=now
    )
    Deadline.objects.filter(order=order).update(state=DeadlineState.WITHDRAWN)

    found = entries(read(address_for(clerk)))

    assert [one["DTSTART"].dt for one in found] == [timezone.localdate() + timedelta(days=30)]


def test_a_window_opens_and_closes(court: Agency, clerk: User) -> None:
    order = order_of(court)
    deadline = order.deadlines.filter(state=DeadlineState.OPEN).first()
    assert deadline
    now = timezone.now().replace(microsecond=0)
    Deadline.objects.exclude(pk=deadline.pk).update(state=DeadlineState.WITHDRAWN)
    Deadline.objects.filter(pk=deadline.pk).update(
        opens_at=now + timedelta(days=1), opens_on=None, due_at=now + timedelta(days=3), due_on=None
    )

    found = entries(read(address_for(clerk)))

    assert [(str(one["SUMMARY"]), one["DTSTART"].dt) for one in found] == [
        ("Window opens", now + timedelta(days=1)),
        ("Window closes", now + timedelta(days=3)),
    ]
    assert [str(one["UID"]) for one in found] == [
        f"{deadline.public_id}-opens@127.0.0.1",
        f"{deadline.public_id}@127.0.0.1",
    ]


def test_it_reaches_from_a_week_back_to_four_hundred_days_ahead(court: Agency, clerk: User) -> None:
    order = order_of(court)
    today = timezone.localdate()
    for days in (-9, -6, 398, 402):
        Hearing.objects.create(order=order, purpose="contempt", scheduled_on=today + timedelta(days=days))
    Deadline.objects.update(state=DeadlineState.WITHDRAWN)

    found = entries(read(address_for(clerk)))

    assert [one["DTSTART"].dt for one in found] == [
        today - timedelta(days=6),
        today + timedelta(days=398),
    ]


def test_at_most_five_hundred_the_soonest(
    court: Agency, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_of(court)
    whole = entries(read(address_for(clerk)))
    monkeypatch.setattr(appointments, "MAX_ENTRIES", 2)

    assert len(whole) > appointments.MAX_ENTRIES
    assert [one["UID"] for one in entries(read(address_for(clerk)))] == [one["UID"] for one in whole[:2]]


def test_entries_contain_nothing_about_the_case(court: Agency, clerk: User) -> None:
    order = order_of(court)
    hearings.schedule_hearing(
        order,
        purpose="contempt",
        scheduled_on=timezone.localdate() + timedelta(days=5),
        confirm=SITS,
        by=None,
        now=timezone.now(),
    )
    address = address_for(clerk)

    calendar = read(address)

    text = Client().get(address).content.decode().replace("\r\n ", "")
    for secret in (
        "Quillfeather",
        "Brackenbury",
        "Ghjklmn",
        "Wisteria",
        "Elmhollow",
        order.case.docket_number,
        court.name,
        str(order.public_id),
        str(order.case.public_id),
    ):
        assert secret not in text
    assert find_forbidden(re.sub(r"UID:\S+", "", text)) == ""
    assert {str(one["DESCRIPTION"]) for one in entries(calendar)} == {f"{settings.BASE_URL}/"}
    assert {str(one["SUMMARY"]) for one in entries(calendar)} <= {
        "Appointment",
        "Due",
        "Window opens",
        "Window closes",
    }


def test_the_same_instant_is_written_the_same() -> None:
    one = appointments.Appointment(
        uid="a", summary="Due", begins=datetime(2026, 11, 1, 5, 30, tzinfo=UTC), case=UUID(int=1)
    )

    written = appointments.calendar_file([one], now=NOW).decode()

    assert "DTSTART:20261101T053000Z\r\nDTEND:20261101T060000Z" in written


# ---- who reads it ----


def test_only_the_orders_that_the_person_sees(court: Agency, clerk: User) -> None:
    order_of(court)
    other = make.person(Role.CLERK, make.agency(AgencyKind.COURT))

    assert entries(read(address_for(clerk)))
    assert entries(read(address_for(other))) == []


def test_who_looks_at_no_deadline_has_no_calendar() -> None:
    for person in (
        make.person(Role.ADMINISTRATOR),
        make.person(Role.AUDITOR),
        make.person(Role.MARSHAL, make.agency(AgencyKind.MARSHAL)),
    ):
        assert browser(person).get("/calendar/").status_code == 404
        assert browser(person).post("/calendar/").status_code == 404
        assert Client().get(address_for(person)).status_code == 404
        assert "/calendar/" not in browser(person).get("/").content.decode()


def test_reading_is_on_record_with_its_cases_and_door(court: Agency, clerk: User) -> None:
    order = order_of(court)

    Client(REMOTE_ADDR="192.0.2.9").get(address_for(clerk))

    (entry,) = AuditEntry.objects.all()
    assert (entry.action, entry.entry_point, entry.actor, entry.what, entry.address) == (
        AuditAction.SEEN,
        EntryPoint.FEED,
        clerk,
        "calendar-feed",
        "192.0.2.9",
    )
    assert entry.cases == [order.case.public_id]


def test_it_takes_as_many_queries_for_many_orders_as_for_one(court: Agency, clerk: User) -> None:
    def queries() -> int:
        address = address_for(clerk)
        with CaptureQueriesContext(connection) as captured:
            read(address)
        return len(captured)

    order_of(court)
    one = queries()
    for _ in range(4):
        order_of(court)

    assert queries() == one


# ---- how it ends ----


def test_a_link_is_made_shown_once_and_kept_as_a_digest(court: Agency, clerk: User) -> None:
    order_of(court)
    reader = browser(clerk)
    assert "You have no link." in reader.get("/calendar/").content.decode()
    assert "/calendar/" in reader.get("/").content.decode()

    made = reader.post("/calendar/", {"make": ""}).content.decode()
    again = reader.get("/calendar/").content.decode()

    found = re.search(rf"{settings.BASE_URL}(/calendar/[\w-]{{43}}\.ics)<", made)
    assert found
    assert entries(read(found[1]))
    assert found[1] not in again
    assert "Link created" in again
    assert "Works until" in again
    assert found[1][10:53] not in str(CalendarFeed.objects.values())
    entry = AuditEntry.objects.get(action=AuditAction.TOKEN_ISSUED)
    assert (entry.actor, entry.subject, entry.detail) == (clerk, clerk, {"kind": "calendar"})


def test_a_withdrawn_link_ends_at_once(clerk: User) -> None:
    reader = browser(clerk)
    address = address_for(clerk)
    assert Client().get(address).status_code == 200

    page = reader.post("/calendar/", {"withdraw": ""}, follow=True).content.decode()

    assert "The link no longer works." in page
    assert Client().get(address).status_code == 404
    assert AuditEntry.objects.filter(action=AuditAction.TOKEN_REVOKED, subject=clerk).count() == 1


def test_a_new_link_ends_the_old_one(clerk: User) -> None:
    old = address_for(clerk)
    new = address_for(clerk)

    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)


def test_unknown_withdrawn_and_disabled_are_answered_alike(clerk: User) -> None:
    withdrawn = address_for(clerk)
    feeds.revoke_feed(clerk, now=timezone.now())
    other = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    disabled = address_for(other)
    User.objects.filter(pk=other.pk).update(is_active=False)

    answers = [
        Client().get(one) for one in (withdrawn, disabled, f"/calendar/{'x' * 43}.ics", "/calendar/é.ics")
    ]

    assert {one.status_code for one in answers} == {404}
    # The number of the request differs, and nothing else.
    heads = [{**one.headers, "X-Request-Id": ""} for one in answers]
    assert (
        len({(one.content, str(sorted(head.items()))) for one, head in zip(answers, heads, strict=True)}) == 1
    )


def test_guesses_are_logged_up_to_a_limit_and_shut_no_link(clerk: User) -> None:
    address = address_for(clerk)
    guesser, somebody = Client(REMOTE_ADDR="192.0.2.66"), Client(REMOTE_ADDR="192.0.2.9")
    for place in range(enumeration_guard.LIMIT):
        assert guesser.get(address).status_code == 200
        assert guesser.get(f"/calendar/guess-{place}.ics").status_code == 404

    assert guesser.get("/calendar/guess-again.ics").status_code == 404
    # Colleagues of the guesser may have the same address.
    assert guesser.get(address).status_code == 200
    assert somebody.get(address).status_code == 200
    refused = AuditEntry.objects.filter(action=AuditAction.REFUSED, entry_point=EntryPoint.FEED)
    assert refused.count() == enumeration_guard.LIMIT
    assert "guess-" not in str(list(refused.values()))


def test_one_old_link_asked_for_again_and_again_is_one_entry_and_no_guessing(clerk: User) -> None:
    old = address_for(clerk)
    address = address_for(clerk)
    for _ in range(enumeration_guard.LIMIT + 5):
        Client().get(old)

    assert AuditEntry.objects.filter(action=AuditAction.REFUSED).count() == 1
    assert Client().get(address).status_code == 200


def test_the_token_is_in_no_log(clerk: User, capfd: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    address = address_for(clerk)
    feeds.revoke_feed(clerk, now=timezone.now())
    logging.getLogger().addHandler(handler)
    try:
        Client().get(address)
        logging.getLogger("gunicorn.access").warning('"GET %(U)s HTTP/1.1" 404', {"U": address})
    finally:
        logging.getLogger().removeHandler(handler)

    said = capfd.readouterr().err
    assert "Not Found: /calendar/[secret]" in said
    assert '"GET /calendar/[secret] HTTP/1.1" 404' in said
    assert address[10:53] not in said


def test_only_reading_is_answered(clerk: User) -> None:
    assert Client().post(address_for(clerk)).status_code == 405


def test_when_it_was_read_is_kept_to_the_minute(clerk: User) -> None:
    address = address_for(clerk)

    Client().get(address)
    first = CalendarFeed.objects.get(ended_at=None).read_at
    Client().get(address)

    assert first is not None
    assert CalendarFeed.objects.get(ended_at=None).read_at == first


def test_an_advocate_may_have_the_word_for_the_client_in_each_entry(court: Agency) -> None:
    order, other = order_of(court), order_of(court)
    organization = make.agency(AgencyKind.ADVOCACY)
    advocate = make.person(Role.ADVOCATE, organization)
    now = timezone.now()
    for one, alias in ((order, "Blue Heron"), (other, "")):
        release = record_release(
            one,
            agency=organization,
            signed_on=now.date() - timedelta(days=1),
            begins_at=now - timedelta(hours=1),
            ends_at=now + timedelta(days=30),
            by=None,
            now=now,
        )
        set_alias(release, alias=alias)

    plain = {str(one["SUMMARY"]) for one in entries(read(address_for(advocate)))}
    assert not any("Heron" in one for one in plain)
    page = browser(advocate).post("/calendar/", {"make": "", "aliases": "yes"}).content.decode()
    link = page.split('id="link">')[1].split("<")[0]
    told = {str(one["SUMMARY"]) for one in entries(read("/" + link.split("/", 3)[3]))}

    assert {"Blue Heron: Due", "Due"} <= told


def test_the_last_instant_of_a_link_ends_its_sentence_with_one_stop(clerk: User) -> None:
    page = browser(clerk).post("/calendar/", {"make": "yes"}, follow=True).content.decode()
    assert "It works until " in page
    assert ".m.. It ends sooner" not in page
