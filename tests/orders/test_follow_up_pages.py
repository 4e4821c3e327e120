"""The pages of follow-ups: who sees what, what people do there, and errors beside their fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, AuditEntry, JudicialDistrict, Role, Town, User
from notifications.services.firing.fire import Firer
from orders.models import Attempt, FollowUp, Order, Referral, Transfer
from orders.services.court_days import court_day
from orders.services.firearms.inventory import list_firearm
from orders.services.follow_ups.actions import assign
from orders.services.follow_ups.orphaned import check_orphaned
from orders.services.follow_ups.referrals import refer
from orders.services.follow_ups.transfers import offer_transfer
from tests import make

pytestmark = pytest.mark.django_db

PROTECTED = "Robin Elm"


@dataclass
class Place:
    """A court, police here and elsewhere, a prosecutor's office, and somebody of each."""

    court: Agency
    police: Agency
    other: Agency
    office: Agency
    town: Town
    liaison: User
    elsewhere: User
    prosecutor: User
    clerk: User

    def overdue(self, count: int = 1, name: str = "Ash Birch") -> FollowUp:
        """Orders of this town that have just been found overdue; the follow-up of the last."""
        now = timezone.now()
        for _ in range(count):
            order = make.served_order(
                now=now,
                ago=timedelta(hours=55),
                issued_at=now - timedelta(days=3),
                court=self.court,
                respondent_town=self.town,
                respondent_name=name,
                respondent_address="7 Elm Lane",
                protected_person=PROTECTED,
            )
            list_firearm(order, source="police", serial=f"S-{order.pk}", make="Ruger", by=None, now=now)
        Firer("test").fire(now=now)
        return self.of(order)

    def of(self, order: Order) -> FollowUp:
        """The follow-up of the order's surrender."""
        return FollowUp.objects.select_related("order").get(order=order, deadline__rule_id="CT-SUR-01")

    def offered(self, follow_up: FollowUp) -> Transfer:
        """The follow-up, offered to the police elsewhere."""
        return offer_transfer(
            follow_up, to_agency=self.other, reason="The gun is with you", by=self.liaison, now=timezone.now()
        )

    def referred(self, follow_up: FollowUp) -> Referral:
        """The follow-up, laid before the prosecutor."""
        return refer(
            follow_up, agency=self.office, reason="Refused twice", by=self.liaison, now=timezone.now()
        )


@pytest.fixture
def place(db: None) -> Place:
    court, police, other = make.agency(AgencyKind.COURT), make.agency(name="Elm Police"), make.agency()
    office = make.agency(AgencyKind.PROSECUTOR)
    return Place(
        court=court,
        police=police,
        other=other,
        office=office,
        town=make.town(police),
        liaison=make.person(Role.LIAISON, police),
        elsewhere=make.person(Role.LIAISON, other),
        prosecutor=make.person(Role.PROSECUTOR, office),
        clerk=make.person(Role.CLERK, court),
    )


def browser(person: User) -> Client:
    """A browser in which the person has signed in."""
    client = Client()
    client.force_login(person)
    return client


def page_of(follow_up: FollowUp) -> str:
    return f"/follow-ups/{follow_up.public_id}/"


