"""A clerk enters an order. Impossible values are rejected beside their fields, and nothing is stored."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, AuditEntry, Membership, Role, Town, User
from orders.models import Case, HistoryEntry, Order
from tests import make
from tests.orders.test_admin.conftest import COURT_TIME, Enter, page_of, signed_in

pytestmark = pytest.mark.django_db

ADD = "/admin/orders/order/add/"


@pytest.fixture
def town(db: None) -> Town:
    """Where the respondent lives."""
    return make.town()


@pytest.fixture
def sheet(court: Agency, town: Town) -> dict[str, Any]:
    """What a clerk types of a whole order."""
    return {
        "court": court.pk,
        "docket_number": " HHD-FA26-17-S ",
        "por_number": "POR17",
        "kind": "ex_parte_restraining_order",
        "issued_at_0": "2025-12-04",
        "issued_at_1": "4:00 pm",
        "expires_on": "2025-12-10",
        "hearing_on": "2025-12-10",
        "respondent_name": "Ash Birch",
        "respondent_dob": "1980-02-29",
        "respondent_town": town.pk,
        "protected_person": "Robin Elm",
        "address_confidential": "on",
        "firearms_indicated": "on",
    }


def test_an_order_is_entered_whole(desk: Client, clerk: User, sheet: dict[str, Any]) -> None:
    response = desk.post(ADD, sheet)

    order = Order.objects.select_related("case__respondent").get()
    assert (response.status_code, response.headers["Location"]) == (302, page_of(order))
    assert order.case.docket_number == "HHD-FA26-17-S"
    assert order.issued_at == datetime(2025, 12, 4, 16, 0, tzinfo=COURT_TIME)
    assert (order.por_number, order.expires_on) == ("POR17", date(2025, 12, 10))
    assert order.case.respondent.date_of_birth == date(1980, 2, 29)
    assert order.protected_persons.get().address_confidential
    assert order.hearings.get().scheduled_on == date(2025, 12, 10)
    assert order.firearms_indicated
    assert HistoryEntry.objects.get().actor == clerk
    page = desk.get(page_of(order)).content.decode()
    for said in ("Ash Birch", "Robin Elm", "address confidential", "POR17", "Thu, Dec 4, 2025, 4:00 p.m."):
        assert said in page


def test_filer_standard_and_address_are_stored_if_stated(desk: Client, sheet: dict[str, Any]) -> None:
    stated = {
        "filed_by": "intimate_partner",
        "proof_found": "preponderance",
        "respondent_address": "7 Elm Lane",
    }

    desk.post(ADD, sheet | stated)

    order = Order.objects.select_related("case__respondent").get()
    assert (order.filed_by, order.proof_found, order.area) == ("intimate_partner", "preponderance", "")
    assert order.case.respondent.address == "7 Elm Lane"


@pytest.mark.parametrize(
    ("day", "typed", "utc"),
    [
        ("2025-12-04", "4pm", "2025-12-04T21:00"),
        ("2025-12-04", "4:05p", "2025-12-04T21:05"),
        ("2025-12-04", "1605", "2025-12-04T21:05"),
        ("2025-12-04", "noon", "2025-12-04T17:00"),
        ("2025-11-02", "1:30 a.m. EDT", "2025-11-02T05:30"),
        ("2025-11-02", "1:30 a.m. est", "2025-11-02T06:30"),
        ("2025-11-02", "1:30 -0500", "2025-11-02T06:30"),
        ("2025-12-04", "21:00Z", "2025-12-04T21:00"),
    ],
)
def test_the_time_of_issue_is_typed_as_people_type(
    desk: Client, sheet: dict[str, Any], day: str, typed: str, utc: str
) -> None:
    endless = {"expires_on": "", "hearing_on": "", "confirm": "The judge sets the hearing tomorrow."}
    desk.post(ADD, sheet | {"issued_at_0": day, "issued_at_1": typed} | endless)

    issued = Order.objects.get().issued_at
    assert issued is not None
    assert f"{issued.astimezone(UTC):%Y-%m-%dT%H:%M}" == utc


def test_one_sheet_enters_firearms_a_permit_and_the_time_of_the_hearing(
    desk: Client, sheet: dict[str, Any]
) -> None:
    listed = {
        "hearing_time": "9:30 am",
        "judge": "A. Rowan",
        "permit_kind": "Pistol permit",
        "permit_number": "P-7",
        "gun_1_make": "Glock",
        "gun_1_serial": "AB123",
        "gun_3_make": "Ruger",
        "gun_3_caliber": ".22",
    }

    assert desk.post(ADD, sheet | listed).status_code == 302

    order = Order.objects.get()
    assert order.hearings.get().scheduled_time == time(9, 30)
    assert order.hearings.get().judge == "A. Rowan"
    assert order.permits.get().number == "P-7"
    assert list(order.firearms.values_list("make", "serial", "caliber")) == [
        ("Glock", "AB123", ""),
        ("Ruger", "", ".22"),
    ]


def test_each_line_of_a_firearm_shows_its_number(desk: Client) -> None:
    page = desk.get(ADD).content.decode()

    for number in (1, 2, 3, 4):
        assert f"Firearm {number}: make:</label>" in page


def test_a_refused_firearm_is_marked_in_its_line_and_nothing_is_stored(
    desk: Client, sheet: dict[str, Any]
) -> None:
    twice = {"gun_1_serial": "AB123", "gun_2_serial": "AB123"}

    form = desk.post(ADD, sheet | twice).context["form"]

    assert list(form.errors) == ["gun_2_serial"]
    assert not Order.objects.exists()


def test_the_end_of_an_ex_parte_order_is_asked_about(desk: Client, sheet: dict[str, Any]) -> None:
    endless = sheet | {"expires_on": "", "hearing_on": ""}

    asked = desk.post(ADD, endless)
    assert "An ex parte order ends at the hearing." in asked.content.decode()
    assert not Order.objects.exists()

    assert desk.post(ADD, endless | {"confirm": "The judge sets it tomorrow."}).status_code == 302


def test_makes_calibers_and_types_are_offered(desk: Client) -> None:
    page = desk.get(ADD).content.decode()

    assert '<datalist id="words-makes">' in page
    assert '<option value="Glock">' in page
    assert 'list="words-calibers"' in page


def test_the_time_of_issue_may_be_unknown(desk: Client, sheet: dict[str, Any]) -> None:
    desk.post(ADD, sheet | {"issued_at_1": ""})

    order = Order.objects.get()
    assert (order.issued_on, order.issued_at) == (date(2025, 12, 4), None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"docket_number": "  "}, "Fill in “"),
        ({"kind": "peace_bond"}, "not one of the available choices"),
        ({"issued_at_0": "", "issued_at_1": ""}, "Enter the day of issue"),
        ({"issued_at_0": ""}, "Give the date too."),
        ({"issued_at_0": "0025-12-04"}, "is not a date from 1900 to 2199. Correct the year."),
        ({"issued_at_1": "25:00"}, "is not a time of day. Write 6:30 p.m., 18:30 or noon."),
        ({"issued_at_1": "half past four"}, "is not a time of day. Write 6:30 p.m., 18:30 or noon."),
        ({"issued_at_1": "14:00 pm"}, "is not a time of day. Write 6:30 p.m., 18:30 or noon."),
        ({"issued_at_1": "7"}, "can be morning or afternoon. Write 7 a.m. or 7 p.m."),
        ({"issued_at_1": "midnight"}, "the start or the end of a day. Write 12:00 a.m."),
        ({"issued_at_1": "4 pm EDT"}, "does not show EDT on that day. Leave it out."),
        ({"issued_at_0": "2025-11-02", "issued_at_1": "1:30"}, "occurs twice"),
        ({"issued_at_0": "2025-03-09", "issued_at_1": "2:30 am"}, "does not occur"),
        (
            {"issued_at_0": "2199-12-04", "expires_on": "", "hearing_on": ""},
            "is in the future. Correct the date of the order.",
        ),
        ({"expires_on": "2025-12-03"}, "is before the date of the order, Thu, Dec 4, 2025"),
        ({"hearing_on": "2025-12-01"}, "is before the date of the order, Thu, Dec 4, 2025"),
        ({"respondent_dob": "2199-01-01"}, "Tue, Jan 1, 2199 is in the future. Correct the date of birth."),
        ({"respondent_town": "Gotham"}, "“Gotham” is not a town or village in Connecticut."),
        ({"respondent_name": "x" * 201}, "at most 200 characters"),
        ({"respondent_name": "\0\u200b"}, "Fill in “"),
        ({"respondent_address": "x" * 201}, "at most 200 characters"),
        ({"filed_by": "law_enforcement"}, "(C.G.S. § 46b-15(a);"),
        ({"filed_by": "neighbour"}, "not one of the available choices"),
        ({"proof_found": "belief"}, "not one of the available choices"),
    ],
)
def test_an_impossible_order_is_rejected_with_the_remedy(
    wrong: dict[str, Any], said: str, desk: Client, sheet: dict[str, Any]
) -> None:
    response = desk.post(ADD, sheet | wrong)

    page = response.content.decode()
    assert response.status_code == 200
    assert said in page
    assert "Nothing is saved yet." in page
    assert "<title>Error: " in page
    assert "errorlist nonfield" not in page
    assert not Case.objects.exists()
    assert not HistoryEntry.objects.exists()


@pytest.mark.parametrize(
    ("typed", "utc"), [("1:30 -0400", 5), ("01:30-05:00", 6), ("1:30 am -04:00", 5), ("05:30Z", 5)]
)
def test_an_offset_decides_between_two_times(
    typed: str, utc: int, desk: Client, sheet: dict[str, Any]
) -> None:
    desk.post(
        ADD,
        sheet
        | {"issued_at_0": "2025-11-02", "issued_at_1": typed, "expires_on": "", "hearing_on": "2025-11-07"},
    )

    issued = Order.objects.get().issued_at
    assert issued is not None
    assert (issued.utctimetuple().tm_hour, issued.minute) == (utc, 30)


def test_a_registry_number_is_entered_once(desk: Client, enter: Enter, sheet: dict[str, Any]) -> None:
    enter(por_number="POR17", respondent_name="Ivy Oakley")

    page = desk.post(ADD, sheet).content.decode()

    assert "POR17 is already entered. Open that order and correct it instead." in page
    assert Order.objects.count() == 1


def test_a_clerk_enters_orders_only_for_courts_of_their_own(
    desk: Client, court: Agency, sheet: dict[str, Any]
) -> None:
    other = make.agency(AgencyKind.COURT)

    page = desk.post(ADD, sheet | {"court": other.pk}).content.decode()

    assert "not one of the available choices" in page
    assert other.name not in page
    assert not Order.objects.exists()


def test_a_clerk_of_two_courts_chooses_one(court: Agency, clerk: User, sheet: dict[str, Any]) -> None:
    other = make.agency(AgencyKind.COURT)
    Membership.objects.create(user=clerk, agency=other, role=Role.CLERK)
    browser = signed_in(clerk)

    form = browser.get(ADD).context["form"]
    assert form["court"].value() is None
    assert "autofocus" in form["court"].as_widget()
    browser.post(ADD, sheet | {"court": other.pk})

    assert Order.objects.get().case.court == other


def test_typing_begins_at_the_first_field_and_not_after_errors(desk: Client) -> None:
    begun, refused = desk.get(ADD), desk.post(ADD, {"docket_number": ""})

    assert "autofocus" in begun.context["form"]["docket_number"].as_widget()
    assert begun.content.count(b" autofocus") == 1
    assert b" autofocus" not in refused.content


def test_the_form_works_on_a_phone_and_without_javascript(desk: Client) -> None:
    page = desk.get(ADD).content.decode()

    assert 'name="viewport"' in page
    assert 'type="date"' in page
    assert "jsi18n" not in page


def test_an_order_of_yesterday_is_accepted(desk: Client, sheet: dict[str, Any], now: datetime) -> None:
    yesterday = (now - timedelta(days=1)).astimezone(COURT_TIME)

    endless = {"expires_on": "", "hearing_on": "", "confirm": "The judge sets the hearing tomorrow."}
    desk.post(ADD, sheet | {"issued_at_0": f"{yesterday:%Y-%m-%d}"} | endless)

    assert Order.objects.get().issued_on == yesterday.date()


@pytest.mark.parametrize(
    "pasted",
    ["HHD-FA26-6012345\u200b-S", "HHD\u2013FA26\u20136012345\u2013S", "\u200fHHD-FA26-6012345-S"],
)
def test_a_pasted_docket_is_cleaned_and_found(pasted: str, desk: Client, sheet: dict[str, Any]) -> None:
    desk.post(ADD, sheet | {"docket_number": pasted})

    assert Case.objects.get().docket_number == "HHD-FA26-6012345-S"
    desk.post("/admin/orders/order/", {"q": pasted})
    assert "Ash Birch" in desk.get("/admin/orders/order/").content.decode()


def test_a_docket_in_another_form_asks_for_a_reason(desk: Client, sheet: dict[str, Any]) -> None:
    odd = sheet | {"docket_number": "26CIV01234"}

    asked = desk.post(ADD, odd).content.decode()

    assert "26CIV01234 does not look like a Connecticut docket number" in asked
    assert "Reason to continue" in asked
    assert not Order.objects.exists()
    desk.post(ADD, odd | {"confirm": "The court of New York sent it."})
    assert Order.objects.get().case.docket_number == "26CIV01234"
    assert HistoryEntry.objects.get().reason == "The court of New York sent it."


def test_a_docket_with_an_unusual_sequence_is_taken_with_a_warning(
    desk: Client, sheet: dict[str, Any]
) -> None:
    page = desk.post(ADD, sheet | {"docket_number": "HHD-FA26-60123-S"}, follow=True).content.decode()

    assert "Check the docket number." in page
    assert Case.objects.get().docket_number == "HHD-FA26-60123-S"


def test_an_order_that_is_entered_already_is_a_question(
    desk: Client, court: Agency, sheet: dict[str, Any]
) -> None:
    """Another clerk sends the same paper from another browser."""
    sheet |= {"por_number": ""}
    other = signed_in(make.person(Role.CLERK, court))
    desk.post(ADD, sheet)

    asked = other.post(ADD, sheet).context["form"]

    assert "is entered already, with the last day Wed, Dec 10, 2025" in asked.errors["docket_number"][0]
    assert Order.objects.count() == 1
    # For another protected person, of another time or of another kind it is another order.
    others = ({"protected_person": "Sky Elm"}, {"issued_at_1": "5:00 pm"}, {"kind": "restraining_order"})
    assert [other.post(ADD, sheet | one).status_code for one in others] == [302, 302, 302]
    other.post(ADD, sheet | {"confirm": "The court issued two."})
    assert Order.objects.count() == 5


def test_a_similar_person_is_offered_before_the_order_is_entered(
    desk: Client, enter: Enter, sheet: dict[str, Any]
) -> None:
    known = enter(respondent_name=sheet["respondent_name"], docket_number="HHD-FA26-6099999-S")
    before = Order.objects.count()

    page = desk.post(ADD, sheet).content.decode()

    assert "Is this the same person?" in page
    assert "HHD-FA26-6099999-S" in page
    assert Order.objects.count() == before

    person = known.case.respondent.person
    desk.post(ADD, {**sheet, "person": str(person.public_id)})
    entered = Order.objects.latest("pk")
    assert entered.case.respondent.person == person


def test_two_people_with_one_name_and_one_birthday_are_a_question(
    desk: Client, enter: Enter, sheet: dict[str, Any]
) -> None:
    """One of them alone would be joined without a question."""
    known: dict[str, Any] = {"respondent_name": "Ash Birch", "respondent_dob": date(1980, 2, 29)}
    first = enter(docket_number="HHD-FA26-6011111-S", **known)
    second = enter(docket_number="HHD-FA26-6022222-S", is_another_person=True, **known)
    persons = {one.case.respondent.person for one in (first, second)}
    assert len(persons) == 2

    asked = desk.post(ADD, sheet).context["form"]

    assert list(asked.errors) == ["person"]
    offered = [value for value, _ in asked.fields["person"].choices]
    assert (set(offered[:-1]), offered[-1]) == ({str(one.public_id) for one in persons}, "another")
    for docket in ("HHD-FA26-6011111-S", "HHD-FA26-6022222-S"):
        assert any(docket in words for _, words in asked.fields["person"].choices)
    assert Order.objects.count() == 2
    desk.post(ADD, sheet | {"person": str(second.case.respondent.person.public_id)})
    assert Order.objects.latest("pk").case.respondent.person == second.case.respondent.person
    desk.post(ADD, sheet | {"docket_number": "HHD-FA26-18-S", "por_number": "", "person": "another"})
    assert Order.objects.latest("pk").case.respondent.person not in persons


def test_another_person_is_entered_as_chosen(desk: Client, enter: Enter, sheet: dict[str, Any]) -> None:
    known = enter(respondent_name=sheet["respondent_name"])

    desk.post(ADD, {**sheet, "person": "another"})

    entered = Order.objects.latest("pk")
    assert entered.pk != known.pk
    assert entered.case.respondent.person_id != known.case.respondent.person_id


def test_a_docket_of_another_respondent_offers_that_person(
    desk: Client, enter: Enter, sheet: dict[str, Any]
) -> None:
    known = enter(respondent_name="Ivy Oakley", docket_number=sheet["docket_number"].strip())

    page = desk.post(ADD, sheet).content.decode()
    assert "Ivy Oakley" in page

    desk.post(ADD, {**sheet, "person": str(known.case.respondent.person.public_id)})
    assert Order.objects.latest("pk").case_id == known.case_id


def test_one_round_shows_every_error_with_a_link_to_its_field(desk: Client, sheet: dict[str, Any]) -> None:
    """A missing value, what the service refuses of others, and a permit without its kind."""
    wrong = sheet | {
        "respondent_town": "",
        "hearing_on": "2025-12-01",
        "respondent_dob": "2025-12-30",
        "permit_number": "P-1",
        "issued_at_1": "25:00",
    }

    first = desk.post(ADD, wrong).content.decode()
    second = desk.post(ADD, wrong | {"issued_at_1": "4:00 pm"}).content.decode()

    assert 'href="#id_issued_at_0"' in first
    assert 'href="#id_permit_kind"' in first
    summary = second.partition('class="error-links"')[2].partition("</ul>")[0]
    for name in ("respondent_town", "hearing_on", "respondent_dob", "permit_kind"):
        assert f'href="#id_{name}"' in summary, name
        assert second.count(f'id="id_{name}"') == 1
    assert summary.count("<li>") == 4
    assert not Order.objects.exists()


def test_doubts_and_refusals_of_all_parts_come_together(desk: Client, sheet: dict[str, Any]) -> None:
    wrong = sheet | {
        "docket_number": "77",
        "hearing_on": "",
        "expires_on": "",
        "permit_number": "P-1",
        "respondent_dob": "2024-02-02",
    }

    page = desk.post(ADD, wrong).content.decode()

    summary = page.partition('class="error-links"')[2].partition("</ul>")[0]
    for name in ("docket_number", "hearing_on", "permit_kind", "respondent_dob"):
        assert f'href="#id_{name}"' in summary, name
    assert 'name="confirm"' in page


def test_known_people_of_the_court_are_offered_while_a_name_is_typed(
    desk: Client, court: Agency, enter: Enter, now: datetime
) -> None:
    born = date(1983, 2, 3)
    old = enter(
        respondent_name="Reese Ibarra", respondent_dob=born, expires_on=court_date(now - timedelta(1))
    )
    live = enter(respondent_name="Reese Ibarra", respondent_dob=born)
    enter(respondent_name="Sawyer Hollis")
    elsewhere = make.order(now=now, respondent_name="Reese Ibarra", issued_at=now - timedelta(days=2))
    known = "/admin/orders/order/known/"
    typed = {"respondent_name": "ibar", "court": court.pk}

    page = desk.post(known, typed).content.decode()

    assert page.count("data-person=") == 1
    assert 'data-born="1983-02-03"' in page
    assert f"1 live order: {live.case.docket_number}" in page
    assert old.case.docket_number not in page
    assert elsewhere.case.docket_number not in page
    assert AuditEntry.objects.latest("id").cases in ([live.case.public_id], [old.case.public_id])
    assert "data-person" not in desk.post(known, {**typed, "respondent_name": "ib"}).content.decode()
    assert "data-person" not in desk.post(known, {**typed, "court": elsewhere.case.court.pk}).content.decode()
    assert desk.get(known).status_code == 404
    assert signed_in(make.person(Role.JUDGE, court)).post(known, typed).status_code == 404
