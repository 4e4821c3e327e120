"""The licensing unit's desk: permits to revoke, permits to reinstate, and what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, Role, User
from orders.models import LicensingReport, Order
from orders.services.orders.licensing import record_licensing_report
from orders.services.orders.vacatur import vacate_order
from orders.services.parties.agencies import add_agency
from orders.views.desks import permit_list
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, make_place, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def unit(db: None) -> Agency:
    return make.agency(AgencyKind.LICENSING)


@pytest.fixture
def officer(unit: Agency) -> User:
    return make.person(Role.LICENSING, unit)


def known(place: Place, unit: Agency, name: str = "Ash Birch", **facts: Any) -> Order:
    """An order that the unit knows of, against a person with a permit."""
    order = place.order(name, permit_indicated=True, **facts)
    add_agency(order, agency=unit, by=None, now=timezone.now())
    return order


def test_a_permit_moves_from_revoke_to_done_to_reinstate(place: Place, unit: Agency, officer: User) -> None:
    order, now = known(place, unit), timezone.now()
    client = browser(officer)

    first = read(officer, "/licensing/")
    assert f"/licensing/{order.public_id}/?kind=permit_revoked" in first
    assert "No permit waits for a decision on reinstatement." in first
    assert PROTECTED not in first
    form = client.get(f"/licensing/{order.public_id}/?kind=permit_revoked").content.decode()
    assert '<option value="permit_revoked" selected>' in form
    sent = {
        "kind": "permit_revoked",
        "occurred_at_0": str(now.date() - timedelta(days=1)),
        "occurred_at_1": "",
    }
    assert client.post(f"/licensing/{order.public_id}/", sent).status_code == 302
    assert LicensingReport.objects.get().order == order

    done = read(officer, "/licensing/")
    assert "waits for a revocation" in done
    assert "the permit was revoked" in done
    vacate_order(order, vacated_at=timezone.now(), reason="Ended.", by=None, now=timezone.now())
    assert f"/licensing/{order.public_id}/?kind=permit_reinstated" in read(officer, "/licensing/")
    record_licensing_report(
        order, kind="permit_reinstated", occurred_on=timezone.localdate(), by=officer, now=timezone.now()
    )
    assert "No permit waits for a decision on reinstatement." in read(officer, "/licensing/")


def test_only_the_unit_of_the_order_has_the_row(place: Place, unit: Agency) -> None:
    known(place, unit)
    without = place.order("Lee Without", firearms=0)
    add_agency(without, agency=unit, by=None, now=timezone.now())

    assert "Lee Without" not in read(make.person(Role.LICENSING, unit), "/licensing/")
    other = make.person(Role.LICENSING, make.agency(AgencyKind.LICENSING))
    assert "Ash Birch" not in read(other, "/licensing/")
    for person in (place.liaison, make.person(Role.CLERK, place.court)):
        assert browser(person).get("/licensing/").status_code == 404


def test_the_page_asks_as_often_for_many_permits_as_for_one(
    place: Place, unit: Agency, officer: User
) -> None:
    client = browser(officer)
    known(place, unit)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get("/licensing/").status_code == 200
        return len(found)

    queries()
    one = queries()
    for number in range(3):
        known(place, unit, f"Person {number}")
    assert queries() == one


def test_an_order_that_is_over_shows_whatever_else_is_in_force(
    place: Place, unit: Agency, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permit_list, "MOST_READ", 2)
    now = timezone.now()
    orders = [known(place, unit, f"Person {number}") for number in range(4)]
    for order in orders:
        record_licensing_report(order, kind="permit_revoked", occurred_at=now, by=officer, now=now)
    vacate_order(orders[-1], vacated_at=now, reason="Ended.", by=None, now=now)

    assert f"/licensing/{orders[-1].public_id}/?kind=permit_reinstated" in read(officer, "/licensing/")


def test_a_part_that_does_not_show_all_has_a_note(
    place: Place, unit: Agency, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permit_list, "MOST", 1)
    known(place, unit)
    assert "are shown" not in read(officer, "/licensing/")

    known(place, unit, "Lee Other")

    assert "Only the first 1 are shown." in read(officer, "/licensing/")


def test_a_reinstatement_without_a_revocation_needs_a_reason(
    place: Place, unit: Agency, officer: User
) -> None:
    order = known(place, unit)
    page = f"/licensing/{order.public_id}/"
    today = court_date(timezone.now())
    client = browser(officer)
    sent = {"kind": "permit_reinstated", "occurred_at_0": str(today), "occurred_at_1": ""}

    shown = client.post(page, sent)
    assert "No revocation by then is recorded." in shown.content.decode()
    assert not LicensingReport.objects.exists()

    assert client.post(page, sent | {"confirm": "Revoked before this system."}).status_code == 302
    told = client.get(page).content.decode()
    assert "The reinstatement is recorded." in told
    assert "are alerted now" not in told


def test_a_permit_that_was_revoked_again_waits_for_reinstatement_again(
    place: Place, unit: Agency, officer: User
) -> None:
    order, now = known(place, unit), timezone.now()
    today = court_date(now)
    steps = (("permit_revoked", 3), ("permit_reinstated", 2), ("permit_revoked", 1))
    for kind, days in steps:
        record_licensing_report(
            order, kind=kind, occurred_on=today - timedelta(days=days), by=officer, now=now, confirm="Known."
        )
    vacate_order(order, vacated_at=now, reason="Ended.", by=None, now=timezone.now())

    assert f"/licensing/{order.public_id}/?kind=permit_reinstated" in read(officer, "/licensing/")