def read(person: User, address: str, **query: str) -> str:
    answer = browser(person).get(address, query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def instant(name: str, at: Any) -> dict[str, str]:
    """An instant as it is typed into a form, in court time."""
    return {f"{name}_0": f"{at:%Y-%m-%d}", f"{name}_1": f"{at:%H:%M} +0000"}


def attempted() -> dict[str, str]:
    now = timezone.now()
    return {
        "kind": "visit",
        "result": "moved",
        **instant("attempted_at", now - timedelta(hours=1)),
        **instant("next_action_at", now + timedelta(days=2)),
    }


# ---- the list ----------------------------------------------------------------------------------------------


def test_the_queue_shows_deadline_respondent_town_and_lateness(place: Place) -> None:
    place.overdue()

    page = read(place.liaison, "/follow-ups/")

    for said in (
        f"Ash Birch, {place.town}",
        "Firearms not surrendered, 31 hours late",
        "31 hours",
        "Overdue",
        f"Elm Police, {place.liaison.name}",
        "<strong>Now</strong>",
    ):
        assert said in page
    assert PROTECTED not in page
    assert "7 Elm Lane" not in page


def test_the_next_action_comes_first_and_filters_narrow(place: Place) -> None:
    first, second = place.overdue(name="Ash First"), place.overdue(name="Ash Second")
    FollowUp.objects.filter(pk=first.pk).update(next_action_at=timezone.now() + timedelta(days=1))
    assign(first, assigned_to=place.liaison, by=place.liaison, now=timezone.now())
    assign(second, assigned_to=None, by=place.liaison, now=timezone.now())

    agency = read(place.liaison, "/follow-ups/")
    mine = read(place.liaison, "/follow-ups/", show="mine")

    assert agency.index("Ash Second") < agency.index("Ash First")
    assert "Ash First" in mine
    assert "Ash Second" not in mine
    assert "No follow-up is open." in read(place.liaison, "/follow-ups/", show="offered")
    assert read(place.liaison, "/follow-ups/", show="nonsense").count("Ash ") == agency.count("Ash ")


def test_offers_come_first_and_only_for_the_agency_that_is_asked(place: Place) -> None:
    follow_up = place.overdue()
    assert "Ash Birch" not in read(place.elsewhere, "/follow-ups/")

    place.offered(follow_up)

    page = read(place.elsewhere, "/follow-ups/")
    assert "Transfers offered to your agency" in page
    assert "Ash Birch" in page
    assert "Ash Birch" in read(place.elsewhere, "/follow-ups/", show="offered")
    assert "Transfers offered to your agency" not in read(place.liaison, "/follow-ups/")
    assert f"offered to {place.other}" in read(place.liaison, "/follow-ups/")
    assert "asks your agency to take over 1 follow-up." in read(place.elsewhere, "/")


@pytest.mark.parametrize("role", [Role.MARSHAL, Role.ADVOCATE, Role.AUDITOR, Role.ADMINISTRATOR])
def test_roles_without_follow_ups_get_404(place: Place, role: Role) -> None:
    kinds = {Role.MARSHAL: AgencyKind.MARSHAL, Role.ADVOCATE: AgencyKind.ADVOCACY}
    agency = make.agency(kinds[role]) if role in kinds else None
    follow_up = place.overdue()
    if agency and role == Role.MARSHAL:
        follow_up.order.order_agencies.create(agency=agency, capacity="marshal")
    reader = browser(make.person(role, agency))

    assert reader.get("/follow-ups/").status_code == 404
    assert reader.get(page_of(follow_up)).status_code == 404
    assert reader.post(f"{page_of(follow_up)}take/").status_code == 404
    assert "Open the follow-ups" not in reader.get("/").content.decode()


def test_a_clerk_and_a_prosecutor_read_follow_ups_and_have_the_owner_reminded(place: Place) -> None:
    follow_up = place.overdue()
    assert "Ash Birch" not in read(place.prosecutor, "/follow-ups/", show="all")
    place.referred(follow_up)

    for reader in (place.clerk, place.prosecutor):
        assert "Ash Birch" in read(reader, "/follow-ups/", show="all")
        page = read(reader, page_of(follow_up))
        assert "Refused twice" in page
        assert PROTECTED not in page
        assert "Remind the owner now" in page
        assert ("Record the decision" in page) == (reader == place.prosecutor)
        for name in ("attempt", "transfer", "refer", "accept"):
            assert browser(reader).post(f"{page_of(follow_up)}{name}/").status_code == 404
        browser(reader).post(f"{page_of(follow_up)}take/")
    assert browser(place.clerk).post(f"{page_of(follow_up)}reminder/").status_code == 302
    follow_up.refresh_from_db()
    assert follow_up.reminded_at is not None
    assert follow_up.assigned_to == place.liaison
    assert not Attempt.objects.exists()


def test_pages_have_neither_gaps_nor_doubles(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.views.follow_ups.PAGE", 2)
    place.overdue(5)
    reader, address, found = browser(place.liaison), "/follow-ups/?show=all", []

    for _ in range(20):
        page = reader.get(address)
        found += [line.follow_up.pk for line in page.context["lines"]]
        if not (after := page.context["after"]):
            break
        address = f"/follow-ups/?show=all&after={after.replace('+', '%2B')}"

    assert found == list(FollowUp.objects.order_by("next_action_at", "pk").values_list("pk", flat=True))
    assert "First page" in page.content.decode()


@pytest.mark.parametrize("after", ["x", "2026-01-01~x", "2026-01-01T00:00:00~", "99999999999999~", "~\x00"])
def test_an_invalid_cursor_shows_the_first_page(place: Place, after: str) -> None:
    place.overdue()

    assert "Ash Birch" in read(place.liaison, "/follow-ups/", after=after)


def test_the_number_of_queries_of_both_pages_does_not_grow(place: Place) -> None:
    def queries(address: str) -> int:
        reader = browser(place.elsewhere)
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(address).status_code == 200
        return len(captured)

    first = place.overdue()
    place.offered(first)
    addresses = ["/follow-ups/", "/follow-ups/?show=all", page_of(first), "/"]
    few = [queries(one) for one in addresses]

    place.overdue(6)
    for one in FollowUp.objects.filter(deadline__rule_id="CT-SUR-01").exclude(pk=first.pk):
        place.offered(one)
    for hours in range(1, 6):
        at = instant("attempted_at", timezone.now() - timedelta(hours=hours))
        browser(place.liaison).post(f"{page_of(first)}attempt/", attempted() | at)
    assert Attempt.objects.count() == 5

    assert [queries(one) for one in addresses] == few


# ---- one follow-up -----------------------------------------------------------------------------------------


def test_the_page_shows_what_a_visit_needs_and_not_the_protected_person(place: Place) -> None:
    follow_up = place.overdue()

    page = read(place.liaison, page_of(follow_up))

    for said in (
        "Overdue since",
        "31 hours ago",
        "Ash Birch, 7 Elm Lane",
        follow_up.order.case.docket_number,
        "Ruger, serial",
        "Believed held",
        "C.G.S. § 29-36k(b)",
        "No attempt is recorded.",
        "Record an attempt",
        "Offer a transfer to other police",
        "Refer to a prosecutor",
    ):
        assert said in page
    assert PROTECTED not in page
    assert f'href="{page_of(follow_up)}"' in read(place.liaison, notice_of(place))
    assert "Quién debe actuar:" in read(place.liaison, page_of(follow_up), language="es")
    entries = AuditEntry.objects.filter(cases__contains=[follow_up.order.case.public_id])
    assert {one.actor for one in entries} == {place.liaison}


def notice_of(place: Place) -> str:
    """The address of the liaison's newest notice."""
    from notifications.models import Alert

    return f"/notices/{Alert.objects.filter(recipient=place.liaison).latest('pk').public_id}/"


def test_an_attempt_is_recorded(place: Place) -> None:
    follow_up = place.overdue()

    page = browser(place.liaison).post(f"{page_of(follow_up)}attempt/", attempted(), follow=True)

    said = page.content.decode()
    assert "The attempt is recorded." in said
    assert "Moved away" in said
    assert Attempt.objects.get().by == place.liaison


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": ""}, "Choose one for “"),
        ({"attempted_at_1": "lunch"}, "is not a time of day"),
        (lambda: instant("attempted_at", timezone.now() + timedelta(days=1)), "is in the future"),
        (lambda: instant("next_action_at", timezone.now() - timedelta(days=1)), "is in the past. Enter when"),
        ({"next_action_at_0": "", "next_action_at_1": ""}, "Enter the date and the time"),
    ],
)
def test_an_error_is_shown_beside_its_field_and_other_values_stay(
    place: Place, typed: dict[str, str] | Callable[[], dict[str, str]], said: str
) -> None:
    follow_up = place.overdue()
    given = typed() if callable(typed) else typed

    answer = browser(place.liaison).post(f"{page_of(follow_up)}attempt/", attempted() | given)

    page = answer.content.decode()
    field = page[page.index('class="field invalid"') :]
    assert said in field[: field.index("</fieldset>" if "fieldset" in field[:400] else "</div>") + 400]
    assert page.count('class="field invalid"') == 1
    assert '<details class="card act" open>' in page
    assert re.search(r'value="moved"[^>]* checked', page)
    assert not Attempt.objects.exists()


