"""The admin pages for users, agencies and towns."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, AgencyKind, JudicialDistrict, Membership, Role, Town, User
from accounts.services import people
from accounts.services.agencies.reference import load_reference
from tests.accounts.conftest import PASSWORD, MakePerson

pytestmark = pytest.mark.django_db

LISTS = [
    "/admin/accounts/agency/",
    "/admin/accounts/town/",
    "/admin/accounts/judicialdistrict/",
    "/admin/accounts/user/",
]


@pytest.fixture
def administrator(make_person: MakePerson) -> User:
    """The only administrator."""
    return make_person(Role.ADMINISTRATOR)


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    """The administrator's browser, signed in."""
    client.force_login(administrator)
    return client


@pytest.mark.parametrize("address", LISTS)
def test_list_queries_do_not_grow_with_rows(address: str, desk: Client) -> None:
    _fill(2)
    few = _queries(desk, address)

    _fill(20)

    assert _queries(desk, address) == few


@pytest.mark.parametrize("address", [*LISTS, "/admin/accounts/apitoken/"])
def test_search_term_stays_out_of_the_address(address: str, desk: Client) -> None:
    load_reference()

    led = desk.post(address, {"q": "hart"})
    page = desk.get(address).content.decode()

    assert (led.status_code, led.headers["Location"]) == (302, address)
    assert 'value="hart"' in page
    assert "q=" not in page
    assert desk.get(address, {"q": "ford"}).headers["Location"] == address


def test_action_applies_to_the_rows_of_the_search(desk: Client, make_person: MakePerson) -> None:
    ash, elm = make_person(Role.LIAISON), make_person(Role.MARSHAL)
    desk.post("/admin/accounts/user/", {"q": ash.email})

    assert 'class="question"' not in desk.get("/admin/accounts/user/").content.decode()
    desk.post(
        "/admin/accounts/user/",
        {"action": "deactivate", "_selected_action": [ash.pk, elm.pk], "index": 0},
    )

    assert not User.objects.get(pk=ash.pk).is_active
    assert User.objects.get(pk=elm.pk).is_active


@pytest.mark.parametrize("role", [Role.LIAISON, Role.MARSHAL, Role.PROSECUTOR, Role.ADVOCATE])
@pytest.mark.parametrize("address", ["/admin/", *LISTS, "/admin/no-such-app/"])
def test_admin_site_is_404_for_other_roles(
    role: Role, address: str, client: Client, make_person: MakePerson
) -> None:
    client.force_login(make_person(role))

    assert client.get(address, follow=True).status_code == 404


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE])
@pytest.mark.parametrize("address", LISTS)
def test_only_administrators_see_accounts(
    role: Role, address: str, client: Client, make_person: MakePerson
) -> None:
    client.force_login(make_person(role))

    assert client.get(address).status_code == 403


def test_person_is_added_with_password_and_role(desk: Client) -> None:
    court = Agency.objects.create(name="Superior Court of Elm", kind=AgencyKind.COURT)

    response = desk.post(
        "/admin/accounts/user/add/",
        {"email": "Lee.Ash@Example.org", "name": "Lee Ash", "password1": PASSWORD, "password2": PASSWORD}
        | _roles({"role": Role.CLERK, "agency": court.pk, "receives_alerts": "on"}),
    )

    assert response.status_code == 302, _errors(response)
    lee = User.objects.get(email="Lee.Ash@example.org")
    assert (lee.name, lee.check_password(PASSWORD), lee.is_active) == ("Lee Ash", True, True)
    assert [str(membership) for membership in lee.memberships.all()] == ["Court clerk, Superior Court of Elm"]
    assert LogEntry.objects.get().object_id == str(lee.pk)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password2": "another long walk"}, "match"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"email": "ADMINISTRATOR@example.org"}, "Another account uses"),
        ({"email": "not an address"}, "valid email"),
    ],
)
def test_invalid_entry_is_named_and_not_saved(changed: dict[str, str], said: str, desk: Client) -> None:
    entry = {"email": "lee@example.org", "name": "Lee Ash", "password1": PASSWORD, "password2": PASSWORD}

    response = desk.post("/admin/accounts/user/add/", entry | changed | _roles())

    assert response.status_code == 200
    assert said in response.content.decode()
    assert User.objects.count() == 1


