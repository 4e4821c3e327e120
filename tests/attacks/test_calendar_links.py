"""A calendar link ends with what it came from, and shows nothing that its owner may not see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, Role, User
from accounts.narrowing import present
from accounts.services import people, sign_in
from notifications.models import CalendarFeed
from notifications.models.feed import LIFE
from orders.models import HistoryEntry
from orders.services.parties.protected_persons import add_protected_person
from tests import make
from tests.notifications.test_calendar import address_for, browser, order_of, read, signed_in_ago

pytestmark = pytest.mark.django_db

ENDS: dict[str, Callable[[User], Any]] = {
    "deactivation": lambda user: people.deactivate_user(user=user),
    "lock": lambda user: people.lock_user(user=user),
    "password": lambda user: people.set_password(user=user, password="two herons over Essex"),
}
BACK: dict[str, Callable[[User], Any]] = {
    "deactivation": lambda user: people.reactivate_user(user=user),
    "lock": lambda user: people.unlock_user(user=user),
    "password": lambda user: None,
}


@pytest.fixture
def clerk() -> User:
    return make.person(Role.CLERK, make.agency(AgencyKind.COURT))


@pytest.mark.parametrize("how", sorted(ENDS))
def test_link_ends_with_the_password_a_lock_or_the_account_and_stays_ended(how: str, clerk: User) -> None:
    make.person(Role.ADMINISTRATOR)
    other = address_for(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    address = address_for(clerk)
    assert Client().get(address).status_code == 200

    ENDS[how](clerk)
    assert Client().get(address).status_code == 404

    BACK[how](clerk)
    assert Client().get(address).status_code == 404
    assert Client().get(other).status_code == 200


def test_link_has_an_end(clerk: User) -> None:
    address = address_for(clerk)
    feed = CalendarFeed.objects.get()
    assert feed.expires_at - feed.created_at == LIFE

    CalendarFeed.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert Client().get(address).status_code == 404
    desk = browser(clerk)
    assert "You have no link." in desk.get("/calendar/").content.decode()
    assert "Works until" not in desk.get("/calendar/").content.decode()
    assert desk.post("/calendar/", {"make": ""}).status_code == 200


def test_screen_that_was_left_unlocked_makes_no_link(clerk: User) -> None:
    desk = browser(clerk)
    signed_in_ago(desk, seconds=sign_in.FRESH + 1)

    asked = desk.post("/calendar/", {"make": ""})

    assert (asked.status_code, asked.headers["Location"]) == (
        302,
        "/account/sign-in-again/?next=%2Fcalendar%2F",
    )
    assert not CalendarFeed.objects.exists()
    page = desk.get(asked.headers["Location"]).content.decode()
    assert "a link that works without a sign-in" in page
    again = desk.post(asked.headers["Location"])
    assert again.headers["Location"] == "/sign-in/?next=/calendar/"
    assert desk.get("/calendar/").status_code == 302


def test_new_sign_in_leads_to_no_other_site(clerk: User) -> None:
    answer = browser(clerk).post("/account/sign-in-again/?next=https://elsewhere.example/")

    assert answer.headers["Location"] == "/sign-in/?next=/account/"


def test_link_can_be_withdrawn_without_a_new_sign_in(clerk: User) -> None:
    desk, address = browser(clerk), address_for(clerk)
    signed_in_ago(desk, seconds=sign_in.FRESH + 1)

    desk.post("/calendar/", {"withdraw": ""})

    assert Client().get(address).status_code == 404


def test_what_is_hidden_from_the_reader_changes_nothing_in_the_file(clerk: User) -> None:
    order = order_of(present(clerk.memberships.get().agency))
    address = address_for(clerk)

    def file() -> str:
        return re.sub(r"DTSTAMP:\S+", "", Client().get(address).content.decode())

    before = file()
    assert "BEGIN:VEVENT" in before

    events = HistoryEntry.objects.filter(order=order)
    known = events.count()
    add_protected_person(order, name="Sky Linden", reason="left out", by=None, now=timezone.now())
    assert events.count() > known

    assert file() == before
    assert not [one for one in read(address).events if "SEQUENCE" in one or "LAST-MODIFIED" in one]
