"""Absences at each door, and cover: the open alerts of someone who cannot act go to others at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import (
    Absence,
    Agency,
    AgencyKind,
    AuditAction,
    AuditEntry,
    Cover,
    CoverReason,
    Role,
    User,
)
from accounts.services import people
from notifications.models import Alert, Finding, Via
from notifications.services import absences
from notifications.services.acknowledgments import acknowledge
from notifications.services.escalation.cover import cover
from notifications.services.watch.audits import audit
from orders.errors import InvalidFact
from tests import make
from tests.callers import MakeCaller
from tests.make import NOW
from tests.notifications.fixtures import OrderFixture, backup, set_up

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def leave(user: User, *, by: User | None = None, now: datetime | None = None) -> Absence:
    request = RequestFactory().post("/away/")
    request.user = by or user
    now = now or timezone.now()
    return absences.record_absence(user=user, ends_at=now + DAY, by=by or user, now=now, request=request)


def typed(person: User, *, until: str = "2031-02-03") -> dict[str, Any]:
    return {
        "person": person.pk,
        "starts_at_0": "",
        "starts_at_1": "",
        "ends_at_0": until,
        "ends_at_1": "9 a.m.",
    }


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        (None, -DAY, "ends_at"),
        (-DAY, timedelta(), "ends_at"),
        (DAY, DAY, "ends_at"),
        (None, 367 * DAY, "ends_at"),
        (367 * DAY, 368 * DAY, "starts_at"),
    ],
)
def test_an_absence_has_an_end_within_a_year(starts: timedelta | None, ends: timedelta, field: str) -> None:
    with pytest.raises(InvalidFact) as refused:
        absences.check(starts_at=None if starts is None else NOW + starts, ends_at=NOW + ends, now=NOW)

    assert refused.value.field == field


def test_a_beginning_in_the_past_is_now() -> None:
    assert absences.check(starts_at=NOW - DAY, ends_at=NOW + DAY, now=NOW) == NOW


def test_a_person_goes_and_comes_back_on_the_page() -> None:
    liaison = make.person(Role.LIAISON, make.agency())
    client = signed_in(liaison)
    until = (timezone.now() + 9 * DAY).strftime("%Y-%m-%d")

    saved = client.post("/away/", typed(liaison, until=until))

    absence = Absence.objects.get()
    assert (saved.status_code, absence.user, absence.recorded_by) == (HTTPStatus.FOUND, liaison, liaison)
    entry = AuditEntry.objects.get(action=AuditAction.ACCOUNT_CHANGED)
    assert (entry.subject, entry.detail["fields"]) == (liaison, ["away"])
    assert liaison.name in client.get("/away/").content.decode()
    assert Cover.objects.get().reason == CoverReason.AWAY

    client.post(f"/away/{absence.public_id}/end/")

    absence.refresh_from_db()
    assert (absence.ended_by, absence.ended_at is not None) == (liaison, True)
    assert "No absence is recorded." in client.get("/away/").content.decode()


def test_supervisors_decide_for_their_people_and_no_one_for_strangers() -> None:
    police, other = make.agency(), make.agency()
    liaison, stranger = make.person(Role.LIAISON, police), make.person(Role.LIAISON, other)
    chief, peer = make.person(Role.SUPERVISOR, police), make.person(Role.LIAISON, police)

    leave(liaison, by=chief)
    for by, user in [(chief, stranger), (peer, liaison), (stranger, liaison)]:
        with pytest.raises(InvalidFact):
            leave(user, by=by)

    assert set(absences.people_of(chief)) == {chief, liaison, peer}
    assert list(absences.absences_for(peer)) == []
    answer = signed_in(peer).post(f"/away/{Absence.objects.get().public_id}/end/")
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_the_admin_site_offers_absences_to_administrators_alone() -> None:
    clerk = signed_in(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    assert "/admin/accounts/absence/" not in clerk.get("/admin/").content.decode()
    for page in ("", "add/"):
        assert clerk.get(f"/admin/accounts/absence/{page}").status_code == HTTPStatus.FORBIDDEN
    administrator = signed_in(make.person(Role.ADMINISTRATOR))
    assert "<title>Absences" in administrator.get("/admin/accounts/absence/").content.decode()


def test_an_administrator_records_and_ends_an_absence_in_the_admin() -> None:
    liaison = make.person(Role.LIAISON, make.agency())
    client = signed_in(make.person(Role.ADMINISTRATOR))
    day = (timezone.now() + 3 * DAY).strftime("%Y-%m-%d")
    form = {"starts_at_0": day, "starts_at_1": "9 a.m.", "ends_at_0": day, "ends_at_1": "5 p.m."}

    assert client.post("/admin/accounts/absence/add/", {"user": liaison.pk, **form}).status_code == 302
    absence = Absence.objects.get(user=liaison)
    chosen = {"action": "end", "_selected_action": [absence.pk]}
    assert client.post("/admin/accounts/absence/", chosen).status_code == 302

    absence.refresh_from_db()
    assert absence.ended_at is not None


def test_the_api_records_and_ends_an_absence(caller: MakeCaller) -> None:
    liaison = make.person(Role.LIAISON, make.agency())
    stranger = make.person(Role.LIAISON, make.agency())
    api = caller(liaison)
    ends = (timezone.now() + DAY).isoformat()

    made = api.post("/absences", {"person": liaison.email, "ends_at": ends})
    refused = api.post("/absences", {"person": stranger.email, "ends_at": ends})
    ended = api.post(f"/absences/{made.json()['id']}/ends", {})
    again = api.post(f"/absences/{made.json()['id']}/ends", {})

    assert (made.status_code, refused.status_code) == (201, 409), refused.content
    assert (ended.status_code, again.status_code) == (201, 409), again.content
    assert [one["person"] for one in api.get("/absences").json()["results"]] == [liaison.email]


# ---- cover -------------------------------------------------------------------------------------------------

GOES: dict[str, Callable[[User], Any]] = {
    "away": leave,
    "locked": lambda user: people.lock_user(user=user),
    "closed": lambda user: people.deactivate_user(user=user),
    "role ended": lambda user: people.revoke_role(membership=user.memberships.get()),
    "no more alerts": lambda user: people.record_membership(membership=_silent(user)),
}


def _silent(user: User) -> Any:
    held = user.memberships.get()
    held.receives_alerts = False
    return held


def alerted(fixture: OrderFixture) -> set[tuple[User | None, str]]:
    found = Alert.objects.filter(agency=fixture.police, checkpoint__name="check")
    return {(one.recipient, one.via) for one in found.select_related("recipient")}


@pytest.mark.parametrize("why", sorted(GOES))
def test_open_alerts_of_someone_who_goes_reach_the_backup_at_once(why: str) -> None:
    fixture = set_up()
    second, chief = backup(fixture.police), make.person(Role.SUPERVISOR, fixture.police)
    fixture.fire(["respondent_police"])
    assert alerted(fixture) == {(fixture.liaison, Via.PERSON)}

    GOES[why](fixture.liaison)
    cover()

    absent = {(chief, Via.SUPERVISOR)} if why in ("away", "locked") else set()
    assert alerted(fixture) == {(fixture.liaison, Via.PERSON), (second, Via.BACKUP)} | absent
    assert fixture.order.history.get(kind="alerts_covered").data["agency"] == fixture.police.name
    # It looks once more, writes nothing twice, and is then done.
    Cover.objects.update(due_at=timezone.now() - DAY)
    count = Alert.objects.count()
    cover()
    assert (Alert.objects.count(), Cover.objects.count()) == (count, 0)
    assert [one.code for one in audit() or [] if one.code == "incomplete"] == []


def test_what_a_colleague_has_or_acknowledged_is_not_covered() -> None:
    fixture = set_up()
    backup(fixture.police)
    (alert,) = fixture.fire(["respondent_police"])
    acknowledge(alert, by=fixture.liaison, now=timezone.now())

    leave(fixture.liaison)
    cover()

    assert alerted(fixture) == {(fixture.liaison, Via.PERSON)}


def test_an_absence_ahead_is_covered_when_it_begins_and_not_after_its_end() -> None:
    fixture = set_up()
    backup(fixture.police)
    fixture.fire(["respondent_police"])
    absence = leave(fixture.liaison, now=timezone.now() + DAY)

    cover()
    absences.end_absence(absence, by=fixture.liaison, now=timezone.now(), request=_request(fixture.liaison))
    Cover.objects.update(due_at=timezone.now() - DAY)
    cover()

    assert alerted(fixture) == {(fixture.liaison, Via.PERSON)}


def _request(user: User) -> Any:
    request = RequestFactory().post("/away/")
    request.user = user
    return request


def test_without_anyone_who_can_act_administrators_are_alerted() -> None:
    fixture = set_up()
    administrator = make.person(Role.ADMINISTRATOR)
    fixture.fire(["respondent_police"])

    leave(fixture.liaison)
    cover()

    assert alerted(fixture) == {(fixture.liaison, Via.PERSON), (administrator, Via.FALLBACK)}


def test_an_advocate_is_covered_within_the_organization_and_off_the_record() -> None:
    fixture = set_up()
    advocate = make.person(Role.ADVOCATE, organization := fixture.release().agency)
    colleague = make.person(Role.ADVOCATE, organization)
    colleague.memberships.update(is_backup=True)
    fixture.fire(["advocate"])

    leave(advocate)
    cover()

    found = Alert.objects.filter(release__isnull=False, checkpoint__name="check")
    assert {(one.recipient, one.via, one.agency) for one in found} == {
        (advocate, Via.PERSON, organization),
        (colleague, Via.BACKUP, organization),
    }
    assert not fixture.order.history.filter(kind="alerts_covered").exists()


def backup_clerk(court: Agency) -> User:
    user = make.person(Role.CLERK, court)
    user.memberships.update(is_backup=True)
    return user


def test_administrators_and_the_backup_are_notified_of_a_lock_until_it_is_lifted() -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    court = make.agency(AgencyKind.COURT)
    clerk, second = make.person(Role.CLERK, court), backup_clerk(court)

    people.lock_user(user=clerk)
    cover()
    Cover.objects.update(due_at=timezone.now() - DAY)
    cover()

    finding = Finding.objects.get(code="locked")
    alerts = Alert.objects.filter(finding=finding)
    assert {one.recipient for one in alerts} == {administrator, second}
    assert (len(alerts), clerk.name in finding.detail) == (2, False)
    assert "An account at your agency is locked" in signed_in(second).get("/").content.decode()
    people.unlock_user(user=clerk)
    audit()
    finding.refresh_from_db()
    assert finding.resolved_at is not None