def test_it_is_taken_assigned_and_rescheduled(place: Place) -> None:
    follow_up = place.overdue()
    colleague = make.person(Role.LIAISON, place.police)
    reader = browser(colleague)

    reader.post(f"{page_of(follow_up)}take/")
    assert FollowUp.objects.get(pk=follow_up.pk).assigned_to == colleague
    assert "Take it" not in reader.get(page_of(follow_up)).content.decode()
    reader.post(f"{page_of(follow_up)}assign/", {"assigned_to": place.liaison.pk})
    assert FollowUp.objects.get(pk=follow_up.pk).assigned_to == place.liaison
    reader.post(f"{page_of(follow_up)}assign/", {"assigned_to": ""})
    assert FollowUp.objects.get(pk=follow_up.pk).assigned_to is None
    stranger = reader.post(f"{page_of(follow_up)}assign/", {"assigned_to": place.elsewhere.pk})
    assert "not one of the available choices" in stranger.content.decode()
    later = timezone.now() + timedelta(days=3)
    reader.post(
        f"{page_of(follow_up)}next-action/", {**instant("next_action_at", later), "reason": "Court sits"}
    )

    assert FollowUp.objects.get(pk=follow_up.pk).next_action_at == later.replace(second=0, microsecond=0)


def test_a_clerk_acts_on_follow_ups_that_the_court_owns(place: Place) -> None:
    place.overdue()
    check_orphaned(now=timezone.now())
    courts = FollowUp.objects.filter(owner=place.court).earliest("pk")
    address, clerk = page_of(courts), browser(place.clerk)
    later = instant("next_action_at", timezone.now() + timedelta(days=1))

    assert address in read(place.clerk, "/follow-ups/")
    clerk.post(f"{address}take/")
    clerk.post(f"{address}next-action/", {**later, "reason": "The marshal was asked"})

    courts.refresh_from_db()
    assert courts.assigned_to == place.clerk
    assert courts.next_action_at > timezone.now()
    assert address in read(place.clerk, "/follow-ups/", show="mine")
    page = read(place.clerk, address)
    assert "Record an attempt" not in page
    assert "Offer a transfer to other police" not in page


