"""An export of another state: its kinds of order, courts, places, clocks and recipients."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Agency, AgencyKind, State, Town
from orders.models import Order
from orders.services.planning import explanations
from orders.services.registry.files import Export
from orders.services.registry.importing import importing
from orders.services.registry.layout import Layout, LayoutError, read_layout
from orders.services.registry.places import Places
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, write_export

pytestmark = pytest.mark.django_db


@pytest.fixture
def bay(db: None) -> Agency:
    """A court of Florida on Central time, its place, and a town of Connecticut that is called alike."""
    court = make.agency(AgencyKind.COURT, state=State.FLORIDA, area="Bay")
    court.docket_prefixes = "BAY"
    court.save()
    make.agency(AgencyKind.COURT, state=State.FLORIDA)
    Town.objects.create(
        name="Hamden, Florida", jurisdiction=State.FLORIDA, police=make.agency(state=State.FLORIDA)
    )
    Town.objects.create(name="Hamden", police=make.agency())
    return court


def take(folder: Path, *, state: str = "us_fl", receipts: Any = (), **given: str) -> dict[str, int]:
    """Import one row of the state; return the rejected rows by code, with the imported ones."""
    plain = {"order_kind": "final_erpo", "docket_number": "BAY-26-1", "hearing_on": ""}
    row = order_row(1, **{**plain, "issued_at": "2026-10-01 10:00", **given})
    export = write_export(folder, [row], [firearm_row()] if receipts else [], receipts)
    with importing(Export(export, Layout(state=state)), now=NOW) as run:
        list(run.batches())
        return {"imported": run.imported, **run.rejected}


def test_an_order_of_another_state_is_read_by_the_clock_of_its_court(bay: Agency, tmp_path: Path) -> None:
    receipt = receipt_row(at="2026-10-03 12:00")

    found = take(tmp_path, receipts=[receipt])

    assert found == {"imported": 1, "unlawful_recipient": 1}
    order = Order.objects.get()
    assert (order.jurisdiction, order.area, order.case.court) == ("us_fl", "Bay", bay)
    assert order.issued_at == datetime(2026, 10, 1, 10, tzinfo=ZoneInfo("America/Chicago"))
    assert order.case.respondent.town.name == "Hamden, Florida"
    assert order.deadlines.filter(rule_id="FL-SUR").exists()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"order_kind": "restraining_order"}, "unknown_order_kind"),
        ({"docket_number": "XYZ-26-1"}, "unknown_court"),
        ({"respondent_town": "Avon"}, "unknown_town"),
    ],
)
def test_what_the_state_does_not_have_is_rejected(
    given: dict[str, str], code: str, bay: Agency, tmp_path: Path
) -> None:
    assert take(tmp_path, **given) == {"imported": 0, code: 1}


def test_an_order_of_one_state_is_not_changed_by_an_export_of_another(bay: Agency, tmp_path: Path) -> None:
    take(tmp_path)
    court = Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD")

    row = {"order_kind": "restraining_order", "docket_number": "HHD-FA26-6012345-S"}
    found = take(tmp_path, state="us_ct", **row)

    assert found == {"imported": 0, "not_your_court": 1}
    assert not Order.objects.filter(case__court=court).exists()


@pytest.mark.parametrize(
    ("typed", "state", "named"),
    [
        ("Hamden", "us_fl", "Hamden, Florida"),
        ("HAMDEN, FL 32401", "us_fl", "Hamden, Florida"),
        ("Hamden, Florida", "us_fl", "Hamden, Florida"),
        ("Hamden, CT", "us_fl", "Hamden"),
        ("Hamden, Conn. 06514", "us_fl", "Hamden"),
        ("Hamden", "us_ct", "Hamden"),
        ("Hamden, Florida", "us_ct", "Hamden, Florida"),
        ("Hamden", "us_vt", None),
    ],
)
def test_a_place_is_that_of_the_state(typed: str, state: str, named: str | None, bay: Agency) -> None:
    found = Places(state=state).town(typed)

    assert (found.name if found else None) == named


def test_the_layout_names_a_state(tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    file.write_text('state = "us_vt"', encoding="utf-8")
    assert read_layout(file).state == "us_vt"
    file.write_text('state = "vt"', encoding="utf-8")
    with pytest.raises(LayoutError, match="state “vt” is not known"):
        read_layout(file)


def test_the_only_court_of_a_state_needs_no_prefix(tmp_path: Path) -> None:
    town = make.town(state=State.VERMONT)
    court = make.agency(AgencyKind.COURT, state=State.VERMONT)
    name = town.name.removesuffix(", Vermont")
    later = (NOW - timedelta(days=1)).isoformat()

    found = take(tmp_path, state="us_vt", docket_number="26-PR-17", respondent_town=name, served_at=later)

    assert found == {"imported": 1}
    assert Order.objects.get().case.court == court


def test_a_row_without_a_way_of_service_gives_the_later_time(tmp_path: Path) -> None:
    """In Washington what is served in hand is surrendered at once: no export makes that up."""
    town = make.town(state=State.WASHINGTON)
    make.agency(AgencyKind.COURT, state=State.WASHINGTON)
    served = NOW - timedelta(hours=3)
    row = {
        "docket_number": "26-2-01234-1",
        "respondent_town": town.name.removesuffix(", Washington"),
        "issued_at": (NOW - timedelta(days=1)).isoformat(),
        "served_at": served.isoformat(),
    }

    assert take(tmp_path, state="us_wa", service_method="", **row) == {"imported": 1}

    order = Order.objects.get()
    duty = make.deadline(order, "WA-SUR")
    assert (order.service_method, duty.due_at, duty.state) == (
        "unknown",
        served + timedelta(hours=24),
        "open",
    )
    assert duty.certainty == "debatable"
    reasons = " ".join(explanations.reasons(order, "en")["WA-SUR", ""])
    assert "As long as the way of service is not stated, the longer time is shown." in reasons

    take(tmp_path, state="us_wa", service_method="in_hand", **row)
    assert make.deadline(order, "WA-SUR").due_at == served
