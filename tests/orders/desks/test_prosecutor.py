"""The prosecutor's desk: referrals with what is behind them, the time to decide, and dates in court."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, JudicialDistrict, Role, User
from notifications.services.firing.fire import Firer
from orders.models import Firearm, FollowUp, Referral
from orders.services.firearms.receipts import record_receipt
from orders.services.follow_ups.referrals import record_outcome, refer
from orders.services.hearings import schedule_hearing
from orders.services.orders.corrections import correct_order
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, make_place, page_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def office(db: None) -> Agency:
    return make.agency(AgencyKind.PROSECUTOR)


@pytest.fixture
def prosecutor(office: Agency) -> User:
    return make.person(Role.PROSECUTOR, office)


def referred(place: Place, office: Agency, name: str = "Ash Birch") -> Referral:
    """An overdue surrender that police referred."""
    order = place.order(name, firearms=2)
    Firer("test").fire(now=timezone.now())
    task = FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01")
    return refer(task, agency=office, reason=f"{name} refuses", by=place.liaison, now=timezone.now())


def test_a_referred_case_begins_with_the_decision_for_its_office_alone(
    place: Place, office: Agency, prosecutor: User
) -> None:
    one = referred(place, office)
    address = f"/follow-ups/{one.follow_up.public_id}/?next=decide"
    decide = f'<a class="button primary" href="{address}">Decide the referral</a>'

    page = read(prosecutor, page_of(one.order))
    assert decide in page
    # What only police do is offered to police alone.
    for words in ("Record an attempt at recovery", "Transfer, refer or change"):
        assert words not in page
        assert words in read(place.liaison, page_of(one.order))
    assert "Decide the referral" not in read(place.liaison, page_of(one.order))
    record_outcome(
        one,
        outcome="declined",
        decided_on=court_date(timezone.now()),
        decision_reason="No proof",
        by=prosecutor,
        now=timezone.now(),
    )
    assert "Decide the referral" not in read(prosecutor, page_of(one.order))


def test_a_referral_waits_with_its_file_and_its_time(place: Place, office: Agency, prosecutor: User) -> None:
    one = referred(place, office)
    now = timezone.now()
    schedule_hearing(
        one.order,
        purpose="contempt",
        scheduled_on=(now + timedelta(days=6)).date(),
        confirm="A test.",
        by=None,
        now=now,
    )

    text = read(prosecutor, "/referrals/")

    for words in ("Ash Birch", "Ash Birch refuses", "Decide by", "0 of 2 accounted for", "Contempt"):
        assert words in text, words
    assert PROTECTED not in text
    assert "No attempt of police" in text
    page = f"/follow-ups/{one.follow_up.public_id}/"
    assert f"{page}?next=decide" in text
    decided = {
        "outcome": "declined",
        "decided_on": str(now.date() - timedelta(days=0)),
        "decision_reason": "",
    }
    assert "Fill in “" in browser(prosecutor).post(f"{page}decide/", decided).content.decode()
    record_outcome(
        one,
        outcome="declined",
        decision_reason="The denial is credible.",
        decided_on=timezone.localdate(),
        by=prosecutor,
        now=timezone.now(),
    )
    after = read(prosecutor, "/referrals/")
    assert "No referral waits" in after
    assert "The denial is credible." in after


def test_the_state_s_attorney_who_filed_sees_the_dates_of_a_risk_protection_order(
    place: Place, office: Agency, prosecutor: User
) -> None:
    district = JudicialDistrict.objects.create(name="Tolland")
    Agency.objects.filter(pk__in=[office.pk, place.court.pk]).update(judicial_district=district)
    place.court.refresh_from_db()
    now = timezone.now()
    asked = {"filed_by": "states_attorney", "proof_found": "probable_cause", "kind": "risk_protection_order"}
    order = place.order("Rae Risk", hours=None, firearms=0, **asked)
    schedule_hearing(
        order,
        purpose="application",
        scheduled_on=(now + timedelta(days=6)).date(),
        confirm="A test.",
        by=None,
        now=now,
    )

    assert "Rae Risk" in read(prosecutor, "/referrals/").split("Dates in court")[1]

    correct_order(order, filed_by="law_enforcement", reason="Misread.", by=None, now=now)
    assert "Rae Risk" not in read(prosecutor, "/referrals/")


def test_another_office_and_other_roles_find_nothing(place: Place, office: Agency, prosecutor: User) -> None:
    one = referred(place, office)
    other = make.person(Role.PROSECUTOR, make.agency(AgencyKind.PROSECUTOR))

    text = read(other, "/referrals/")

    assert "No referral waits" in text
    assert "No hearing on contempt" in text
    assert "Ash Birch" not in text
    assert browser(other).get(f"/cases/{one.order.public_id}/").status_code == 404
    assert browser(prosecutor).get(f"/cases/{one.order.public_id}/").status_code == 200
    for person in (place.liaison, make.person(Role.CLERK, place.court)):
        assert browser(person).get("/referrals/").status_code == 404


def test_the_page_asks_as_often_for_many_referrals_as_for_one(
    place: Place, office: Agency, prosecutor: User
) -> None:
    client = browser(prosecutor)
    referred(place, office)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get("/referrals/").status_code == 200
        return len(found)

    queries()
    one = queries()
    for number in range(3):
        referred(place, office, f"Person {number}")
    assert queries() == one


def test_a_referral_is_decided_also_after_the_firearms_came_in(
    place: Place, office: Agency, prosecutor: User
) -> None:
    one, now = referred(place, office), timezone.now()
    firearms = list(Firearm.objects.filter(order=one.order))
    record_receipt(
        one.order, kind="police", received_at=now, agency=place.police, firearms=firearms, by=None, now=now
    )
    assert FollowUp.objects.get(pk=one.follow_up_id).closed_at is not None
    assert "Read and decide" in read(prosecutor, "/referrals/")

    task = f"/follow-ups/{one.follow_up.public_id}/"
    assert f'action="{task}decide/"' in read(prosecutor, f"{task}?next=decide")
    assert f'action="{task}decide/"' not in read(place.liaison, task)
    sent = {"outcome": "declined", "decided_on": f"{court_date(now)}", "decision_reason": "Handed in, late"}
    browser(prosecutor).post(f"{task}decide/", sent)

    assert Referral.objects.get(pk=one.pk).outcome == "declined"
    assert "Read and decide" not in read(prosecutor, "/referrals/")


def test_the_board_of_an_office_that_owns_no_follow_up_begins_with_all_cases(
    place: Place, office: Agency, prosecutor: User
) -> None:
    referred(place, office)
    assert '<div id="board" data-all ' in read(prosecutor, "/")
    assert '<div id="board" data-address' in read(place.liaison, "/")
