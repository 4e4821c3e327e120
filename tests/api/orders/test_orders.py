"""Orders: listed, entered, served, corrected; idempotency keys, ETags and dry runs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, AuditEntry, IdempotencyRecord, Role
from orders.models import HistoryEntry, Order
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db


@pytest.fixture
def court() -> Any:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def clerk(caller: MakeCaller, court: Any) -> Caller:
    return caller(make.person(Role.CLERK, court))


def typed(court: Any, **given: Any) -> dict[str, Any]:
    """What a court's system sends."""
    return {
        "docket_number": "HHD-FA26-9001-S",
        "court": court.name,
        "kind": "ex_parte_restraining_order",
        "confirm": "The hearing is not set yet.",
        "respondent_name": "Ash Birch",
        "respondent_town": make.town().name,
        "issued_at": (timezone.now() - timedelta(days=1)).isoformat(),
        "firearms_indicated": True,
        "protected_person": "Sky Linden",
        **given,
    }


def test_an_ex_parte_order_without_an_end_is_asked_about(clerk: Caller, court: Any) -> None:
    answer = clerk.post("/orders", typed(court, confirm="", docket_number="26-17"))

    found = [(one["field"], one["code"]) for one in answer.json()["errors"]]
    assert (answer.status_code, found) == (
        409,
        [("docket_number", "unusual_docket"), ("hearing_on", "no_end")],
    )
    assert not Order.objects.exists()
    last = (timezone.now() + timedelta(days=5)).date().isoformat()
    assert clerk.post("/orders", typed(court, confirm="", expires_on=last)).status_code == 201


def test_order_is_entered_and_read(clerk: Caller, court: Any) -> None:
    answer = clerk.post("/orders", typed(court))

    assert answer.status_code == 201, answer.content
    order = Order.objects.get()
    assert answer.headers["Location"] == f"/api/v1/orders/{order.public_id}"
    again = clerk.get(f"/orders/{order.public_id}")
    assert again.json() == answer.json()
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert again.headers["Cache-Control"] == "no-store"
    assert again.json()["protected_persons"][0]["name"] == "Sky Linden"
    assert clerk.get("/orders").json() == {"results": [again.json()], "next": None}


def test_unchanged_order_is_not_sent_again(clerk: Caller, court: Any) -> None:
    order = make.order(court=court)
    tag = clerk.get(f"/orders/{order.public_id}").headers["ETag"]

    answer = clerk.get(f"/orders/{order.public_id}", headers={"If-None-Match": tag})

    assert (answer.status_code, answer.content) == (304, b"")


def test_repeated_post_works_once_and_gets_the_same_response(clerk: Caller, court: Any) -> None:
    body = typed(court)
    first = clerk.post("/orders", body, key="registry-1")

    again = clerk.post("/orders", body, key="registry-1")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1


def test_repeated_request_is_in_the_access_log_with_its_case(clerk: Caller, court: Any) -> None:
    body = typed(court)
    clerk.post("/orders", body, key="registry-1")

    clerk.post("/orders", body, key="registry-1")

    case = Order.objects.get().case.public_id
    assert [one.cases for one in AuditEntry.objects.filter(action="done")] == [[case], [case]]


def test_former_clerk_gets_no_stored_response(caller: MakeCaller, court: Any) -> None:
    person = make.person(Role.CLERK, court)
    clerk, body = caller(person), typed(court)
    clerk.post("/orders", body, key="registry-1")
    person.memberships.update(agency=make.agency(AgencyKind.COURT))

    answer = clerk.post("/orders", body, key="registry-1")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "court")


def test_key_used_for_another_body_is_refused(clerk: Caller, court: Any) -> None:
    clerk.post("/orders", typed(court), key="registry-1")

    answer = clerk.post("/orders", typed(court, docket_number="HHD-FA26-9002-S"), key="registry-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_key_can_be_reused_after_a_day(clerk: Caller, court: Any) -> None:
    clerk.post("/orders", typed(court), key="registry-1")
    IdempotencyRecord.objects.update(at=timezone.now() - timedelta(hours=24, seconds=1))

    answer = clerk.post("/orders", typed(court, docket_number="HHD-FA26-9002-S"), key="registry-1")

    assert answer.status_code == 201


def test_refused_request_stores_no_key(clerk: Caller, court: Any) -> None:
    wrong = typed(court, issued_at=(timezone.now() + timedelta(days=2)).isoformat())
    refused = clerk.post("/orders", wrong, key="registry-1")

    answer = clerk.post("/orders", typed(court), key="registry-1")

    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert refused.json()["errors"][0]["field"] == "issued_at"
    assert answer.status_code == 201


def test_service_starts_the_clock(clerk: Caller, court: Any) -> None:
    order = make.order(court=court, now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))
    served = timezone.now() - timedelta(hours=2)

    answer = clerk.post(
        f"/orders/{order.public_id}/services", {"served_at": served.isoformat(), "service_method": "in_hand"}
    )

    assert answer.status_code == 201, answer.content
    assert answer.json()["service_method"] == "in_hand"
    assert order.deadlines.get(rule_id="CT-SUR-01").due_at == served + timedelta(hours=24)
    event = HistoryEntry.objects.get(order=order, kind="served")
    assert event.actor is not None


