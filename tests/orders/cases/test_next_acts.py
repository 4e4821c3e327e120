"""From an attempt to the act that it asks for, and a transfer to an agency found by its name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role
from notifications.services.firing.fire import Firer
from orders.models import Attempt, AttemptResult, FollowUp, OrderAgency, OutsideTransfer, Transfer
from orders.services.firearms.surrender import surrender_rules
from tests import make
from tests.orders.cases.places import Place, browser, instant, make_place, page_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def overdue(place: Place) -> FollowUp:
    place.order()
    Firer("test").fire(now=timezone.now())
    return FollowUp.objects.get(deadline__rule_id__in=surrender_rules())


def address(follow_up: FollowUp, act: str = "") -> str:
    return f"/follow-ups/{follow_up.public_id}/{act + '/' if act else ''}"


def tried(result: str, **given: Any) -> dict[str, Any]:
    now = timezone.now()
    return {
        **instant("attempted_at", now - timedelta(hours=1)),
        **instant("next_action_at", now + timedelta(hours=3)),
        "kind": "visit",
        "result": result,
        **given,
    }


def there(place: Place) -> Agency:
    agency = place.elsewhere.memberships.get().agency
    assert agency is not None
    return agency


def test_a_case_shows_that_the_time_of_its_next_action_is_over(place: Place) -> None:
    follow_up = overdue(place)
    FollowUp.objects.update(next_action_at=timezone.now() + timedelta(hours=1))
    assert "</strong> (past) Owner:" not in read(place.liaison, page_of(follow_up.order))

    FollowUp.objects.update(next_action_at=timezone.now() - timedelta(minutes=1))

    assert "</strong> (past) Owner:" in read(place.liaison, page_of(follow_up.order))


@pytest.mark.parametrize(
    ("result", "leads_to"),
    [
        (AttemptResult.RECOVERED, "receipt"),
        (AttemptResult.REFUSED, "refer"),
        (AttemptResult.DENIED, "refer"),
        (AttemptResult.MOVED, "transfer"),
        (AttemptResult.NOT_FOUND, ""),
    ],
)
def test_the_result_of_an_attempt_leads_to_the_next_act(place: Place, result: str, leads_to: str) -> None:
    follow_up = overdue(place)
    client = browser(place.liaison)

    location = client.post(address(follow_up, "attempt"), tried(result))["Location"]

    page = f"{address(follow_up)}?next={leads_to}" if leads_to else address(follow_up)
    assert location == (page_of(follow_up.order, "receipt") if leads_to == "receipt" else page)
    text = client.get(location).content.decode()
    if leads_to in ("refer", "transfer"):
        form = text.index(f'action="{address(follow_up, leads_to)}"')
        assert text[:form].rindex("<details") == text[:form].rindex('<details class="card act" open>')


def test_a_person_who_was_never_served_leads_to_the_clerk(place: Place) -> None:
    follow_up = overdue(place)
    client = browser(place.liaison)

    answer = client.post(address(follow_up, "attempt"), tried(AttemptResult.UNSERVED), follow=True)

    assert (
        "The record has a service. If that is wrong, ask the clerk to correct it." in answer.content.decode()
    )


def test_note_and_place_of_an_attempt_are_for_police_and_court_alone(place: Place) -> None:
    follow_up = overdue(place)
    sent = tried(
        AttemptResult.REFUSED, place="Elm Lane garage", officers="Reed and Moss", note="Dog in the yard"
    )

    browser(place.liaison).post(address(follow_up, "attempt"), sent)

    attempt = Attempt.objects.get()
    assert (attempt.place, attempt.officers, attempt.note) == (
        "Elm Lane garage",
        "Reed and Moss",
        "Dog in the yard",
    )
    text = browser(place.liaison).get(address(follow_up)).content.decode()
    assert "Dog in the yard" in text
    assert "Reed and Moss" in text
    entry = follow_up.order.history.get(kind="follow_up_attempted")
    assert "Dog" not in str(entry.data)
    assert "garage" not in str(entry.data)
    office = make.agency(AgencyKind.PROSECUTOR)
    OrderAgency.objects.create(order=follow_up.order, agency=office, capacity="prosecutor")
    reader = browser(make.person(Role.PROSECUTOR, office))
    assert "Dog in the yard" not in reader.get(address(follow_up)).content.decode()


def test_an_agency_is_found_by_a_part_of_its_name(place: Place) -> None:
    follow_up = overdue(place)
    agency = there(place)
    Agency.objects.filter(pk=agency.pk).update(name="Oak Hollow Police")
    client = browser(place.liaison)
    assert '<option value="Oak Hollow Police">' in client.get(address(follow_up)).content.decode()

    wrong = client.post(address(follow_up, "transfer"), {"to_agency": "Nowhere", "reason": "Moved"})
    client.post(address(follow_up, "transfer"), {"to_agency": "oak hollow", "reason": "Moved"})

    assert "No agency here has the name" in wrong.content.decode()
    assert Transfer.objects.get().to_agency == agency


def test_an_agency_without_a_person_is_warned_of(place: Place) -> None:
    follow_up = overdue(place)
    empty = make.agency(name="Empty Police")
    client = browser(place.liaison)
    sent = {"to_agency": "Empty Police", "reason": "Moved"}

    text = client.post(address(follow_up, "transfer"), sent).content.decode()

    assert "No person is registered at Empty Police" in text
    assert 'name="anyway"' in text
    assert not Transfer.objects.exists()
    client.post(address(follow_up, "transfer"), {**sent, "anyway": "on"})
    assert Transfer.objects.get().to_agency == empty


def test_who_accepts_gives_the_next_action(place: Place) -> None:
    follow_up = overdue(place)
    browser(place.liaison).post(
        address(follow_up, "transfer"), {"to_agency": there(place).pk, "reason": "Moved"}
    )
    at = (timezone.now() + timedelta(hours=5)).replace(second=0, microsecond=0)

    browser(place.elsewhere).post(address(follow_up, "accept"), instant("next_action_at", at))

    follow_up.refresh_from_db()
    assert (follow_up.owner, follow_up.next_action_at) == (there(place), at)


def test_it_is_sent_to_police_outside_by_address_and_taken_back(place: Place) -> None:
    follow_up = overdue(place)
    client = browser(place.liaison)
    at = (timezone.now() + timedelta(hours=5)).replace(second=0, microsecond=0)
    sent = {
        "agency_name": "Springfield Police",
        "address": "130 Pearl Street, Springfield, MA",
        "way": "mail",
        "reason": "He moved there",
        **instant("next_action_at", at),
    }

    missing = client.post(address(follow_up, "outside"), {**sent, "address": " "})
    client.post(address(follow_up, "outside"), sent)

    assert missing.status_code == 200
    row = OutsideTransfer.objects.get()
    assert (row.agency_name, row.way, row.sent_by) == ("Springfield Police", "mail", place.liaison)
    follow_up.refresh_from_db()
    # No one there answers here: it stays with its owner, who asks again.
    assert (follow_up.owner, follow_up.next_action_at) == (place.police, at)
    text = client.get(address(follow_up)).content.decode()
    assert "130 Pearl Street" in text
    assert f"/documents/orders/{follow_up.order.public_id}/police-notice/" in text
    entry = follow_up.order.history.get(kind="transferred_outside")
    assert "Pearl" not in str(entry.data)
    office = make.agency(AgencyKind.PROSECUTOR)
    OrderAgency.objects.create(order=follow_up.order, agency=office, capacity="prosecutor")
    reader = browser(make.person(Role.PROSECUTOR, office))
    assert "130 Pearl Street" not in reader.get(address(follow_up)).content.decode()
    assert browser(place.elsewhere).post(address(follow_up, "outside"), sent).status_code == 404

    client.post(address(follow_up, "withdraw-outside"), {"row": row.pk, "reason": "Never sent"})

    row.refresh_from_db()
    assert row.withdrawn_at is not None


def test_one_press_records_that_firearms_were_recovered(place: Place) -> None:
    follow_up = overdue(place)
    client = browser(place.liaison)

    location = client.post(address(follow_up, "recovered"))["Location"]

    assert location == page_of(follow_up.order, "receipt")
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.kind, attempt.officers) == ("recovered", "visit", place.liaison.name)
    assert attempt.next_action_at > timezone.now()
    assert browser(place.elsewhere).post(address(follow_up, "recovered")).status_code == 404