def test_a_role_in_an_agency_of_the_wrong_kind_is_refused(desk: Client) -> None:
    police = Agency.objects.create(name="Elm Police", kind=AgencyKind.POLICE)

    response = desk.post(
        "/admin/accounts/user/add/",
        {"email": "lee@example.org", "name": "Lee Ash", "password1": PASSWORD, "password2": PASSWORD}
        | _roles({"role": Role.CLERK, "agency": police.pk}),
    )

    assert (
        "This role cannot be held in Elm Police. Choose an agency of kind: Court."
        in response.content.decode()
    )
    assert User.objects.count() == 1


def test_a_person_is_changed_and_a_role_revoked(desk: Client, make_person: MakePerson) -> None:
    clerk = make_person(Role.CLERK)
    held = clerk.memberships.get()

    response = desk.post(
        f"/admin/accounts/user/{clerk.pk}/change/",
        {"email": "new@example.org", "name": "Lee Ash", "is_active": "on"}
        | _roles(
            {"id": held.pk, "user": clerk.pk, "role": held.role, "agency": held.agency_id, "DELETE": "on"},
            initial=1,
        ),
    )

    assert response.status_code == 302, _errors(response)
    clerk = User.objects.get(pk=clerk.pk)
    assert (clerk.email, clerk.name, clerk.is_active) == ("new@example.org", "Lee Ash", True)
    assert not clerk.memberships.exists()
    assert clerk.check_password(PASSWORD)


def test_a_person_is_deactivated_and_reactivated(desk: Client, make_person: MakePerson) -> None:
    clerk = make_person(Role.CLERK)

    for action, expected in (("deactivate", False), ("reactivate", True)):
        desk.post("/admin/accounts/user/", {"action": action, "_selected_action": [clerk.pk]})

        clerk.refresh_from_db()
        assert clerk.is_active is expected


def test_last_administrator_cannot_be_removed(desk: Client, administrator: User) -> None:
    held = administrator.memberships.get()
    address = f"/admin/accounts/user/{administrator.pk}/change/"
    fields = {"email": administrator.email, "name": administrator.name}
    row = {"id": held.pk, "user": administrator.pk, "role": held.role, "agency": ""}
    attempts: list[tuple[str, dict[str, Any]]] = [
        (address, fields | _roles(row, initial=1)),
        (address, fields | {"is_active": "on"} | _roles(row | {"DELETE": "on"}, initial=1)),
        (address, fields | {"is_active": "on"} | _roles(row | {"role": Role.AUDITOR}, initial=1)),
        ("/admin/accounts/user/", {"action": "deactivate", "_selected_action": [administrator.pk]}),
    ]

    for target, sent in attempts:
        response = desk.post(target, sent, follow=True)

        assert "This is the last active administrator." in response.content.decode()
        assert User.objects.get(pk=administrator.pk).is_active
        assert Membership.objects.get().role == Role.ADMINISTRATOR


def test_administrator_role_can_be_passed_on(desk: Client, administrator: User) -> None:
    other = people.create_user(email="other@example.org", name="Kim Fern", password=PASSWORD)
    people.grant_role(user=other, role=Role.ADMINISTRATOR)

    people.deactivate_user(user=administrator)

    assert desk.get("/admin/", follow=True).request["PATH_INFO"] == "/sign-in/"


def test_a_new_password_is_set_by_a_form(desk: Client, make_person: MakePerson) -> None:
    clerk = make_person(Role.CLERK)
    new = "two herons over Essex"

    response = desk.post(f"/admin/accounts/user/{clerk.pk}/password/", {"password1": new, "password2": new})

    clerk.refresh_from_db()
    assert response.status_code == 302
    assert clerk.check_password(new)


