"""One person behind several respondents: joined by an equal name and birthday, or by a clerk."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Agency, AgencyKind, Role, User
from orders.errors import InvalidFact
from orders.models import DeadlineState, Firearm, FirearmStatus, Order, Person, PersonDecision, Respondent
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.orders.entry import enter_order
from orders.services.orders.withdrawal import withdraw_order
from orders.services.parties import persons
from orders.services.parties.respondents import correct_respondent
from tests import make

pytestmark = pytest.mark.django_db

BORN = date(1980, 4, 19)
BY: dict[str, Any] = {"by": None, "now": make.NOW}


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def clerk(court: Agency) -> User:
    return make.person(Role.CLERK, court)


def enter(court: Agency, name: str = "Ash Birch", born: date | None = BORN, **given: Any) -> Order:
    return make.served_order(court=court, respondent_name=name, respondent_dob=born, **given)


def person_of(order: Order) -> int:
    return Respondent.objects.get(cases__orders=order).person_id


def state(order: Order) -> str:
    return make.deadline(order, "CT-SUR-01").state


@pytest.mark.parametrize("name", ["ASH BIRCH", "ash\u200b birch", "A\u0301sh Birch", "Ash-Birch"])
def test_an_equal_name_and_birthday_are_one_person(name: str, court: Agency) -> None:
    first, second = enter(court), enter(court, name)

    assert person_of(first) == person_of(second)
    assert first.case_id != second.case_id


@pytest.mark.parametrize(
    ("name", "born"), [("Ash Birch", None), ("Ash Birch", date(1981, 4, 19)), ("Asher Birch", BORN)]
)
def test_anything_weaker_is_two_people(name: str, born: date | None, court: Agency) -> None:
    assert person_of(enter(court)) != person_of(enter(court, name, born))


def test_the_same_person_at_two_courts_is_one_person(court: Agency) -> None:
    assert person_of(enter(court)) == person_of(enter(make.agency(AgencyKind.COURT)))


def test_a_clerk_joins_two_and_keeps_them_apart_again(court: Agency, clerk: User) -> None:
    first, second = enter(court), enter(court, "Ashley Birch", None)
    other = second.case.respondent

    persons.join_persons(first, other=other, reason="Same address", by=clerk, now=make.NOW)
    assert person_of(first) == person_of(second)
    assert {one.history.latest("pk").kind for one in (first, second)} == {"person_joined"}

    persons.keep_apart(first, other=other, reason="A brother", by=clerk, now=make.NOW)
    assert person_of(first) != person_of(second)
    assert first.history.latest("pk").reason == "A brother"


def test_two_who_were_kept_apart_stay_apart(court: Agency) -> None:
    first, second = enter(court), enter(court)
    persons.keep_apart(first, other=second.case.respondent, reason="Twins", **BY)

    third = enter(court)

    assert len({person_of(one) for one in (first, second, third)}) == 3
    correct_respondent(second, name="Ash  BIRCH", reason="typed so", **BY)
    assert person_of(first) != person_of(second)


def test_joining_twice_is_refused(court: Agency) -> None:
    first, second = enter(court), enter(court)

    with pytest.raises(InvalidFact) as refusal:
        persons.join_persons(first, other=second.case.respondent, reason="x", **BY)
    assert refusal.value.code == "same_already"


def test_a_decision_needs_a_reason(court: Agency) -> None:
    first, second = enter(court), enter(court, "Asher Birch")

    with pytest.raises(InvalidFact):
        persons.join_persons(first, other=second.case.respondent, reason=" ", **BY)


def test_a_corrected_birthday_joins_and_parts(court: Agency) -> None:
    first, second = enter(court), enter(court, born=None)

    correct_respondent(second, date_of_birth=BORN, reason="from the license", **BY)
    assert person_of(first) == person_of(second)

    correct_respondent(second, date_of_birth=date(1990, 1, 1), reason="misread", **BY)
    assert person_of(first) != person_of(second)
    assert Person.objects.filter(respondents=None).count() == 0


def listed(order: Order, serial: str) -> Firearm:
    return list_firearm(order, serial=serial, source="police", **BY)


def receipted(order: Order, *firearms: Firearm, ago: timedelta = timedelta(minutes=5)) -> None:
    police = make.agency()
    record_receipt(order, kind="police", agency=police, received_at=make.NOW - ago, firearms=firearms, **BY)


def test_a_surrender_counts_for_the_other_order(court: Agency) -> None:
    first, second = enter(court), enter(court)
    gun, same_gun = listed(first, "S-1"), listed(second, "S-1")

    assert (state(first), state(second)) == ("open", "open")
    receipted(first, gun)

    assert (state(first), state(second)) == ("met", "met")
    same_gun.refresh_from_db()
    assert same_gun.status == FirearmStatus.SURRENDERED
    assert second.history.filter(kind="replanned").exists()


def test_a_firearm_listed_under_one_order_keeps_the_other_open(court: Agency) -> None:
    first, second = enter(court), enter(court)
    gun, _ = listed(first, "S-1"), listed(second, "S-2")

    receipted(first, gun)

    assert (state(first), state(second)) == ("open", "open")


def test_inventories_of_two_courts_stay_apart(court: Agency) -> None:
    first, second = enter(court), enter(make.agency(AgencyKind.COURT))
    gun, _ = listed(first, "S-1"), listed(second, "S-1")

    receipted(first, gun)

    assert (state(first), state(second)) == ("met", "open")


def test_an_old_receipt_proves_nothing_about_firearms_that_are_not_listed(court: Agency) -> None:
    old = enter(court, issued_at=make.NOW - timedelta(days=60), ago=timedelta(days=59))
    receipted(old, listed(old, "S-1"), ago=timedelta(days=58))

    new = enter(court)

    assert state(new) == DeadlineState.OPEN
    listed(new, "S-1")
    assert state(new) == DeadlineState.MET


def test_a_firearm_listed_after_the_end_of_an_order_does_not_reopen_its_duty(court: Agency) -> None:
    day = make.NOW.date()
    old = enter(
        court,
        issued_at=make.NOW - timedelta(days=60),
        ago=timedelta(days=59),
        expires_on=day - timedelta(days=10),
    )
    receipted(old, listed(old, "S-1"), ago=timedelta(days=58))
    assert state(old) == DeadlineState.MET

    listed(enter(court), "S-9")

    assert state(old) == DeadlineState.MET


def test_joining_and_parting_moves_the_plan_there_and_back(court: Agency) -> None:
    first, second = enter(court), enter(court, "Asher Birch", None)
    gun, _ = listed(first, "S-1"), listed(second, "S-1")
    receipted(first, gun)
    assert (state(first), state(second)) == ("met", "open")

    persons.join_persons(first, other=second.case.respondent, reason="Same license", **BY)
    assert (state(first), state(second)) == ("met", "met")

    persons.keep_apart(first, other=second.case.respondent, reason="Not he", **BY)
    assert (state(first), state(second)) == ("met", "open")
    assert Firearm.objects.get(order=second).status == FirearmStatus.ALLEGED


def test_another_respondent_of_one_docket_is_refused_until_somebody_chooses(court: Agency) -> None:
    first = enter(court)
    docket = first.case.docket_number
    new = make.new_order(court=court, docket_number=docket, respondent_name="Asher Birch")

    with pytest.raises(InvalidFact) as refusal:
        enter_order(new, **BY)

    assert (refusal.value.field, refusal.value.code) == ("person", "docket_of_another_respondent")
    assert "Ash Birch, born Apr 19, 1980" in refusal.value.message
    person = first.case.respondent.person
    same = make.order(court=court, docket_number=docket, respondent_name="Asher Birch", person=person)
    assert same.case_id == first.case_id
    another = make.order(
        court=court, docket_number=docket, respondent_name="Asher Birch", is_another_person=True
    )
    assert another.case_id != first.case_id
    assert person_of(another) != person_of(first)


def test_a_docket_in_another_spelling_is_the_same_case(court: Agency) -> None:
    first = enter(court, docket_number="HHD-FA-26-7000020-S")

    second = enter(court, docket_number="HHD-FA26-7000020-S")

    assert second.case_id == first.case_id
    with pytest.raises(InvalidFact, match="is already entered against Ash Birch"):
        enter_order(
            make.new_order(court=court, docket_number="HHD-FA26-7000020-S", respondent_name="Ivy Reed"), **BY
        )


def test_a_docket_whose_only_order_was_entered_in_error_asks_nothing(court: Agency) -> None:
    first = enter(court)
    withdraw_order(first, reason="Wrong docket.", **BY)
    docket = first.case.docket_number

    true = enter_order(
        make.new_order(court=court, docket_number=docket, respondent_name="Ivy Reed", respondent_dob=None),
        **BY,
    )

    assert true.case_id != first.case_id
    assert true.case.respondent.name == "Ivy Reed"


def test_another_person_with_an_equal_name_and_birthday_stays_another(court: Agency) -> None:
    first, second = enter(court), enter(court, is_another_person=True)

    assert person_of(first) != person_of(second)
    correct_respondent(second, name="Ash BIRCH", reason="x", **BY)
    assert person_of(first) != person_of(second)


def test_a_chosen_person_is_joined_across_dockets(court: Agency) -> None:
    first = enter(court)

    second = enter(court, "Ashley Birch", None, person=first.case.respondent.person)

    assert person_of(first) == person_of(second)


class TestDecisions(TestCase):
    """Whatever clerks decide, in any order: each decision holds at once and later."""

    @settings(max_examples=15, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()).filter(
                lambda one: one[0] != one[1]
            ),
            max_size=5,
        )
    )
    def test_each_decision_holds(self, acts: list[tuple[int, int, bool]]) -> None:
        court = make.agency(AgencyKind.COURT)
        orders = [make.order(court=court, respondent_dob=BORN if one < 3 else None) for one in range(4)]
        for one, two, is_same in acts:
            act = persons.join_persons if is_same else persons.keep_apart
            mine = Order.objects.get(pk=orders[one].pk)
            with suppress(InvalidFact):
                act(mine, other=orders[two].case.respondent, reason="x", **BY)
            assert (person_of(orders[one]) == person_of(orders[two])) is is_same
            for kept in PersonDecision.objects.filter(is_same=False).select_related("respondent", "other"):
                assert kept.respondent.person_id != kept.other.person_id