def test_a_transfer_is_offered_and_accepted(place: Place) -> None:
    follow_up = place.overdue()
    here, there = browser(place.liaison), browser(place.elsewhere)
    assert there.get(page_of(follow_up)).status_code == 404

    here.post(
        f"{page_of(follow_up)}transfer/", {"to_agency": place.other.pk, "reason": "The gun is with you"}
    )
    assert "The gun is with you" in there.get(page_of(follow_up)).content.decode()
    answer = there.post(f"{page_of(follow_up)}accept/", follow=True)

    assert "Your agency is the owner now." in answer.content.decode()
    assert FollowUp.objects.get(pk=follow_up.pk).owner == place.other
    stale = here.post(f"{page_of(follow_up)}attempt/", attempted())
    assert "your agency may not do it now" in stale.content.decode()
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(("ago", "begins_with"), [(-3, "planned"), (1, "tomorrow")])
def test_accepting_begins_with_a_next_action_that_is_ahead(place: Place, ago: int, begins_with: str) -> None:
    follow_up = place.overdue()
    place.offered(follow_up)
    now = timezone.now()
    FollowUp.objects.filter(pk=follow_up.pk).update(next_action_at=now - timedelta(hours=ago))

    page = read(place.elsewhere, page_of(follow_up))

    day = now + timedelta(hours=3) if begins_with == "planned" else now + timedelta(days=1)
    (typed,) = re.findall(r'<input type="date" name="next_action_at_0" value="([^"]+)"', page)
    assert typed == f"{court_date(day):%Y-%m-%d}"