def test_no_groups_permissions_or_deletion_of_people(desk: Client, make_person: MakePerson) -> None:
    clerk = make_person(Role.CLERK)

    page = desk.get(f"/admin/accounts/user/{clerk.pk}/change/").content.decode()

    assert "permission" not in page.lower().replace("has_", "")
    assert "groups" not in page.lower()
    assert desk.post(f"/admin/accounts/user/{clerk.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get("/admin/auth/group/").status_code == 404


def test_agency_gets_an_email_address(desk: Client) -> None:
    load_reference()
    agency = Agency.objects.get(ori="CT0000400")

    response = desk.post(
        f"/admin/accounts/agency/{agency.pk}/change/",
        {
            "name": agency.name,
            "kind": agency.kind,
            "jurisdiction": agency.jurisdiction,
            "ori": agency.ori,
            "email": "desk@avon.example",
        },
    )

    assert response.status_code == 302, _errors(response)
    agency.refresh_from_db()
    assert agency.email == "desk@avon.example"


def test_police_of_a_town_can_change_but_not_its_name(desk: Client) -> None:
    load_reference()
    town, police = Town.objects.get(name="Killingly"), Agency.objects.get(ori="CTCSP0000")

    response = desk.post(
        f"/admin/accounts/town/{town.pk}/change/", {"name": "Elsewhere", "police": police.pk}
    )

    assert response.status_code == 302, _errors(response)
    town.refresh_from_db()
    assert (town.name, town.police) == ("Killingly", police)


def test_court_cannot_serve_a_town(desk: Client) -> None:
    load_reference()
    town, court = Town.objects.get(name="Killingly"), Agency.objects.filter(kind=AgencyKind.COURT).first()
    assert court is not None

    response = desk.post(f"/admin/accounts/town/{town.pk}/change/", {"police": court.pk})

    assert response.status_code == 200
    assert Town.objects.get(name="Killingly").police.kind == AgencyKind.POLICE


def test_loaded_rows_cannot_be_deleted_but_added_ones_can(desk: Client) -> None:
    load_reference()
    essex = Town.objects.get(name="Essex")
    desk.post(
        "/admin/accounts/town/add/",
        {
            "name": "Elm Mills",
            "jurisdiction": "us_ct",
            "within": essex.pk,
            "police": essex.police_id,
        },
    )
    village = Town.objects.get(name="Elm Mills")

    for town in (essex, village):
        desk.post(f"/admin/accounts/town/{town.pk}/delete/", {"post": "yes"})
    desk.post(
        "/admin/accounts/town/",
        {"action": "delete_selected", "_selected_action": [essex.pk], "post": "yes"},
    )

    assert Town.objects.filter(name="Essex").exists()
    assert not Town.objects.filter(name="Elm Mills").exists()


def test_districts_are_read_only(desk: Client) -> None:
    load_reference()
    district = JudicialDistrict.objects.get(name="Hartford")
    address = f"/admin/accounts/judicialdistrict/{district.pk}/change/"

    assert desk.get(address).status_code == 200
    assert desk.post(address, {"name": "Other"}).status_code == 403
    assert desk.get("/admin/accounts/judicialdistrict/add/").status_code == 403


def _fill(count: int) -> None:
    start = User.objects.count()
    for number in range(start, start + count):
        district = JudicialDistrict.objects.create(name=f"District {number}")
        court = Agency.objects.create(
            name=f"Court {number}", kind=AgencyKind.COURT, judicial_district=district
        )
        police = Agency.objects.create(name=f"Police {number}", kind=AgencyKind.POLICE)
        town = Town.objects.create(name=f"Town {number}", police=police)
        Town.objects.create(name=f"Village {number}", police=police, within=town)
        user = people.create_user(email=f"{number}@example.org", name=f"Person {number}")
        people.grant_role(user=user, role=Role.CLERK, agency=court)
        people.grant_role(user=user, role=Role.LIAISON, agency=police)


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def _roles(*rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """Return the form data of the roles of a person."""
    sent: dict[str, Any] = {
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": initial,
    }
    for number, row in enumerate(rows):
        sent |= {f"memberships-{number}-{field}": value for field, value in row.items()}
    return sent


def _errors(response: Any) -> Any:
    return response.context and response.context.get("errors")