def test_dry_run_lists_deadlines_that_would_move_and_moves_no_deadline(clerk: Caller, court: Any) -> None:
    order = make.order(court=court, now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))
    body = {"served_at": timezone.now().isoformat(), "service_method": "in_hand"}
    before = list(order.deadlines.values().order_by("id"))
    path = f"/orders/{order.public_id}/services"

    answer = clerk.post(f"{path}?dry_run=true", body, key="try")

    moved = {one["rule"]: one for one in answer.json()["deadlines"]}
    assert answer.status_code == 200
    assert moved["CT-SUR-01"]["before"]["state"] == "not_started"
    assert moved["CT-SUR-01"]["after"]["state"] == "open"
    assert list(order.deadlines.values().order_by("id")) == before
    assert not HistoryEntry.objects.filter(order=order, kind="served").exists()
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("word", ["1", "True", "yes", ""])
def test_misspelled_dry_run_changes_nothing(word: str, clerk: Caller, court: Any) -> None:
    order = make.order(court=court, now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))
    body = {"served_at": timezone.now().isoformat(), "service_method": "in_hand"}

    answer = clerk.post(f"/orders/{order.public_id}/services?dry_run={word}", body)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "dry_run")
    assert Order.objects.get().served_at is None


def test_act_on_an_older_version_is_stale(clerk: Caller, court: Any) -> None:
    order = make.order(court=court, kind="restraining_order")
    path = f"/orders/{order.public_id}"
    tag = clerk.get(path).headers["ETag"]
    first = clerk.patch(path, {"expires_on": "2027-03-01", "reason": "misread"}, If_Match=tag)

    second = clerk.patch(path, {"expires_on": "2027-04-01", "reason": "misread"}, If_Match=tag)

    assert first.status_code == 200, first.content
    assert (second.status_code, second.json()["code"]) == (412, "stale")
    assert Order.objects.get().expires_on == date(2027, 3, 1)


def test_correction_needs_a_version(clerk: Caller, court: Any) -> None:
    order = make.order(court=court)

    answer = clerk.patch(f"/orders/{order.public_id}", {"reason": "misread"})

    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")


def test_order_of_another_court_is_not_found(clerk: Caller) -> None:
    theirs = make.order()

    for answer, nothing in (
        (clerk.get(f"/orders/{theirs.public_id}"), clerk.get(f"/orders/{theirs.case.public_id}")),
        (
            clerk.post(f"/orders/{theirs.public_id}/services", {}),
            clerk.post(f"/orders/{theirs.case.public_id}/services", {}),
        ),
    ):
        assert answer.status_code == nothing.status_code == 404
        assert answer.content == nothing.content


def test_liaison_sees_no_protected_person_and_no_court_fields(
    caller: MakeCaller,
) -> None:
    police = make.agency()
    make.order(respondent_town=make.town(police), protected_person="Sky Linden")

    answer = caller(make.person(Role.LIAISON, police)).get("/orders")

    (order,) = answer.json()["results"]
    assert order["case"]["respondent"]["name"] == "Ash Birch"
    assert "protected_persons" not in order
    assert b"Sky Linden" not in answer.content


def test_judge_may_not_enter_orders(caller: MakeCaller, court: Any) -> None:
    answer = caller(make.person(Role.JUDGE, court)).post("/orders", typed(court))

    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_read_is_in_the_access_log_with_its_case(clerk: Caller, court: Any) -> None:
    order = make.order(court=court)

    clerk.get(f"/orders/{order.public_id}")

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.entry_point, entry.cases) == ("seen", "api", [order.case.public_id])
    assert entry.token is not None


def test_docket_in_another_form_needs_a_confirmation(clerk: Caller, court: Any) -> None:
    body = typed(court, confirm="") | {"docket_number": "26CIV01234"}

    refused = clerk.post("/orders", body)
    taken = clerk.post("/orders", body | {"confirm": "The court of New York sent it."})

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "unusual_docket")
    assert (taken.status_code, taken.json()["case"]["docket_number"]) == (201, "26CIV01234")


def test_a_docket_is_found_in_any_spelling(clerk: Caller, court: Any) -> None:
    order = make.order(court=court, docket_number="HHD-FA26-6012345-S")

    for path in ("/orders", "/cases"):
        for written in (
            "hhd\u2013fa26\u20136012345\u2013s",
            "\u200fHHD - FA26 - 6012345 - S\u200b",
            "HHD-FA-26-6012345-S",
        ):
            assert len(clerk.get(path, docket_number=written).json()["results"]) == 1
    assert order.case.docket_number == "HHD-FA26-6012345-S"
