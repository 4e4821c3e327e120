"""A webhook of someone who left goes on sending alerts: an administrator sees it, and ends or moves it."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, Membership, Role, User
from accounts.narrowing import present
from accounts.services import people
from notifications.models import SubscriptionState, WebhookSubscription
from tests import make

pytestmark = pytest.mark.django_db

LIST = "/admin/notifications/webhooksubscription/"


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make.person(Role.ADMINISTRATOR))
    return client


def hook(by: User) -> WebhookSubscription:
    now: datetime = timezone.now()
    return WebhookSubscription.objects.create(
        agency=present(by.memberships.get().agency),
        url=f"https://alerts.example/{by.pk}",
        events=["alert.created"],
        encrypted_secret="sealed",
        created_at=now,
        created_by=by,
    )


def test_the_page_lists_those_of_people_who_left_and_of_empty_agencies_only(desk: Client) -> None:
    agency = make.agency()
    kept = hook(make.person(Role.LIAISON, agency))
    left = hook(make.person(Role.LIAISON, agency))
    moved = hook(make.person(Role.SUPERVISOR, agency))
    alone = hook(make.person(Role.LIAISON, make.agency()))
    removed = hook(make.person(Role.LIAISON, make.agency()))
    for one in (left, alone, removed):
        people.deactivate_user(user=one.created_by)
    Membership.objects.filter(user=moved.created_by).delete()
    desk.post(f"{LIST}{removed.pk}/keeper/", {"end": "", "reason": "No one is left."})

    page = desk.get(LIST).content.decode()

    assert [one.url in page for one in (kept, left, moved, alone, removed)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert page.count("Who made it has left") == 2
    assert page.count("No one of the agency is active") == 1


def test_it_is_ended_with_a_reason_on_record(desk: Client) -> None:
    left = hook(make.person(Role.LIAISON, make.agency()))
    people.deactivate_user(user=left.created_by)
    address = f"{LIST}{left.pk}/keeper/"

    assert "required" in desk.post(address, {"end": "", "reason": " "}).content.decode()
    assert desk.post(address, {"end": "", "reason": "The system is gone."}).status_code == 302

    left.refresh_from_db()
    assert left.state == SubscriptionState.REMOVED
    assert AuditEntry.objects.get(detail__act="webhook_ended").detail["reason"] == "The system is gone."
    assert desk.get(address).status_code == 404


def test_it_is_handed_over_to_a_person_of_the_agency_only(desk: Client) -> None:
    agency = make.agency()
    left, heir = hook(make.person(Role.LIAISON, agency)), make.person(Role.SUPERVISOR, agency)
    stranger = make.person(Role.LIAISON, make.agency())
    people.deactivate_user(user=left.created_by)
    address = f"{LIST}{left.pk}/keeper/"

    assert "valid choice" in desk.post(address, {"hand_over": "", "person": stranger.pk}).content.decode()
    assert desk.post(address, {"hand_over": "", "person": heir.pk}).status_code == 302

    left.refresh_from_db()
    assert left.created_by == heir
    assert left.url not in desk.get(LIST).content.decode()
    assert AuditEntry.objects.filter(detail__act="webhook_handed_over").exists()


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR, Role.AGENCY_ADMINISTRATOR])
def test_no_one_else_opens_the_page(role: Role) -> None:
    left = hook(make.person(Role.LIAISON, make.agency()))
    people.deactivate_user(user=left.created_by)
    client = Client()
    client.force_login(make.person(role, None if role is Role.AUDITOR else make.agency()))

    for address in (LIST, f"{LIST}{left.pk}/keeper/"):
        assert client.get(address).status_code in {302, 403, 404}


def test_the_page_costs_the_same_for_many(desk: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(LIST).status_code == 200
        return len(captured)

    def leave(people_who_leave: int) -> None:
        for _ in range(people_who_leave):
            people.deactivate_user(user=hook(make.person(Role.LIAISON, make.agency())).created_by)

    leave(1)
    few = cost()
    leave(6)
    assert cost() == few
