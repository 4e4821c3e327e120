"""Alerts: listed for their agency, acknowledged once, silent about protected persons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AgencyKind, AuditEntry, Role
from notifications.models import Alert, Via
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, FollowUp, HistoryEntry
from orders.services import service
from orders.services.follow_ups.transfers import offer_transfer
from orders.services.orders import withdrawal
from orders.services.parties.agencies import add_agency
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.make import NOW
from tests.notifications.fixtures import safe_contact, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def police() -> Any:
    return make.agency()


@pytest.fixture
def liaison(caller: MakeCaller, police: Any) -> Caller:
    return caller(make.person(Role.LIAISON, police))


def served(**given: Any) -> Any:
    """An order issued two days ago and served an hour ago."""
    now = timezone.now()
    return make.served_order(now=now, issued_at=now - timedelta(days=2), **given)


def alert(of: Any, *, capacity: str = "respondent_police", order: Any = None, **given: Any) -> Alert:
    """An alert to an agency about an order that involves it."""
    order = order or served(respondent_town=make.town(of), protected_person="Sky Linden")
    checkpoint = Checkpoint.objects.filter(deadline__order=order, deadline__rule_id="CT-SUR-01").first()
    assert checkpoint is not None
    number = Alert.objects.count()
    return Alert.objects.create(
        checkpoint=checkpoint,
        order=order,
        agency=of,
        capacity=capacity,
        via=Via.DESK,
        idem_key=f"test:{number}",
        **given,
    )


def test_alert_holds_neither_names_nor_docket(liaison: Caller, police: Any) -> None:
    one = alert(police)

    answer = liaison.get(f"/alerts/{one.public_id}")

    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["id"], body["order"]) == (str(one.public_id), str(one.of_order.public_id))
    assert (body["rule"], body["state"], body["agency"]) == ("CT-SUR-01", "ready", police.name)
    assert body["recipient"] is body["acknowledged_at"] is body["acknowledged_by"] is None
    for secret in ("Sky Linden", "Ash Birch", one.of_order.case.docket_number):
        assert secret not in answer.content.decode()
    assert liaison.get("/alerts").json() == {"results": [body], "next": None}
    assert AuditEntry.objects.filter(cases__contains=[one.of_order.case.public_id]).count() == 2


def test_an_alert_about_a_correction_is_marked_and_gone_with_the_order(
    caller: MakeCaller, liaison: Caller, police: Any
) -> None:
    earlier = alert(police, first_sent_at=timezone.now())
    order = earlier.of_order
    why: dict[str, Any] = {"by": None, "now": timezone.now(), "reason": "Another order's."}
    service.withdraw_service(order, **why)

    first, second = liaison.get("/alerts").json()["results"]

    assert (first["is_correction"], second["is_correction"]) == (True, False)
    assert (first["order"], first["channel"]) == (str(order.public_id), "email")
    withdrawal.withdraw_order(order, **why)
    assert liaison.get("/alerts").json()["results"] == []
    assert liaison.get(f"/alerts/{first['id']}").status_code == 404
    clerk = caller(make.person(Role.CLERK, order.case.court))
    assert clerk.get("/alerts", agency=police.name).json()["results"] == []


def test_alerts_are_paged_newest_first(liaison: Caller, police: Any) -> None:
    first = alert(police)
    others = [alert(police, order=first.order) for _ in range(4)]
    newest_first = [str(one.public_id) for one in reversed([first, *others])]

    seen, path = [], "/api/v1/alerts?limit=2"
    while path:
        page = liaison.client.get(path, headers={"Authorization": f"Bearer {liaison.token}"}).json()
        assert len(page["results"]) <= 2
        seen += [one["id"] for one in page["results"]]
        path = page["next"]

    assert seen == newest_first


def test_filters(liaison: Caller, police: Any) -> None:
    old, new = alert(police), alert(police)
    Alert.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    liaison.post(f"/alerts/{old.public_id}/acknowledgments")

    def ids(**query: Any) -> list[str]:
        answer = liaison.get("/alerts", **query)
        assert answer.status_code == 200, answer.content
        return [one["id"] for one in answer.json()["results"]]

    assert ids(acknowledged="false") == [str(new.public_id)]
    assert ids(acknowledged="true") == [str(old.public_id)]
    assert ids(created_after=(timezone.now() - timedelta(days=1)).isoformat()) == [str(new.public_id)]
    assert len(ids(agency=police.name)) == 2


def test_offer_waits_until_it_is_answered(caller: MakeCaller, police: Any) -> None:
    asked = make.agency()
    theirs, now = caller(make.person(Role.LIAISON, asked)), timezone.now()
    order = make.served_order(
        now=now, issued_at=now - timedelta(days=2), ago=timedelta(hours=25), respondent_town=make.town(police)
    )
    Firer("test").fire(now=now)
    offer = offer_transfer(
        FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01"),
        to_agency=asked,
        reason="lives there now",
        by=make.person(Role.LIAISON, police),
        now=now,
    )

    (shown,) = theirs.get("/alerts", acknowledged=False).json()["results"]

    assert (shown["transfer"], shown["agency"]) == (str(offer.public_id), asked.name)
    assert (shown["rule"], shown["purpose"], shown["via"]) == ("CT-SUR-01", "check", "person")
    assert "lives there now" not in str(shown)

    answer = theirs.post(f"/transfers/{offer.public_id}/answers", {"accepted": True})
    assert answer.status_code == 201

    assert theirs.get("/alerts", acknowledged=False).json()["results"] == []
    assert [one["id"] for one in theirs.get("/alerts").json()["results"]] == [shown["id"]]


def test_agency_without_a_name_is_refused(liaison: Caller) -> None:
    answer = liaison.get("/alerts", agency="")

    assert answer.status_code == 409
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("agency", "does_not_exist")]


def test_agency_sees_only_its_own_alerts(caller: MakeCaller, police: Any) -> None:
    theirs = alert(police)
    other = caller(make.person(Role.LIAISON, make.agency()))

    listed = other.get("/alerts")
    asked = other.get("/alerts", agency=police.name)
    one = other.get(f"/alerts/{theirs.public_id}")
    nothing = other.get(f"/alerts/{theirs.of_order.public_id}")
    answered = other.post(f"/alerts/{theirs.public_id}/acknowledgments")

    assert listed.json()["results"] == asked.json()["results"] == []
    assert one.status_code == nothing.status_code == answered.status_code == 404
    assert one.content == nothing.content == answered.content


def test_court_sees_police_alerts_and_cannot_acknowledge_them(caller: MakeCaller, police: Any) -> None:
    court = make.agency(AgencyKind.COURT)
    order = served(court=court, respondent_town=make.town(police))
    one = alert(police, order=order)
    clerk = caller(make.person(Role.CLERK, court))

    seen = clerk.get("/alerts", agency=police.name)
    answer = clerk.post(f"/alerts/{one.public_id}/acknowledgments")

    assert [row["id"] for row in seen.json()["results"]] == [str(one.public_id)]
    assert clerk.get("/alerts").json()["results"] == []
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    one.refresh_from_db()
    assert one.acknowledged_at is None


def test_first_acknowledgment_counts(caller: MakeCaller, liaison: Caller, police: Any) -> None:
    one = alert(police)
    second = caller(make.person(Role.LIAISON, police))

    first_answer = liaison.post(f"/alerts/{one.public_id}/acknowledgments")
    second_answer = second.post(f"/alerts/{one.public_id}/acknowledgments")

    assert (first_answer.status_code, second_answer.status_code) == (201, 200), first_answer.content
    assert first_answer.json() == second_answer.json()
    one.refresh_from_db()
    assert one.acknowledged_by is not None
    assert first_answer.json()["acknowledged_by"] == one.acknowledged_by.name
    assert HistoryEntry.objects.filter(order=one.order, kind="acknowledged").count() == 1
    assert first_answer.headers["ETag"] == liaison.get(f"/alerts/{one.public_id}").headers["ETag"]


def test_repeated_request_gets_the_same_response(liaison: Caller, police: Any) -> None:
    one = alert(police)
    path = f"/alerts/{one.public_id}/acknowledgments"

    first, again = liaison.post(path, key="answer-1"), liaison.post(path, key="answer-1")

    assert (first.status_code, first.content) == (again.status_code, again.content)


def test_others_may_not_acknowledge(caller: MakeCaller) -> None:
    court = make.agency(AgencyKind.COURT)
    order = served(court=court)
    one = alert(court, capacity="court", order=order)
    judge = caller(make.person(Role.JUDGE, court))
    auditor = caller(make.person(Role.AUDITOR))

    assert judge.get(f"/alerts/{one.public_id}").status_code == 200
    assert judge.post(f"/alerts/{one.public_id}/acknowledgments").status_code == 403
    assert auditor.get("/alerts").status_code == 403


def test_query_count_does_not_grow_with_the_list(liaison: Caller, police: Any) -> None:
    def queries() -> int:
        liaison.get("/alerts")
        with CaptureQueriesContext(connection) as captured:
            liaison.get("/alerts")
        return len(captured)

    alert(police)
    few = queries()
    for _ in range(10):
        alert(police)

    assert queries() == few


def test_alerts_of_a_release_are_visible_to_the_organization_only(caller: MakeCaller) -> None:
    fixtures = set_up()
    release = fixtures.release()
    advocate = make.person(Role.ADVOCATE, release.agency)
    safe_contact(release, by=advocate)
    told = fixtures.fire(["respondent_police", "advocate", "protected_person"])
    by_release = [one for one in told if one.release]
    assert len(by_release) == 2

    for person in (fixtures.liaison, fixtures.clerk):
        asked = caller(person).get("/alerts", agency=release.agency.name)
        assert asked.json()["results"] == []
        assert [caller(person).get(f"/alerts/{one.public_id}").status_code for one in by_release] == [
            404,
            404,
        ]
    assert len(caller(advocate).get("/alerts").json()["results"]) == 2


def test_police_do_not_see_alerts_to_a_school(caller: MakeCaller) -> None:
    fixtures = set_up()
    school = make.agency(AgencyKind.SCHOOL)
    official = make.person(Role.SCHOOL, school)
    add_agency(fixtures.order, agency=school, by=None, now=NOW)
    fired = fixtures.fire(["respondent_police", "school"])
    (to_school,) = (one for one in fired if one.recipient == official)

    liaison = caller(fixtures.liaison)
    assert school.name not in liaison.get(f"/orders/{fixtures.order.public_id}").content.decode()
    assert liaison.get("/alerts", agency=school.name).json()["results"] == []
    assert liaison.get(f"/alerts/{to_school.public_id}").status_code == 404
    assert caller(official).get(f"/alerts/{to_school.public_id}").status_code == 200
    assert caller(fixtures.clerk).get(f"/alerts/{to_school.public_id}").status_code == 200