def test_a_transfer_is_declined_with_a_reason_and_access_ends(place: Place) -> None:
    follow_up = place.overdue()
    place.offered(follow_up)
    there = browser(place.elsewhere)

    without = there.post(f"{page_of(follow_up)}decline/", {"reason": ""})
    assert "Fill in “" in without.content.decode()
    answer = there.post(f"{page_of(follow_up)}decline/", {"reason": "No staff"}, follow=True)

    assert answer.redirect_chain == [("/follow-ups/", 302)]
    assert "Declined." in answer.content.decode()
    assert there.get(page_of(follow_up)).status_code == 404
    assert "No staff" in read(place.liaison, page_of(follow_up))


def test_an_offer_is_withdrawn(place: Place) -> None:
    follow_up = place.overdue()
    place.offered(follow_up)
    assert "Offer a transfer to other police" not in read(place.liaison, page_of(follow_up))

    browser(place.liaison).post(f"{page_of(follow_up)}withdraw/")

    assert Transfer.objects.get().withdrawn_at is not None
    assert browser(place.elsewhere).get(page_of(follow_up)).status_code == 404


def test_it_is_referred_and_decided(place: Place) -> None:
    follow_up = place.overdue()
    browser(place.liaison).post(
        f"{page_of(follow_up)}refer/", {"agency": place.office.pk, "reason": "Refused twice"}
    )
    assert "Referred to" in read(place.liaison, page_of(follow_up))

    day = court_day(follow_up.order, timezone.now())
    answer = browser(place.prosecutor).post(
        f"{page_of(follow_up)}decide/",
        {"outcome": "warrant", "decided_on": f"{day}", "decision_reason": "Both guns are there."},
        follow=True,
    )

    assert "Warrant applied for" in answer.content.decode()
    assert "Both guns are there." in read(place.liaison, page_of(follow_up))
    assert Referral.objects.get().decided_by == place.prosecutor


def test_a_referral_starts_with_the_prosecutor_of_the_courts_district(place: Place) -> None:
    tolland, windham = (JudicialDistrict.objects.create(name=name) for name in ("Tolland", "Windham"))
    attorneys = [make.agency(AgencyKind.PROSECUTOR) for _ in range(3)]
    for one, district in zip(attorneys, (windham, tolland, None), strict=True):
        Agency.objects.filter(pk=one.pk).update(judicial_district=district)
    Agency.objects.filter(pk=place.court.pk).update(judicial_district=tolland)
    follow_up = place.overdue()

    offered = read(place.liaison, page_of(follow_up)).split('name="agency"')[1].split("</select>")[0]

    assert f'<option value="{attorneys[1].pk}" selected>' in offered
    assert offered.count("selected") == 1
    assert offered.index(f'value="{attorneys[1].pk}"') < offered.index(f'value="{place.office.pk}"')


def test_a_closed_follow_up_is_read_only(place: Place) -> None:
    follow_up = place.overdue()
    FollowUp.objects.filter(pk=follow_up.pk).update(closed_at=timezone.now(), outcome="met")

    page = read(place.liaison, page_of(follow_up))

    assert "None: closed" in page
    assert "What you can do" not in page
    assert (
        "your agency may not do it now"
        in browser(place.liaison).post(f"{page_of(follow_up)}take/").content.decode()
    )


def test_an_unknown_follow_up_or_act_gets_404(place: Place) -> None:
    follow_up, here = place.overdue(), browser(place.liaison)

    assert here.post(f"{page_of(follow_up)}delete/").status_code == 404
    assert here.get(f"{page_of(follow_up)}take/").headers["Location"] == page_of(follow_up)
    assert browser(place.elsewhere).get(page_of(follow_up)).status_code == 404
    assert browser(place.elsewhere).post(f"{page_of(follow_up)}take/").status_code == 404


def test_pages_have_no_inline_script_or_style(place: Place) -> None:
    follow_up = place.overdue()

    for address in ("/follow-ups/", page_of(follow_up)):
        page = read(place.liaison, address)
        assert "<style" not in page
        assert " style=" not in page
