"""Every fact of an order is corrected by PATCH and withdrawn by POST, each with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from accounts.dates import court_date
from accounts.models import AgencyKind, Role
from orders.models import ComingService, Deadline, Firearm, HistoryEntry, Order, Respondent
from orders.services import hearings, service
from orders.services.cautions import add_caution
from orders.services.conditions import conditions, notices
from orders.services.court_days import court_day
from orders.services.firearms import custody, inventory, receipts, return_steps, returns, statements
from orders.services.orders import case_events, licensing, order_cards, vacatur
from orders.services.parties import persons
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import SITS, Fixtures
from tests.orders.corrections.fixtures import plan_of

pytestmark = pytest.mark.django_db


def by(f: Fixtures) -> dict[str, Any]:
    """The keywords of every service."""
    return {"by": None, "now": f.now}


def returned(f: Fixtures) -> Any:
    """A firearm that went to police and came back after the order ended."""
    receipts.record_receipt(
        f.order, kind="police", agency=f.police, received_at=f.now - timedelta(hours=5),
        firearms=[f.firearm], **by(f),
    )  # fmt: skip
    vacatur.vacate_order(f.order, vacated_at=f.now - timedelta(hours=3), reason="Dismissed.", **by(f))
    for other in Respondent.objects.exclude(pk=f.order.case.respondent_id):
        persons.keep_apart(f.order, other=other, reason="Another person.", **by(f))
    make.may_return(f.order, at=f.now - timedelta(hours=2), now=f.now)
    (row,) = returns.record_return(
        f.order,
        firearms=[f.firearm],
        returned_at=f.now - timedelta(hours=1),
        agency=f.police,
        officer="Lee Ash",
        confirmed=["no_other_order", "requested", "eligible", "lawful_at_surrender"],
        **by(f),
    )
    return row


def asked(f: Fixtures) -> Any:
    """A request for the return of a firearm that police hold."""
    receipts.record_receipt(
        f.order, kind="police", agency=f.police, received_at=f.now - timedelta(hours=5),
        firearms=[f.firearm], **by(f),
    )  # fmt: skip
    return make.may_return(f.order, at=f.now - timedelta(hours=2), now=f.now)


def moved(f: Fixtures) -> Any:
    """A step of a firearm in police custody."""
    receipts.record_receipt(
        f.order, kind="police", agency=f.police, received_at=f.now - timedelta(hours=5),
        firearms=[f.firearm], **by(f),
    )  # fmt: skip
    return custody.move_firearm(
        f.firearm, agency=f.police, given_by="Lee Ash", taken_by="Kim Oak",
        moved_at=f.now - timedelta(hours=1), **by(f),
    )  # fmt: skip


def checked(f: Fixtures) -> Any:
    """A check before a return."""
    return return_steps.record_return_check(
        asked(f), condition="eligible", is_confirmed=True, checked_at=f.now - timedelta(hours=1),
        agency=f.police, checked_by="Lee Ash", **by(f),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """One resource: a row of it, a correction, and roles that see the order but may not correct it."""

    row: Callable[[Fixtures], Any]
    correction: Callable[[Fixtures], dict[str, Any]]
    not_for: tuple[Role, ...] = (Role.JUDGE, Role.LIAISON)
    #: The role that corrects and withdraws it.
    by: Role = Role.CLERK
    #: False if the fixture changes more than the row.
    restores_plan: bool = True


CASES = {
    "firearms": Case(
        row=lambda f: inventory.list_firearm(f.order, serial="T-1", source="police", **by(f)),
        correction=lambda f: {"serial": "T-2", "make": "Ruger"},
        not_for=(Role.JUDGE,),
    ),
    "permits": Case(
        row=lambda f: inventory.record_permit(f.order, kind="pistol permit", **by(f)),
        correction=lambda f: {"number": "P-7"},
        not_for=(Role.JUDGE,),
    ),
    "receipts": Case(
        row=lambda f: receipts.record_receipt(
            f.order, kind="police", agency=f.police, received_at=f.now - timedelta(hours=1),
            firearms=[f.firearm], **by(f),
        ),
        correction=lambda f: {"firearms": [str(f.firearm.public_id), str(extra(f).public_id)]},
        not_for=(Role.JUDGE,),
    ),
    "returns": Case(
        row=returned,
        correction=lambda f: {"officer": "Lee Elm"},
        not_for=(Role.JUDGE,),
        restores_plan=False,
    ),
    "custody-requests": Case(
        row=asked,
        correction=lambda f: {"requested_on": f.day(-1), "agency": f.police.name},
        not_for=(Role.JUDGE,),
        restores_plan=False,
    ),
    "custody-steps": Case(
        row=moved,
        correction=lambda f: {"taken_by": "Kim Elm", "shelf": "B-15"},
        by=Role.LIAISON,
        not_for=(Role.JUDGE, Role.CLERK),
        restores_plan=False,
    ),
    "return-checks": Case(
        row=checked,
        correction=lambda f: {"is_confirmed": False, "note": "A conviction was found."},
        not_for=(Role.JUDGE,),
        restores_plan=False,
    ),
    "return-holds": Case(
        row=lambda f: return_steps.record_return_hold(
            asked(f), held_at=f.now - timedelta(hours=1), ends_on=court_day(f.order, f.now),
            agency=f.police, officer="Lee Ash", why="A threat.", **by(f),
        ),
        correction=lambda f: {"ends_on": f.day(5)},
        not_for=(Role.JUDGE,),
        restores_plan=False,
    ),
    "return-decisions": Case(
        row=lambda f: return_steps.decide_return(
            asked(f), outcome="safety", decided_at=f.now - timedelta(hours=1),
            agency=f.police, officer="Lee Ash", why="A threat.", **by(f),
        ),
        correction=lambda f: {"outcome": "dropped"},
        not_for=(Role.JUDGE,),
        restores_plan=False,
    ),
    "statements": Case(
        row=lambda f: statements.record_statement(
            f.order, kind="non_possession", sworn_at=f.now - timedelta(hours=1), **by(f)
        ),
        correction=lambda f: {"kind": "unreachable", "receipt_number": "S-7"},
    ),
    "service-attempts": Case(
        row=lambda f: service.record_failed_attempt(
            f.order, attempted_at=f.now - timedelta(hours=40), method="abode", reason="no answer", **by(f)
        ),
        correction=lambda f: {"method": "mail"},
        not_for=(Role.JUDGE,),
    ),
    "cautions": Case(
        row=lambda f: add_caution(f.order, known_on=court_date(f.now), words="Large dog.", **by(f)),
        correction=lambda f: {"words": "Two large dogs."},
        not_for=(Role.JUDGE,),
    ),
    "coming-services": Case(
        row=lambda f: ComingService.objects.create(
            order=f.order, planned_at=f.now + timedelta(hours=9), planned_offset=0, place="7 Elm Lane"
        ),
        correction=lambda f: {"place": "9 Elm Lane", "asks_police": True},
        not_for=(Role.JUDGE,),
    ),
    "hearings": Case(
        row=lambda f: hearings.schedule_hearing(
            f.order,
            purpose="extension",
            scheduled_on=court_day(f.order, f.now) + timedelta(days=9),
            confirm=SITS,
            **by(f),
        ),
        correction=lambda f: {"scheduled_on": f.day(12), "scheduled_time": "10:00:00", "confirm": SITS},
    ),
    "case-events": Case(
        row=lambda f: case_events.record_case_event(
            f.order, kind="extension_moved", occurred_at=f.now - timedelta(hours=1), **by(f)
        ),
        correction=lambda f: {"occurred_on": f.day(-1)},
    ),
    "licensing-reports": Case(
        row=lambda f: licensing.record_licensing_report(
            f.order, kind="permit_applied", occurred_at=f.now - timedelta(hours=1), **by(f)
        ),
        correction=lambda f: {"occurred_on": f.day(-1)},
    ),
    "notices-sent": Case(
        row=lambda f: notices.record_notice_sent(
            f.order, entry=f.requirement, sent_at=f.now - timedelta(hours=1), **by(f)
        ),
        correction=lambda f: {"sent_on": f.day(-2)},
    ),
    "conditions": Case(
        row=lambda f: conditions.set_condition(
            f.order, condition="CT-HOM-01", due_on=court_day(f.order, f.now) + timedelta(days=8), **by(f)
        ),
        correction=lambda f: {"due_on": f.day(9)},
    ),
    "cards": Case(
        row=lambda f: order_cards.issue_card(f.order, telephone="860-555-0100", **by(f)),
        correction=lambda f: {"telephone": "860-555-0101"},
    ),
    "confidentiality-releases": Case(
        row=lambda f: f.release,
        correction=lambda f: {"signed_on": f.day(-3)},
        restores_plan=False,
    ),
}  # fmt: skip


def extra(f: Fixtures) -> Firearm:
    """Another firearm of the case."""
    listed = Firearm.objects.filter(order=f.order, serial="T-9").first()
    return listed or inventory.list_firearm(f.order, serial="T-9", source="police", **by(f))


@pytest.fixture
def clerk(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.CLERK, fixtures.court))


def doer_of(name: str, f: Fixtures, caller: MakeCaller) -> Caller:
    """Who corrects and withdraws a row of this resource."""
    role = CASES[name].by
    return caller(make.person(role, f.police if role == Role.LIAISON else f.court))


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", CASES)
def test_correction_returns_the_row_as_get_does(name: str, fixtures: Fixtures, caller: MakeCaller) -> None:
    doer = doer_of(name, fixtures, caller)
    path = f"/{name}/{CASES[name].row(fixtures).public_id}"
    body = CASES[name].correction(fixtures)
    tag = doer.get(path).headers["ETag"]

    answer = doer.patch(path, body | {"reason": "Misread."}, If_Match=tag)

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    facts = {key: value for key, value in body.items() if key != "confirm"}
    assert {key: shown[key] for key in facts} == facts
    again = doer.get(path)
    assert (again.json(), again.headers["ETag"]) == (shown, answer.headers["ETag"])
    entry = HistoryEntry.objects.filter(order=fixtures.order).order_by("-id")[0]
    assert entry.reason == "Misread."
    assert entry.data["item"]["id"] == shown["id"]


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", CASES)
def test_correction_needs_the_version_a_reason_and_a_change(
    name: str, fixtures: Fixtures, caller: MakeCaller
) -> None:
    doer = doer_of(name, fixtures, caller)
    path = f"/{name}/{CASES[name].row(fixtures).public_id}"
    body = CASES[name].correction(fixtures) | {"reason": "Misread."}
    before = HistoryEntry.objects.count()

    answers = [
        doer.patch(path, body),
        doer.patch(path, body, If_Match='"of yesterday"'),
        doer.patch(path, body | {"reason": ""}, If_Match="*"),
        doer.patch(path, {"reason": "Misread."}, If_Match="*"),
        doer.patch(path, body | {"surprise": 1}, If_Match="*"),
    ]

    assert [one.status_code for one in answers] == [428, 412, 400, 409, 400]
    assert answers[3].json()["errors"][0]["code"] == "nothing_changed"
    assert HistoryEntry.objects.count() == before


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", CASES)
def test_only_who_may_enter_a_fact_corrects_and_withdraws_it(
    name: str, fixtures: Fixtures, caller: MakeCaller
) -> None:
    path = f"/{name}/{CASES[name].row(fixtures).public_id}"
    body = CASES[name].correction(fixtures) | {"reason": "Misread."}
    for role in CASES[name].not_for:
        agency = fixtures.police if role == Role.LIAISON else fixtures.court
        person = caller(make.person(role, agency))
        answers = [person.patch(path, body, If_Match="*")]
        answers.append(person.post(f"{path}/withdrawals", {"reason": "Misread."}))

        assert {one.status_code for one in answers} == {403}
    kind = AgencyKind.POLICE if CASES[name].by == Role.LIAISON else AgencyKind.COURT
    stranger = caller(make.person(CASES[name].by, make.agency(kind)))
    assert stranger.patch(path, body, If_Match="*").status_code == 404


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", CASES)
def test_dry_run_of_a_correction_changes_nothing(name: str, fixtures: Fixtures, caller: MakeCaller) -> None:
    doer = doer_of(name, fixtures, caller)
    path = f"/{name}/{CASES[name].row(fixtures).public_id}"
    body = CASES[name].correction(fixtures) | {"reason": "Misread."}
    before = HistoryEntry.objects.count(), list(Deadline.objects.values().order_by("id"))

    answer = doer.patch(f"{path}?dry_run=true", body, If_Match="*")

    assert (answer.status_code, set(answer.json())) == (200, {"deadlines"})
    assert (HistoryEntry.objects.count(), list(Deadline.objects.values().order_by("id"))) == before


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", CASES)
def test_withdrawal_removes_the_row_and_restores_the_plan(
    name: str, fixtures: Fixtures, caller: MakeCaller
) -> None:
    doer = doer_of(name, fixtures, caller)
    before = plan_of(fixtures.order)
    path = f"/{name}/{CASES[name].row(fixtures).public_id}"

    tried = doer.post(f"{path}/withdrawals?dry_run=true", {"reason": "Another case."})
    blank = doer.post(f"{path}/withdrawals", {"reason": " "})
    stale = doer.post(f"{path}/withdrawals", {"reason": "Another case."}, If_Match='"of yesterday"')
    answer = doer.post(f"{path}/withdrawals", {"reason": "Another case."})

    assert [one.status_code for one in (tried, blank, stale, answer)] == [200, 400, 412, 201]
    assert answer.json()["id"] == str(fixtures.order.public_id)
    assert doer.get(path).status_code == 404
    assert plan_of(fixtures.order) == before or not CASES[name].restores_plan


def test_parts_of_a_fact_are_withdrawn(fixtures: Fixtures, clerk: Caller, caller: MakeCaller) -> None:
    hearing, past = (f"/hearings/{one.public_id}" for one in (fixtures.hearing, fixtures.past_hearing))
    condition = f"/conditions/{fixtures.condition.public_id}"
    before = plan_of(fixtures.order)
    why = {"reason": "Another case."}
    steps = [
        (
            f"{hearing}/continuances",
            {"scheduled_on": fixtures.day(12), "confirm": SITS},
            f"{hearing}/continuance-withdrawals",
        ),
        (
            f"{past}/outcomes",
            {"outcome": "denied", "held_on": fixtures.day(-1)},
            f"{past}/outcome-withdrawals",
        ),
        (
            f"{condition}/satisfactions",
            {"satisfied_at": fixtures.ago(hours=1)},
            f"{condition}/satisfaction-withdrawals",
        ),
    ]
    liaison = caller(make.person(Role.LIAISON, fixtures.police))

    for act, body, undo in steps:
        assert clerk.post(undo, why).status_code == 409
        assert clerk.post(act, body).status_code == 201
        if not act.startswith(condition):
            assert liaison.post(undo, why).status_code == 403
        assert clerk.post(undo, why).status_code == 201, undo
        assert plan_of(fixtures.order) == before, undo


def test_outcome_of_a_hearing_is_corrected(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/hearings/{fixtures.past_hearing.public_id}"
    body = {"outcome": "granted", "reason": "Misread."}
    early = clerk.patch(path, body, If_Match="*")
    clerk.post(f"{path}/outcomes", {"outcome": "denied", "held_on": fixtures.day(-1)})

    answer = clerk.patch(path, body, If_Match="*")

    assert (early.status_code, early.json()["errors"][0]["code"]) == (409, "not_held")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "granted")


def test_reason_of_a_failed_attempt_is_corrected_but_not_in_the_history(
    fixtures: Fixtures, clerk: Caller
) -> None:
    row = CASES["service-attempts"].row(fixtures)
    body = {"why_failed": "The house at 12 Elm Lane is empty", "reason": "Misread."}

    answer = clerk.patch(f"/service-attempts/{row.public_id}", body, If_Match="*")

    assert answer.json()["reason"] == body["why_failed"]
    assert not [one for one in HistoryEntry.objects.values_list("data", flat=True) if "Elm" in f"{one}"]


def test_refusal_names_the_receipt_to_withdraw_first(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/firearms/{fixtures.receipted.public_id}/withdrawals"

    answer = clerk.post(path, {"reason": "Listed twice."})

    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("body", "on_a_receipt")
    assert "on receipt R-1 (" in error["message"]


def test_doubtful_correction_is_confirmed(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/receipts/{fixtures.receipt.public_id}"
    body = {"received_at": fixtures.ago(days=20), "reason": "Misread."}

    doubted = clerk.patch(path, body, If_Match="*")
    confirmed = clerk.patch(path, body | {"confirm": "Handed in before."}, If_Match="*")

    assert doubted.json()["errors"][0]["code"] == "before_the_order"
    assert confirmed.status_code == 200, confirmed.content
    assert Order.objects.count() == 2


def test_event_from_before_the_order_is_confirmed(fixtures: Fixtures, clerk: Caller) -> None:
    paths = {
        f"/orders/{fixtures.order.public_id}/case-events": ("occurred_on", {"kind": "police_notified"}),
        f"/orders/{fixtures.order.public_id}/notices-sent": ("sent_on", {"entry": fixtures.requirement}),
        f"/conditions/{fixtures.condition.public_id}/satisfactions": ("satisfied_on", {}),
    }
    for path, (field, more) in paths.items():
        body = {field: "2016-11-28", **more}

        (error,) = clerk.post(path, body).json()["errors"]
        assert (error["field"], error["code"]) == (field, "before_the_order")

        assert clerk.post(path, body | {"confirm": "It was so."}).status_code == 201
