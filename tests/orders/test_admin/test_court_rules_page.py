"""Court rule settings: added by clerks, read by judges, in force for the court's orders at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Membership, Role, User
from orders.admin import court_rules as page
from orders.models import CourtRule, Deadline, DeadlineState, Order
from orders.services.planning import court_rules, replan_stale
from tests import make
from tests.orders.test_admin.conftest import Enter, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/courtrule/"
ADD = f"{LIST}add/"


def sheet(court: Agency, **given: Any) -> dict[str, Any]:
    """What a clerk types to switch a rule off, unless told otherwise."""
    return {
        "court": court.pk,
        "rule_id": "CT-LE-48",
        "is_on": "off",
        "due_amount": "",
        "due_unit": "",
        "reminders": "",
        "reason": "The registry tells police.",
        **given,
    }


def states(order: Order, rule: str) -> set[str]:
    return set(Deadline.objects.filter(order=order, rule_id=rule).values_list("state", flat=True))


def test_a_setting_is_stored_and_a_small_court_is_replanned_at_once(
    desk: Client, clerk: User, court: Agency, enter: Enter
) -> None:
    order, elsewhere = enter(), enter(court=make.agency(AgencyKind.COURT))

    response = desk.post(ADD, sheet(court), follow=True)

    assert response.redirect_chain == [(LIST, 302)]
    text = response.content.decode()
    assert "Deadlines of all orders of the court are updated." in text
    assert "The registry tells police." in text
    assert clerk.name in text
    assert states(order, "CT-LE-48") == {DeadlineState.WITHDRAWN}
    assert states(elsewhere, "CT-LE-48") == {DeadlineState.OPEN}
    row = CourtRule.objects.get()
    assert (row.court, row.decided_by, row.is_on, row.reminders) == (court, clerk, False, None)


def test_a_large_court_is_replanned_within_the_hour(
    desk: Client, court: Agency, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replan_stale, "BATCH", 1)
    monkeypatch.setattr(page, "BATCHES", 2)
    found = [enter() for _ in range(4)]

    text = desk.post(ADD, sheet(court), follow=True).content.decode()

    assert "updated within the hour" in text
    withdrawn = [one for one in found if states(one, "CT-LE-48") == {DeadlineState.WITHDRAWN}]
    assert len(withdrawn) == 2
    assert replan_stale.stale_orders(court).count() == 2


def test_only_the_courts_orders_are_replanned_before_the_response(
    desk: Client, court: Agency, enter: Enter
) -> None:
    elsewhere = enter(court=make.agency(AgencyKind.COURT))
    Order.objects.filter(pk=elsewhere.pk).update(planned_with="")

    desk.post(ADD, sheet(court))

    elsewhere.refresh_from_db()
    assert elsewhere.planned_with == ""


def test_a_time_and_reminders_are_stored_as_typed(desk: Client, court: Agency) -> None:
    typed = sheet(
        court,
        rule_id="CT-CMP-01-ALL",
        is_on="on",
        due_amount="5",
        due_unit="court_days",
        reminders="-3 calendar_days, -1 calendar days",
    )

    text = desk.post(ADD, typed, follow=True).content.decode()

    row = CourtRule.objects.get()
    assert (row.due_amount, row.due_unit) == (5, "court_days")
    assert row.reminders == [[-3, "calendar_days"], [-1, "calendar_days"]]
    assert "On; due after 5 court days; reminders 3 calendar days before and 1 calendar day before" in text


def test_the_word_none_removes_reminders_and_an_empty_field_keeps_those_of_the_rule(
    desk: Client, court: Agency
) -> None:
    for typed in ("None", ""):
        desk.post(ADD, sheet(court, is_on="on", reminders=typed))

    assert [row.reminders for row in CourtRule.objects.order_by("id")] == [[], None]
    assert "On; no reminders" in desk.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("given", "beside", "said"),
    [
        ({"rule_id": "CT-NONE"}, "rule_id", "not one of the available choices"),
        ({"rule_id": ""}, "rule_id", "required"),
        ({"due_amount": "5", "due_unit": "court_days"}, "due_amount", "The law sets the time of"),
        ({"due_amount": "5"}, "due_unit", "Choose the unit."),
        ({"due_unit": "court_days"}, "due_amount", "Give the number."),
        ({"due_amount": "0", "due_unit": "court_days"}, "due_amount", "greater than or equal to 1"),
        ({"due_amount": "1000", "due_unit": "years"}, "due_amount", "less than or equal to 999"),
        ({"due_amount": "5", "due_unit": "indefinite"}, "due_unit", "not one of the available choices"),
        ({"reminders": "3 days"}, "reminders", "Write a negative number and one of elapsed hours"),
        ({"reminders": "soon"}, "reminders", "“soon” is not a reminder"),
        ({"reminders": "-1 indefinite"}, "reminders", "is not a reminder"),
        ({"reminders": "3 calendar_days"}, "reminders", "comes before the deadline"),
        ({"reminders": "-3 court_days, -3 court_days"}, "reminders", "appears twice"),
        ({"reason": "  "}, "reason", "required"),
        ({"reason": "x" * 501}, "reason", "at most 500"),
        ({"is_on": "perhaps"}, "is_on", "not one of the available choices"),
    ],
)
def test_an_error_is_shown_beside_its_field(
    given: dict[str, Any], beside: str, said: str, desk: Client, court: Agency
) -> None:
    response = desk.post(ADD, sheet(court, **given))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [beside]
    assert said in response.content.decode()
    assert not CourtRule.objects.exists()


def test_every_rule_of_the_state_is_offered_and_rules_of_the_court_come_first(desk: Client) -> None:
    text = desk.get(ADD).content.decode()

    assert text.index("Connecticut: the court sets the time") < text.index('value="CT-CMP-01-ALL"')
    assert text.index('value="CT-CMP-01-ALL"') < text.index("Connecticut: the law sets the time")
    assert "California" not in text


def test_a_clerk_adds_no_setting_for_another_court(desk: Client) -> None:
    other = make.agency(AgencyKind.COURT)

    response = desk.post(ADD, sheet(other))

    assert list(response.context["form"].errors) == ["court"]
    assert not CourtRule.objects.exists()


def test_the_newest_setting_comes_first_and_is_marked_in_force(
    desk: Client, clerk: User, court: Agency
) -> None:
    for reason in ("First thought.", "Second thought."):
        court_rules.decide(court, rule_id="CT-LE-48", reason=reason, by=clerk, now=timezone.now())

    text = desk.get(LIST).content.decode()

    assert text.index("Second thought.") < text.index("First thought.")
    assert text.index('alt="True"') < text.index('alt="False"')


def test_a_judge_only_reads_settings(court: Agency, clerk: User) -> None:
    court_rules.decide(court, rule_id="CT-LE-48", reason="As usual.", by=clerk, now=timezone.now())
    judge = signed_in(make.person(Role.JUDGE, court))

    assert "As usual." in judge.get(LIST).content.decode()
    assert ADD not in judge.get(LIST).content.decode()
    assert judge.get(ADD).status_code == 403
    assert judge.post(ADD, sheet(court)).status_code == 403
    assert CourtRule.objects.count() == 1


def test_a_judge_who_is_clerk_of_another_court_adds_settings_there_only(court: Agency) -> None:
    elsewhere = make.agency(AgencyKind.COURT)
    person = make.person(Role.JUDGE, court)
    Membership.objects.create(user=person, agency=elsewhere, role=Role.CLERK)

    offered = signed_in(person).get(ADD).context["form"].fields["court"].queryset

    assert list(offered) == [elsewhere]


def test_settings_of_another_court_are_not_listed(court: Agency, clerk: User) -> None:
    court_rules.decide(court, rule_id="CT-LE-48", reason="As usual.", by=clerk, now=timezone.now())
    stranger = signed_in(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    assert "As usual." not in stranger.get(LIST).content.decode()


@pytest.mark.parametrize(("role", "status"), [(Role.ADMINISTRATOR, 403), (Role.LIAISON, 404)])
def test_other_roles_cannot_open_it(role: Role, status: int) -> None:
    person = make.person(role, make.agency() if role == Role.LIAISON else None)

    for address in (LIST, ADD):
        assert signed_in(person).get(address, follow=True).status_code == status


def test_the_number_of_queries_is_the_same_for_many_settings(
    desk: Client, clerk: User, court: Agency
) -> None:
    def decide(count: int) -> int:
        for _ in range(count):
            court_rules.decide(court, rule_id="CT-LE-48", reason="x", by=clerk, now=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(LIST).status_code == 200
        return len(captured)

    assert decide(2) == decide(20)
