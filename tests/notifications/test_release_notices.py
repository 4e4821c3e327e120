"""Alerts about releases: one waits for an answer, one ends soon. And the supervisor who confirms one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AgencyKind, Membership, Role, User
from notifications.models import Alert, AlertState, FollowUpNote
from notifications.services.contacts.preferences import set_language
from notifications.services.delivery import sending
from notifications.services.release_notices import warn_of_ends
from notifications.services.weekly import write_reports
from orders.errors import InvalidFact
from orders.models import ConfidentialityRelease, Order, ReleaseRequest, RequestState
from orders.services.clients import release_requests
from orders.services.parties.releases import revoke_release
from tests import make
from tests.api.fixtures import Fixtures, set_up
from tests.ledger import Ledger
from tests.notifications.test_release_pages import browser, path_of, text
from tests.notifications.test_release_requests import sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(settings: Settings, tmp_path: Path) -> Fixtures:
    settings.ATTACHMENTS_DIR = tmp_path
    return set_up()


@pytest.fixture
def reader(stage: Fixtures) -> User:
    return make.person(Role.ADVOCATE, stage.organization)


@pytest.fixture
def advocate(reader: User) -> Client:
    return browser(reader)


@pytest.fixture
def leader(stage: Fixtures) -> User:
    """An advocate who also leads the organization."""
    person = make.person(Role.ADVOCATE, stage.organization)
    Membership.objects.create(user=person, agency=stage.organization, role=Role.SUPERVISOR)
    return person


def mailed(ledger: Ledger) -> list[str]:
    """The addresses of the messages that were sent now."""
    before = len(ledger.lines())
    while sending.drain(worker="w"):
        pass
    return sorted(one for line in ledger.lines()[before:] for one in line["to"])


def link_in(ledger: Ledger, address: str) -> str:
    """The path of the link in the last message to the address."""
    body = [str(one["body"]) for one in ledger.lines() if address in one["to"]][-1]
    return "/" + body.split("://", 1)[1].split("/", 1)[1].split()[0]


def test_clerk_and_supervisor_hear_of_a_request_at_once(
    stage: Fixtures, advocate: Client, leader: User, ledger: Ledger
) -> None:
    clerk = make.person(Role.CLERK, stage.court)
    elsewhere = make.person(Role.CLERK, make.agency(AgencyKind.COURT))

    sent(stage, advocate)

    found = mailed(ledger)
    assert {clerk.email, leader.email} <= set(found)
    assert elsewhere.email not in found
    for one in ledger.lines():
        assert stage.organization.name not in str(one)
        assert stage.order.case.docket_number not in str(one)
    page = browser(clerk).get(link_in(ledger, clerk.email), follow=True)
    assert page.redirect_chain[-1][0] == "/release-requests/"
    page = browser(leader).get(link_in(ledger, leader.email), follow=True)
    assert page.redirect_chain[-1][0] == "/releases/to-confirm/"
    assert browser(elsewhere).get(link_in(ledger, clerk.email)).status_code == 404


def test_what_was_taken_back_is_not_sent(stage: Fixtures, advocate: Client, ledger: Ledger) -> None:
    clerk = make.person(Role.CLERK, stage.court)
    row = sent(stage, advocate)
    advocate.post(f"/releases/requests/{row.public_id}/take-back/")

    assert clerk.email not in mailed(ledger)
    states = Alert.objects.filter(release_request=row).values_list("state", flat=True)
    assert set(states) == {AlertState.WITHDRAWN}


def test_a_supervisor_confirms_what_another_sent(stage: Fixtures, advocate: Client, leader: User) -> None:
    revoke_release(stage.release, by=None, now=timezone.now())
    # The only order of its docket number.
    case = stage.unserved.case
    row = sent(stage, advocate, docket=case.docket_number)
    page = browser(leader)

    assert "A release waits for you to confirm it." in text(page.get("/"))
    shown = text(page.get("/releases/to-confirm/"))
    assert case.docket_number in shown
    assert "Ash Birch" not in shown
    answer = text(page.post(f"/releases/to-confirm/{row.public_id}/", {"answer": "confirm"}, follow=True))
    assert "Confirmed." in answer

    row.refresh_from_db()
    found = ConfidentialityRelease.objects.latest("id")
    assert (row.state, row.release, row.decided_by) == (RequestState.CONFIRMED, found, leader)
    assert (found.order, found.covers_firearms) == (stage.unserved, False)
    clerk = browser(make.person(Role.CLERK, stage.court))
    assert "Recorded by the organizations themselves" in text(clerk.get("/release-requests/"))


def test_no_one_confirms_what_they_sent(stage: Fixtures, leader: User) -> None:
    row = sent(stage, browser(leader), docket=stage.unserved.case.docket_number)
    page = browser(leader)

    assert "Nothing waits for you." in text(page.get("/releases/to-confirm/"))
    assert page.post(f"/releases/to-confirm/{row.public_id}/", {"answer": "confirm"}).status_code == 404
    with pytest.raises(InvalidFact):
        release_requests.confirm(row, order=stage.unserved, by=leader, now=timezone.now())


def test_the_answer_to_a_supervisor_does_not_show_whether_there_is_an_order(
    stage: Fixtures, advocate: Client, leader: User
) -> None:
    docket = stage.unserved.case.docket_number
    rows = [sent(stage, advocate, docket=one) for one in (docket, "HHD-FA26-9999999-S")]
    page = browser(leader)

    answers = [
        text(page.post(f"/releases/to-confirm/{one.public_id}/", {"answer": "confirm"}, follow=True))
        for one in rows
    ]

    assert all("If the court has this one order" in one for one in answers)
    assert ReleaseRequest.objects.get(pk=rows[1].pk).state == RequestState.WAITING


@pytest.mark.parametrize("kind", ["police", "elsewhere"])
def test_other_supervisors_find_nothing(kind: str, stage: Fixtures, advocate: Client) -> None:
    row = sent(stage, advocate)
    agency = stage.police if kind == "police" else make.agency(AgencyKind.ADVOCACY)
    page = browser(make.person(Role.SUPERVISOR, agency))

    listed = page.get("/releases/to-confirm/")
    assert listed.status_code == (404 if kind == "police" else 200)
    assert stage.order.case.docket_number not in listed.content.decode()
    assert page.post(f"/releases/to-confirm/{row.public_id}/", {"answer": "confirm"}).status_code == 404
    assert page.get(f"/release-requests/{row.public_id}/paper/").status_code == 404
    assert page.get("/release-requests/").status_code == 404


def test_who_leads_advocates_reads_spanish_can_leave_and_sees_no_order(
    stage: Fixtures, advocate: Client
) -> None:
    sent(stage, advocate)
    person = make.person(Role.SUPERVISOR, stage.organization)
    set_language(person, "es")

    shown = text(browser(person).get("/releases/to-confirm/"))

    assert "Permisos por confirmar" in shown
    assert "Salir" in shown
    assert write_reports() == 0
    assert not Order.objects.visible_to(person).exists()


def test_a_release_that_ends_soon_is_warned_of_once(
    stage: Fixtures, advocate: Client, reader: User, ledger: Ledger
) -> None:
    # By a link that the warning has, from where the release is renewed.
    now = stage.release.ends_at - timedelta(days=14)

    assert warn_of_ends(now - timedelta(minutes=1)) == 0
    assert (warn_of_ends(now), warn_of_ends(now), warn_of_ends(now + timedelta(hours=1))) == (1, 0, 0)
    Alert.objects.filter(note=FollowUpNote.ENDING).update(next_attempt_at=timezone.now())
    assert mailed(ledger).count(reader.email) == 1
    page = advocate.get(link_in(ledger, reader.email), follow=True)
    assert page.redirect_chain[-1][0] == f"{path_of(stage)}#release"
    assert "Renew the release" in text(page)


def test_a_short_release_is_warned_of_after_half_its_time(stage: Fixtures, reader: User) -> None:
    now = timezone.now()
    ConfidentialityRelease.objects.filter(pk=stage.release.pk).update(
        begins_at=now - timedelta(days=1), ends_at=now + timedelta(days=5)
    )

    assert warn_of_ends(now) == 0
    assert warn_of_ends(now + timedelta(days=2)) == 1


def test_a_revoked_release_is_not_warned_of(stage: Fixtures, reader: User, ledger: Ledger) -> None:
    mailed(ledger)
    now = stage.release.ends_at - timedelta(days=10)
    assert warn_of_ends(now) == 1
    Alert.objects.filter(note=FollowUpNote.ENDING).update(next_attempt_at=timezone.now())
    revoke_release(stage.release, by=None, now=timezone.now())

    assert mailed(ledger) == []
    assert warn_of_ends(now) == 0
