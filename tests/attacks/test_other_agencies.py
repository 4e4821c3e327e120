"""What belongs to other agencies is not found out by trying, nor shown again to those who left."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AgencyKind, AuditAction, AuditEntry, Membership, Role, User
from accounts.services import people
from accounts.services.access import enumeration_guard
from notifications.models import Alert, WebhookSubscription
from orders.models import Capacity, ExportFile, ImportJob, Order, OrderAgency
from orders.services.firearms import inventory
from orders.services.registry import jobs
from orders.services.registry.importing import importing
from tests import make
from tests.api.conftest import MakeCaller
from tests.make_export import firearm_row, order_row, write_export
from tests.notifications.fixtures import set_up

pytestmark = pytest.mark.django_db

#: The capacity in which each of these roles sees an order, and its kind of agency.
NARROW = {
    Role.MARSHAL: (Capacity.MARSHAL, AgencyKind.MARSHAL),
    Role.SCHOOL: (Capacity.SCHOOL, AgencyKind.SCHOOL),
    Role.LICENSING: (Capacity.LICENSING, AgencyKind.LICENSING),
}


def lately() -> dict[str, Any]:
    now = timezone.now()
    return {"now": now, "issued_at": now - timedelta(days=1)}


def named(order: Order, role: Role) -> User:
    """A person of an agency that is named for the order."""
    capacity, kind = NARROW[role]
    agency = make.agency(kind)
    OrderAgency.objects.create(order=order, agency=agency, capacity=capacity)
    return make.person(role, agency)


@pytest.mark.parametrize("role", NARROW)
def test_they_see_alerts_to_their_own_agency_only(role: Role, caller: MakeCaller) -> None:
    fixture = set_up()
    person = named(fixture.order, role)
    (theirs, *_) = fixture.fire_alone(["respondent_police"])
    own = Alert.objects.get(pk=theirs.pk)
    own.pk, own.public_id, own.idem_key = None, uuid.uuid4(), "own"
    own.agency, own.recipient, own.capacity = person.memberships.get().agency, person, NARROW[role][0]
    own.save()
    api, browser = caller(person), Client()
    browser.force_login(person)

    listed = api.get("/alerts", agency=fixture.police.name).json()
    seen = [one["id"] for one in api.get("/alerts").json()["results"]]

    assert listed["results"] == []
    assert seen == [str(own.public_id)]
    assert api.get(f"/alerts/{theirs.public_id}").status_code == 404
    assert browser.get(f"/notices/{theirs.public_id}/").status_code == 404
    assert browser.get(f"/notices/{own.public_id}/").status_code == 200
    # The court and police go on seeing all.
    assert caller(fixture.clerk).get(f"/alerts/{theirs.public_id}").status_code == 200


def typed(court: Any, number: str) -> dict[str, Any]:
    return {
        "docket_number": f"HHD-FA26-{uuid.uuid4().int % 10**7:07}-S",
        "court": court.name,
        "kind": "ex_parte_restraining_order",
        "confirm": "The hearing is not set yet.",
        "respondent_name": "Ash Birch",
        "respondent_town": make.town().name,
        "issued_at": (timezone.now() - timedelta(hours=3)).isoformat(),
        "por_number": number,
    }


def test_a_number_of_another_court_gets_the_answer_to_an_unknown_one(caller: MakeCaller) -> None:
    court = make.agency(AgencyKind.COURT)
    api = caller(make.person(Role.CLERK, court))
    make.order(por_number="POR1")
    withdrawn = make.order(por_number="POR2")
    Order.objects.filter(pk=withdrawn.pk).update(withdrawn_at=timezone.now())
    own = make.order(court=court, por_number="POR3", **lately())
    numbers = ("POR1", "POR2", "POR9")

    tried = [api.post("/orders?dry_run=true", typed(court, number)) for number in numbers]
    corrected = [
        api.patch(
            f"/orders/{own.public_id}?dry_run=true", {"por_number": number, "reason": "misread"}, If_Match="*"
        )
        for number in numbers
    ]
    found = [api.get("/orders", por_number=number).json()["results"] for number in numbers]

    assert {one.status_code for one in (*tried, *corrected)} == {200}
    assert len({tuple(sorted(one.json())) for one in (*tried, *corrected)}) == 1
    assert found == [[], [], []]
    # Of an own order the answer helps, also in other letters.
    for written in ("POR3", "por 3"):
        known = api.post("/orders?dry_run=true", typed(court, written))
        assert known.json()["errors"][0]["code"] == "duplicate_por_number"


@pytest.mark.parametrize("number", ["POR1", "POR9"])
def test_the_form_takes_a_number_of_another_court_as_an_unknown_one(number: str) -> None:
    court, town = make.agency(AgencyKind.COURT), make.town()
    person, browser = make.person(Role.CLERK, court), Client()
    browser.force_login(person)
    make.order(por_number="POR1")
    sheet = {
        "court": court.pk,
        "docket_number": "HHD-FA26-6012345-S",
        "por_number": number,
        "kind": "restraining_order",
        "issued_at_0": "2025-12-04",
        "issued_at_1": "4:00 pm",
        "expires_on": "2026-12-03",
        "respondent_name": "Ash Birch",
        "respondent_town": town.pk,
    }

    answer = browser.post("/admin/orders/order/add/", sheet)

    assert answer.status_code == 302, answer.content.decode()
    assert Order.objects.filter(por_number=number, case__court=court).count() == 1
    assert enumeration_guard.count_refused_ids(person) == 0


def test_an_import_takes_a_number_of_another_court_as_an_unknown_one(
    tmp_path: Path, caller: MakeCaller
) -> None:
    town, court = make.town(), make.agency(AgencyKind.COURT)
    town.name, court.docket_prefixes = "Hamden", "HHD"
    town.save()
    court.save()
    theirs = make.order(por_number="POR0000000009")
    other = make.order(por_number="POR0000000006")
    rows = [order_row(9), order_row(7)]
    write_export(tmp_path, orders=rows, firearms=[firearm_row(one) for one in (9, 7, 6, 8)], receipts=[])
    person = make.person(Role.CLERK, court)

    def run() -> tuple[ImportJob, list[dict[str, Any]]]:
        job = ImportJob.objects.create(by=person, created_at=timezone.now())
        for name in ExportFile:
            with (tmp_path / f"{name}.csv").open("rb") as stream:
                jobs.put_file(job, name, stream, most=10**6)
        jobs.start(job)
        jobs.run(job.pk, now=timezone.now())
        job.refresh_from_db()
        return job, caller(person).get(f"/imports/{job.public_id}/rejects").json()["results"]

    job, listed = run()
    again, _ = run()

    # The firearm of the other court's number and that of an unknown one get the same answer.
    assert (job.imported, job.rejected) == (2, {"unknown_por_number": 2})
    assert (again.imported, again.unchanged) == (0, 2)
    assert [one["line"] for one in listed] == [4, 5]
    # Nothing differs but the number, which the file has.
    assert len({(one["file"], re.sub(r"POR\d+", "POR", one["detail"])) for one in listed}) == 1
    assert Order.objects.filter(por_number="POR0000000009").count() == 2
    assert not theirs.firearms.exists()
    assert not other.firearms.exists()


def test_an_import_of_all_courts_asks_which_order_a_number_is(tmp_path: Path) -> None:
    town, court = make.town(), make.agency(AgencyKind.COURT)
    town.name, court.docket_prefixes = "Hamden", "HHD"
    town.save()
    court.save()
    one, two = make.order(por_number="POR0000000009"), make.order(por_number="POR0000000009")
    own = make.order(por_number="POR0000000005", court=court, respondent_town=town)
    make.order(por_number="POR0000000005")
    export = write_export(tmp_path, [order_row(9), order_row(5)], [firearm_row(9), firearm_row(5)])

    with importing(export, now=timezone.now()) as run:
        list(run.batches())
        rejected = run.rejected

    assert rejected == {"number_of_several_courts": 2}
    assert [one.firearms.count(), two.firearms.count(), own.firearms.count()] == [0, 0, 1]


def test_a_dry_run_names_no_order_that_the_caller_does_not_see(caller: MakeCaller) -> None:
    now = timezone.now()
    court, town = make.agency(AgencyKind.COURT), make.town()
    facts: dict[str, Any] = {
        "court": court,
        "respondent_town": town,
        "now": now,
        "docket_number": "HHD-FA26-1234567-S",
    }
    order = make.served_order(**facts, issued_at=now - timedelta(days=2))
    sibling = make.served_order(**facts, issued_at=now - timedelta(days=1))
    assert order.case_id == sibling.case_id
    OrderAgency.objects.filter(order=sibling).exclude(capacity=Capacity.COURT).delete()
    firearm = inventory.list_firearm(order, serial="S-1", source="application", by=None, now=now)
    body = {
        "kind": "police",
        "received_at": now.isoformat(),
        "agency": town.police.name,
        "firearms": [str(firearm.public_id)],
    }

    def moved(by: User) -> set[str]:
        answer = caller(by).post(f"/orders/{order.public_id}/receipts?dry_run=true", body)
        assert answer.status_code == 200, answer.content
        return {one["order"] for one in answer.json()["deadlines"]}

    assert moved(make.person(Role.CLERK, court)) == {str(order.public_id), str(sibling.public_id)}
    assert moved(make.person(Role.LIAISON, town.police)) == {str(order.public_id)}


def test_a_replay_returns_nothing_to_someone_who_left(caller: MakeCaller, settings: Settings) -> None:
    settings.DEBUG = False
    first, second = make.agency(), make.agency()
    person = make.person(Role.LIAISON, first)
    Membership.objects.create(user=person, role=Role.LIAISON, agency=second)
    api = caller(person)
    body = {"agency": first.name, "url": "https://93.184.215.14/hook", "events": ["alert.created"]}
    made = api.post("/webhooks", body, key="once")
    assert made.status_code == 201, made.content
    assert api.post("/webhooks", body, key="once").json()["secret"] == made.json()["secret"]

    people.revoke_role(membership=person.memberships.get(agency=first))

    again = api.post("/webhooks", body, key="once")
    assert (again.status_code, again.json()["code"]) == (403, "not_permitted")
    assert made.json()["secret"] not in again.content.decode()
    assert WebhookSubscription.objects.count() == 1


def test_webhooks_of_someone_who_left_are_listed_for_the_agency_and_can_be_ended(caller: MakeCaller) -> None:
    agency = make.agency()
    gone, here = make.person(Role.LIAISON, agency), make.person(Role.SUPERVISOR, agency)
    body = {"agency": agency.name, "url": "https://93.184.215.14/hook", "events": ["alert.created"]}
    made = caller(gone).post("/webhooks", body).json()
    make.person(Role.ADMINISTRATOR)
    people.deactivate_user(user=gone)
    api = caller(here)

    (listed,) = api.get("/webhooks").json()["results"]

    assert (listed["id"], listed["url"]) == (made["id"], body["url"])
    tag = api.get(f"/webhooks/{made['id']}").headers["ETag"]
    assert api.delete(f"/webhooks/{made['id']}", If_Match=tag).status_code == 204
    assert api.get("/webhooks").json()["results"] == []


def test_an_agency_opens_so_many_imports_a_day(caller: MakeCaller, settings: Settings) -> None:
    settings.IMPORTS_A_DAY = 2
    court = make.agency(AgencyKind.COURT)
    api, colleague = (caller(make.person(Role.CLERK, court)) for _ in range(2))
    assert [one.post("/imports").status_code for one in (api, colleague)] == [201, 201]

    refused = api.post("/imports")

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "too_many")
    assert caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT))).post("/imports").status_code == 201
    ImportJob.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert api.post("/imports").status_code == 201
    assert AuditEntry.objects.filter(action=AuditAction.DONE).exists()
