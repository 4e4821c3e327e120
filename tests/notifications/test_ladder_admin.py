"""The escalation steps at the admin site: changed by administrators only, checked, and logged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory

from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, Role
from notifications.models import EscalationStep
from notifications.services.escalation import escalation, ladder
from tests import make

pytestmark = pytest.mark.django_db

STEPS = "/admin/notifications/escalationstep/"


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make.person(Role.ADMINISTRATOR))
    return client


@pytest.fixture
def police() -> Agency:
    return make.agency(name="Elm Police")


@pytest.fixture(autouse=True)
def shipped() -> None:
    """The ladder for all, as it is shipped."""
    EscalationStep.objects.all().delete()
    escalation.load_steps()


@pytest.fixture
def state_police() -> Agency:
    return Agency.objects.create(kind=AgencyKind.STATE_POLICE, name="State Police", answers_for_state=True)


def step(**given: Any) -> dict[str, Any]:
    """The form, filled in for the first step of every agency."""
    return {"agency": "", "place": "9", "to": "backup", "after": "20"} | given


def refused(desk: Client, given: dict[str, Any]) -> dict[str, list[str]]:
    """The errors of the form; nothing was stored."""
    before = EscalationStep.objects.count()
    response = desk.post(f"{STEPS}add/", given)
    assert response.status_code == 200
    assert EscalationStep.objects.count() == before
    return dict(response.context["adminform"].form.errors)


def test_a_step_is_added_changed_and_removed_and_each_is_on_record(desk: Client, police: Agency) -> None:
    desk.post(f"{STEPS}add/", step(agency=police.pk, place=1, to="supervisor"))
    added = EscalationStep.objects.get(agency=police)
    desk.post(f"{STEPS}{added.pk}/change/", step(agency=police.pk, place=1, to="supervisor", after=45))
    added.refresh_from_db()
    desk.post(f"{STEPS}{added.pk}/delete/", {"post": "yes"})

    assert added.after == timedelta(minutes=45)
    assert not EscalationStep.objects.filter(agency=police).exists()
    entries = AuditEntry.objects.filter(action=AuditAction.DIRECTORY_CHANGED).order_by("id")
    assert [(one.detail["name"], one.detail["step"], one.detail.get("gone")) for one in entries] == [
        ("Elm Police", "1. The agency's supervisors, after 20 minutes", None),
        ("Elm Police", "1. The agency's supervisors, after 45 minutes", None),
        ("Elm Police", "1. The agency's supervisors, after 45 minutes", True),
    ]
    assert AuditEntry.objects.count() == 3


@pytest.mark.parametrize("after", ["0", "-5"])
def test_to_wait_no_time_is_refused(desk: Client, after: str) -> None:
    assert refused(desk, step(after=after)) == {"after": ["Give one minute or more."]}


@pytest.mark.parametrize("after", ["1441", "99999999999999999"])
def test_to_wait_longer_than_a_day_is_refused(desk: Client, after: str) -> None:
    (error,) = refused(desk, step(after=after))["after"]

    assert "1440 minutes" in error


def test_a_day_is_not_too_long(desk: Client) -> None:
    desk.post(f"{STEPS}add/", step(after="1440"))

    assert EscalationStep.objects.get(place=9).after == timedelta(days=1)


def test_state_police_that_there_is_not_are_refused(desk: Client) -> None:
    assert refused(desk, step(to="state_police")) == {
        "to": ["No agency answers for State Police yet. Add it under Agencies first."]
    }


def test_state_police_that_there_is_are_taken(desk: Client, state_police: Agency) -> None:
    desk.post(f"{STEPS}add/", step(to="state_police"))

    assert EscalationStep.objects.filter(place=9).exists()


def test_a_place_is_taken_once(desk: Client) -> None:
    assert refused(desk, step(place=1)) == {"__all__": ["The agency already has a step in this place."]}


@pytest.mark.parametrize("place", ["0", "-1", "x"])
def test_places_count_from_one(desk: Client, place: str) -> None:
    assert refused(desk, step(place=place))


def test_only_police_are_waited_for(desk: Client) -> None:
    school = make.agency(AgencyKind.SCHOOL)

    assert "agency" in refused(desk, step(agency=school.pk))
    with pytest.raises(ValidationError, match="Only alerts to police escalate"):
        ladder.check_step(EscalationStep(agency=school, place=1, to="backup", after=timedelta(hours=1)))


def test_the_last_step_for_all_stays(desk: Client) -> None:
    EscalationStep.objects.filter(agency=None, place__gt=1).delete()
    last = EscalationStep.objects.get(agency=None)

    assert desk.post(f"{STEPS}{last.pk}/delete/", {"post": "yes"}).status_code == 403
    with pytest.raises(ValidationError, match="Without this step no one would be notified"):
        ladder.remove_step(last, request=RequestFactory().get("/"))
    assert EscalationStep.objects.filter(pk=last.pk).exists()


def test_the_page_of_an_agency_shows_which_ladder_it_has(desk: Client, police: Agency) -> None:
    address = f"/admin/accounts/agency/{police.pk}/change/"

    before = desk.get(address).content.decode()
    EscalationStep.objects.create(agency=police, place=1, to="backup", after=timedelta(minutes=5))
    after = desk.get(address).content.decode()

    assert "The steps for all agencies without their own." in before
    assert "After 30 minutes: State Police" in before
    assert "This agency&#x27;s own steps." in after
    assert "After 5 minutes: The agency&#x27;s backups" in after
    assert "State Police</li>" not in after


def test_of_others_no_answer_is_waited_for(desk: Client) -> None:
    court = make.agency(AgencyKind.COURT)

    assert (
        "If nobody acknowledges"
        not in desk.get(f"/admin/accounts/agency/{court.pk}/change/").content.decode()
    )


def test_the_list_shows_agency_and_wait_and_starts_with_every_agency(desk: Client, police: Agency) -> None:
    desk.post(f"{STEPS}add/", step(agency=police.pk))

    page = desk.get(STEPS).content.decode()

    assert 0 < page.index("All agencies without their own steps") < page.index(f">{police.name}</a>")

    assert "All agencies without their own steps" in page
    assert "15 minutes" in page


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR])
def test_only_administrators_change_the_ladder(role: Role) -> None:
    client = Client()
    client.force_login(make.person(role, make.agency(AgencyKind.COURT) if role == Role.CLERK else None))

    assert client.get(STEPS).status_code == 403
    assert client.post(f"{STEPS}add/", step()).status_code == 403
