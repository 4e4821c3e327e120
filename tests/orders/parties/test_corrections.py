"""Parties, docket and registry number that were entered with an error are put right."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.dates import COURT_TIME
from orders.errors import InvalidFact
from orders.history_details import event_details
from orders.models import Deadline, HistoryEntry, Order, ProtectedPerson
from orders.services.orders import corrections
from orders.services.orders.withdrawal import withdraw_order
from orders.services.parties import protected_persons, respondents
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

WHY: dict[str, Any] = {"by": None, "now": NOW, "reason": "A typing error."}


def details(order: Order) -> list[str]:
    """The details of the newest entry of the history of the order."""
    return list(event_details(order.history.order_by("-id")[0], COURT_TIME))


def plan_of(order: Order) -> list[tuple[Any, ...]]:
    """Every deadline of the order's case that was not withdrawn."""
    rows = Deadline.objects.filter(order__case=order.case_id).exclude(state="withdrawn")
    return sorted(rows.values_list("order", "rule_id", "occurrence", "state", "due_at"))


def test_name_and_date_of_birth_are_corrected_in_every_order_of_the_case() -> None:
    first = make.order(respondent_dob=date(1980, 2, 28))
    second = make.order(docket_number=first.case.docket_number, court=first.case.court)

    respondents.correct_respondent(first, name=" Ash\u200b  Bírch ", date_of_birth=date(1980, 2, 29), **WHY)

    second.case.respondent.refresh_from_db()
    assert second.case.respondent.name == "Ash Bírch"
    for order in (first, second):
        assert details(order) == [
            "Respondent's name: Ash Birch → Ash Bírch",
            "Respondent's date of birth: Thu, Feb 28, 1980 → Fri, Feb 29, 1980",
        ]


def test_a_correction_and_its_opposite_leave_everything_as_before() -> None:
    order = make.served_order(respondent_dob=date(1980, 2, 28), por_number="POR-1")
    before, docket = plan_of(order), order.case.docket_number

    respondents.correct_respondent(order, name="Elm Birch", date_of_birth=None, **WHY)
    corrections.correct_docket(order, docket_number="HHD-FA26-1-S", **WHY)
    corrections.correct_order(order, por_number="POR-2", **WHY)
    respondents.correct_respondent(order, name="Ash Birch", date_of_birth=date(1980, 2, 28), **WHY)
    corrections.correct_docket(order, docket_number=docket, **WHY)
    corrections.correct_order(order, por_number="POR-1", **WHY)

    assert plan_of(order) == before
    stored = Order.objects.select_related("case__respondent").get(pk=order.pk)
    assert (stored.case.docket_number, stored.por_number) == (docket, "POR-1")
    assert (stored.case.respondent.name, stored.case.respondent.date_of_birth) == (
        "Ash Birch",
        date(1980, 2, 28),
    )


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"name": "\u200b \u2800"}, ("name", "required")),
        ({"date_of_birth": NOW.date()}, ("date_of_birth", "born_after_issue")),
    ],
)
def test_an_impossible_respondent_is_refused(changes: dict[str, Any], refused: tuple[str, str]) -> None:
    order = make.order(issued_at=NOW - timedelta(days=2))

    with pytest.raises(InvalidFact) as caught:
        respondents.correct_respondent(order, **changes, **WHY)

    assert (caught.value.field, caught.value.code) == refused
    assert not order.history.filter(kind="corrected").exists()


def test_a_docket_that_only_an_order_entered_in_error_has_is_free() -> None:
    wrong, order = make.order(docket_number="HHD-FA26-7000020-S"), make.order()
    order.case.court = wrong.case.court
    order.case.save(update_fields=["court"])
    why: Any = {"by": None, "now": NOW, "reason": "Misread."}

    with pytest.raises(InvalidFact, match="Another case"):
        corrections.correct_docket(order, docket_number="HHD-FA-26-7000020-S", **why)
    withdraw_order(wrong, **why)
    corrections.correct_docket(order, docket_number="HHD-FA-26-7000020-S", **why)

    order.case.refresh_from_db()
    assert order.case.docket_number == "HHD-FA-26-7000020-S"


def test_a_docket_of_another_case_is_refused_and_one_of_another_court_is_taken() -> None:
    order = make.order()
    other, elsewhere = make.order(court=order.case.court), make.order()

    with pytest.raises(InvalidFact, match="or move the order if it belongs to that case"):
        corrections.correct_docket(order, docket_number=other.case.docket_number.lower(), **WHY)
    corrections.correct_docket(order, docket_number=elsewhere.case.docket_number, **WHY)

    order.case.refresh_from_db()
    assert order.case.docket_number == elsewhere.case.docket_number
    assert details(order)[0].startswith("Docket number: HHD-FA26-")


def test_a_registry_number_of_another_order_is_refused() -> None:
    other = make.order(por_number="POR-7")
    order = make.order(por_number="POR-8", court=other.case.court)

    with pytest.raises(InvalidFact, match="POR-7 is already entered"):
        corrections.correct_order(order, por_number=" POR-7", **WHY)
    corrections.correct_order(order, por_number="POR-9\u200b", **WHY)

    assert details(order) == ["Registry number: POR-8 → POR-9"]


def test_protected_persons_are_added_corrected_and_withdrawn_without_their_names_in_the_history() -> None:
    order = make.order(protected_person="Sky Linden")
    sky = order.protected_persons.get()

    fern = protected_persons.add_protected_person(order, name="Fern Linden", is_applicant=False, **WHY)
    protected_persons.correct_protected_person(
        sky, name="Skye Linden", address_confidential=True, is_applicant=False, **WHY
    )

    sky.refresh_from_db()
    assert (sky.name, sky.address_confidential, sky.is_applicant) == ("Skye Linden", True, False)
    assert details(order) == [
        "Protected person changed",
        "Name changed",
        "Address confidentiality changed",
        "Applicant changed",
    ]
    protected_persons.withdraw_protected_person(fern, **WHY)
    assert [one.name for one in order.protected_persons.all()] == ["Skye Linden"]
    kinds = list(order.history.values_list("kind", flat=True))
    assert kinds == [
        "entered",
        "protected_person_added",
        "protected_person_corrected",
        "protected_person_withdrawn",
    ]
    assert "Linden" not in json.dumps(list(HistoryEntry.objects.values_list("data", "reason")))


def test_a_protected_person_is_named_once_and_withdrawn_once() -> None:
    order = make.order(protected_person="Sky Linden")
    sky = order.protected_persons.get()

    with pytest.raises(InvalidFact, match="already names this person"):
        protected_persons.add_protected_person(order, name="Sky  Linden", **WHY)
    protected_persons.withdraw_protected_person(sky, **WHY)
    for act in (protected_persons.withdraw_protected_person, protected_persons.correct_protected_person):
        with pytest.raises(InvalidFact, match="was removed from the order"):
            act(sky, **WHY)
    assert not ProtectedPerson.objects.exists()
