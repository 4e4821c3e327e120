"""An agency administrator manages the people of the own agency, and no one and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, Membership, Role, User
from accounts.services import people
from accounts.services.managers import people_managed_by
from tests import make
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.django_db

PASSWORD = "two herons over Essex"
LIST = "/admin/accounts/user/"


@pytest.fixture
def agency() -> Agency:
    return make.agency()


@pytest.fixture
def chief(agency: Agency) -> User:
    return make.person(Role.AGENCY_ADMINISTRATOR, agency)


@pytest.fixture
def desk(chief: User) -> Client:
    client = Client()
    client.force_login(chief)
    return client


def others(agency: Agency) -> dict[str, User]:
    """People that the administrator of `agency` must not manage."""
    two = make.person(Role.LIAISON, agency)
    Membership.objects.create(user=two, role=Role.LIAISON, agency=make.agency())
    high = make.person(Role.LIAISON, agency)
    Membership.objects.create(user=high, role=Role.ADMINISTRATOR)
    return {
        "elsewhere": make.person(Role.LIAISON, make.agency()),
        "also elsewhere": two,
        "also administrator": high,
        "administrator": make.person(Role.ADMINISTRATOR),
        "auditor": make.person(Role.AUDITOR),
        "colleague of the same role": make.person(Role.AGENCY_ADMINISTRATOR, agency),
        "without a role": User.objects.create_user("x@example.org", name="Lee Without"),
        "a system": people.create_user(email="s@example.org", name="System", is_system=True),
    }


def test_the_list_and_the_forms_have_the_own_people_only(agency: Agency, chief: User, desk: Client) -> None:
    own = make.person(Role.LIAISON, agency)
    strangers = others(agency)

    page = desk.get(LIST).content.decode()

    assert own.email in page
    assert set(people_managed_by(chief)) == {own}
    for who, one in strangers.items():
        assert one.email not in page, who
        assert desk.get(f"{LIST}{one.pk}/change/").status_code == 302, who
        assert desk.get(f"{LIST}{one.pk}/password/").status_code in (302, 404), who
        assert desk.get(f"{LIST}{one.pk}/history/").status_code == 302, who
    assert desk.get(f"{LIST}{own.pk}/change/").status_code == 200


@pytest.mark.parametrize("action", ["unlock", "end_access", "reset_second_factor", "deactivate"])
def test_actions_touch_the_own_people_only(action: str, agency: Agency, desk: Client) -> None:
    own = make.person(Role.LIAISON, agency)
    strangers = others(agency)
    everyone = [own, *strangers.values()]
    for one in everyone:
        browser = Client()
        if not one.is_system:
            browser.force_login(one)
    before = AuditEntry.objects.count()

    desk.post(LIST, {"action": action, "_selected_action": [one.pk for one in everyone]})

    subjects = set(AuditEntry.objects.order_by("id")[before:].values_list("subject", flat=True)) - {None}
    assert subjects <= {own.pk}
    assert not User.objects.filter(pk__in=[one.pk for one in strangers.values()], is_active=False).exists()


ACTS: dict[str, Callable[[User, Any], Any]] = {
    "change_user": lambda user, request: people.change_user(
        user=user, email="y@example.org", name="Y", request=request
    ),
    "set_password": lambda user, request: people.set_password(user=user, password=PASSWORD, request=request),
    "deactivate_user": lambda user, request: people.deactivate_user(user=user, request=request),
    "reactivate_user": lambda user, request: people.reactivate_user(user=user, request=request),
    "unlock_user": lambda user, request: people.unlock_user(user=user, request=request),
    "reset_second_factor": lambda user, request: people.reset_second_factor(user=user, request=request),
    "end_access": lambda user, request: people.end_access(user=user, reason="lost", request=request),
    "sign_out_everywhere": lambda user, request: people.sign_out_everywhere(user=user, request=request),
    "grant_role": lambda user, request: people.grant_role(
        user=user, role=Role.LIAISON, agency=make.agency(), request=request
    ),
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_each_service_refuses_strangers(act: str, agency: Agency, chief: User) -> None:
    request = RequestFactory().post("/")
    request.user = chief
    request.session = Client().session

    for who, one in others(agency).items():
        with pytest.raises(PermissionDenied):
            ACTS[act](one, request)
        assert (
            AuditEntry.objects.filter(subject=one).exclude(action=AuditAction.ACCOUNT_CREATED).count() == 0
        ), who


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.AGENCY_ADMINISTRATOR])
def test_roles_of_the_site_are_not_theirs_to_grant(role: Role, agency: Agency, chief: User) -> None:
    request = RequestFactory().post("/")
    request.user = chief
    own = make.person(Role.LIAISON, agency)

    with pytest.raises(PermissionDenied):
        people.grant_role(user=own, role=role, agency=agency, request=request)
    with pytest.raises(PermissionDenied):
        people.grant_role(user=chief, role=Role.LIAISON, agency=agency, request=request)


def new_person(agency: Agency | None, role: str, **more: str) -> dict[str, Any]:
    roles: dict[str, Any] = {"memberships-TOTAL_FORMS": 1 if agency else 0, "memberships-INITIAL_FORMS": 0}
    if agency:
        roles |= {"memberships-0-role": role, "memberships-0-agency": agency.pk}
    return {
        "email": "new@example.org",
        "name": "Lee New",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **roles,
        **more,
    }


def test_they_add_people_of_their_agency(agency: Agency, desk: Client) -> None:
    page = desk.get(f"{LIST}add/").content.decode()
    assert agency.name in page
    assert "is_system" not in page
    assert 'value="administrator"' not in page

    desk.post(f"{LIST}add/", new_person(agency, "liaison", is_system="on"))

    user = User.objects.get(email="new@example.org")
    assert not user.is_system
    assert user.must_change_password
    assert [(one.role, one.agency) for one in user.memberships.all()] == [("liaison", agency)]


@pytest.mark.parametrize("wrong", ["other agency", "no role", "site role"])
def test_they_add_no_one_elsewhere(wrong: str, agency: Agency, desk: Client) -> None:
    sheet = {
        "other agency": lambda: new_person(make.agency(), "liaison"),
        "no role": lambda: new_person(None, ""),
        "site role": lambda: new_person(agency, "administrator"),
    }[wrong]()

    answer = desk.post(f"{LIST}add/", sheet)

    assert answer.status_code == 200
    assert not User.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize(
    "address",
    [
        "/admin/accounts/agency/",
        "/admin/accounts/town/",
        "/admin/accounts/apitoken/",
        "/admin/accounts/auditentry/",
        "/admin/orders/order/",
        "/admin/notifications/messagetemplate/",
        "/admin/autocomplete/?app_label=accounts&model_name=membership&field_name=agency&term=a",
    ],
)
def test_nothing_else_of_the_admin_site_opens(address: str, desk: Client) -> None:
    assert desk.get(address).status_code == 403


def test_the_api_shows_and_changes_memberships_of_the_own_people_only(
    agency: Agency, chief: User, caller: MakeCaller
) -> None:
    own = make.person(Role.LIAISON, agency)
    strangers = others(agency)
    api = caller(chief)

    listed = api.get("/memberships").json()["results"]

    assert [one["person"] for one in listed] == [own.email]
    body = {"role": "liaison", "agency": agency.name, "is_backup": True}
    assert api.post("/membership-changes", body | {"person": own.email}).status_code == 201
    refused = api.post("/membership-changes", body | {"person": strangers["also elsewhere"].email})
    assert refused.json()["errors"][0]["code"] == "does_not_exist"


def test_an_auditor_finds_a_case_by_its_docket_number() -> None:
    order = make.order(court=make.agency(AgencyKind.COURT), docket_number="HHD-FA26-6012345-S")
    clerk, auditor = make.person(Role.CLERK, order.case.court), make.person(Role.AUDITOR)
    browser, reader, administrator = Client(), Client(), Client()
    browser.force_login(clerk)
    reader.force_login(auditor)
    administrator.force_login(make.person(Role.ADMINISTRATOR))
    assert browser.get(f"/admin/orders/order/{order.public_id}/").status_code == 200
    log = "/admin/accounts/auditentry/"
    now = timezone.now()
    span = {
        "since": f"{now - timedelta(days=2):%Y-%m-%dT%H:%M}",
        "until": f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}",
    }

    page = reader.post(log, {**span, "docket_number": " hhd fa26 6012345 s"}).content.decode()

    assert "People who viewed or changed this case" in page
    assert clerk.name in page
    entry = AuditEntry.objects.filter(action=AuditAction.LOG_READ).latest("id")
    assert entry.cases == [order.case.public_id]
    unknown = reader.post(log, {**span, "docket_number": "HHD-FA26-6099999-S"}).content.decode()
    assert "No case has this docket number" in unknown
    assert "docket_number" not in administrator.get(log).content.decode()
