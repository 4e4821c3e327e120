"""Conditions that a judge set, and when they are due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.dates import format_day
from orders.display import condition_words
from orders.errors import InvalidFact
from orders.models import DeadlineState, OrderCondition
from orders.services.conditions import conditions
from orders.services.planning.lasting import lasting_conditions, limited_until
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("condition", ["CT-SUR-05", "CT-RTV-01", "CT-HOM-01"])
def test_a_condition_with_a_time_is_due_at_that_time(condition: str) -> None:
    order, noon = make.order(), make.NOW + timedelta(days=5)

    conditions.set_condition(order, condition=condition, due_at=noon, by=None, now=make.NOW)

    rule = conditions.available_conditions(order)[condition].id
    found = make.deadline(order, rule)
    assert (found.due_at, found.due_on) == (noon, None)
    check = found.checkpoints.get(name="check")
    assert check.fires_at == noon


def test_a_condition_without_a_time_lasts_the_whole_day() -> None:
    order, day = make.order(), date(2026, 12, 9)

    conditions.set_condition(order, condition="CT-SUR-05", due_on=day, by=None, now=make.NOW)

    assert make.deadline(order, "CT-SUR-05-TERM").due_on == day


def test_a_condition_that_lasts_as_long_as_the_order_starts_no_deadline() -> None:
    order = make.order()
    known = set(order.deadlines.values_list("rule_id", flat=True))

    row = conditions.set_condition(order, condition="CT-TRM-CONTACT", by=None, now=make.NOW)

    assert (row.due_on, row.due_at) == (None, None)
    assert set(order.deadlines.values_list("rule_id", flat=True)) == known
    assert condition_words(row) == "The respondent does not contact the protected persons in any way"
    with pytest.raises(InvalidFact, match="Leave the day empty"):
        conditions.set_condition(
            order, condition="CT-TRM-AWAY", due_on=date(2026, 12, 9), by=None, now=make.NOW
        )
    with pytest.raises(InvalidFact, match="Nothing satisfies it"):
        conditions.mark_satisfied(row, satisfied_on=date(2026, 12, 4), by=None, now=make.NOW)


def test_every_protection_that_a_judge_may_grant_can_be_set() -> None:
    """The list of the seeds and of C.G.S. § 46b-15(b), (d) and (e)."""
    order = make.order(kind="restraining_order")
    dated, lasting = conditions.available_conditions(order), lasting_conditions(order)

    assert {"CT-SUR-07", "CT-RTV-01", "CT-RPT-01", "CT-FUP-01", "CT-HOM-01", "CT-MAR-01"} <= set(dated)
    assert len(lasting) == 17
    for name in lasting:
        conditions.set_condition(
            order, condition=name, details="In the words of the judge.", by=None, now=make.NOW
        )
    assert order.conditions.count() == len(lasting)
    assert "CT-TRM-RENT" not in lasting_conditions(make.order(kind="ex_parte_restraining_order"))


def test_the_words_of_the_judge_are_due_at_their_time_and_stay_out_of_the_history() -> None:
    order, at = make.order(), make.NOW + timedelta(days=5)
    words = "He hands the key of 12 Elm Street to Maria."

    row = conditions.set_condition(
        order,
        condition="CT-OTH-01",
        details=words,
        for_police="Receive a key at the desk.",
        due_at=at,
        by=None,
        now=make.NOW,
    )

    assert make.deadline(order, "CT-OTH-01-TERM").due_at == at
    assert OrderCondition.objects.get(pk=row.pk).details == words
    assert "Elm" not in str(list(order.history.values_list("data", flat=True)))
    with pytest.raises(InvalidFact, match="in the words of the judge"):
        conditions.set_condition(order, condition="CT-OTH-01", by=None, now=make.NOW)
    changes = {"due_on": None, "due_at": None, "for_police": "Nothing to do."}
    conditions.CONDITION.correct(row, changes, by=None, now=make.NOW, reason="It has no day.")
    assert make.deadline(order, "CT-OTH-01-TERM").state == DeadlineState.WITHDRAWN
    assert order.history.latest("id").data["changed"] == ["Words for officers"]


def test_words_for_officers_do_not_name_a_protected_person() -> None:
    order = make.order(protected_person="Maria Delgado-Ruiz")

    for text in ("Ask maria first.", "Mrs. RUIZ has the key."):
        with pytest.raises(InvalidFact, match="names a protected person") as refused:
            conditions.set_condition(order, condition="CT-TRM-HOME", for_police=text, by=None, now=make.NOW)
        assert "maria" not in refused.value.message.casefold()


def test_financial_conditions_end_when_the_law_ends_them() -> None:
    order = make.order(kind="restraining_order")

    row = conditions.set_condition(order, condition="CT-TRM-RENT", by=None, now=make.NOW)

    until = limited_until(order, "CT-TRM-RENT")
    assert until is not None
    assert until == order.issued_on + timedelta(days=120) == make.deadline(order, "CT-ORD-02").due_on
    assert condition_words(row).endswith(f"until {format_day(until)}")
