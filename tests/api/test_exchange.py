"""Downloads for other systems: true, by their schemas, gated, logged and throttled."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import AgencyKind, AuditAction, AuditEntry, Role, Scope
from orders.api.exchange import views
from orders.models import (
    FirearmStatus,
    ItemKind,
    OrderKind,
    ReceiptKind,
    ServiceMethod,
    StatementKind,
)
from orders.services.exchange.niem import CONTEXT, protection_order
from orders.services.exchange.nods import COLUMNS
from orders.services.exchange.surrender import ExchangeRecord, surrender_of
from orders.services.firearms import inventory
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures
from tests.api.test_schema import errors_of

FOLDER = Path(settings.BASE_DIR) / "docs" / "exchange"
FORMATS = ("niem", "surrender", "nods")
XS = "{http://www.w3.org/2001/XMLSchema}"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text())
    return found


def text_of(answer: Any) -> str:
    """What was streamed. The answer must be a success."""
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode("utf-8-sig")


@pytest.fixture
def clerk(fixtures: Fixtures, caller: MakeCaller) -> Caller:
    cache.clear()
    inventory.list_firearm(
        fixtures.order,
        source="application",
        item_kind="ammunition",
        quantity=50,
        description="9 mm rounds",
        by=None,
        now=fixtures.now,
    )
    return caller(make.person(Role.CLERK, fixtures.court))


def test_every_format_fits_its_schema(fixtures: Fixtures, clerk: Caller) -> None:
    for name in ("niem", "surrender"):
        answer = clerk.get(f"/exchange/{name}")
        assert answer.headers["Content-Type"] == "application/json"
        body = json.loads(text_of(answer))
        known = schema(name)
        Draft202012Validator.check_schema(known)
        assert errors_of(body, known, {"components": {}}) == []
        assert errors_of(body | {"more": 1}, known, {"components": {}})

    rows = list(csv.DictReader(StringIO(text_of(clerk.get("/exchange/nods")))))
    assert rows[0].keys() == COLUMNS.keys()
    row = next(one for one in rows if one["service_date"])
    assert (row["case_number"], row["firearms_listed"], row["receipts"]) == (
        fixtures.order.case.docket_number,
        "2",
        "1",
    )


def test_niem_has_the_order_its_service_and_its_surrender(fixtures: Fixtures, clerk: Caller) -> None:
    message = json.loads(text_of(clerk.get("/exchange/niem")))["ctc:ProtectionOrderExchange"]
    mine = f"urn:uuid:{fixtures.order.public_id}"
    order = next(one for one in message["j:ProtectionOrder"] if one["@id"] == mine)

    assert order["nc:ActivityIdentification"][0]["nc:IdentificationID"] == fixtures.order.case.docket_number
    assert order["j:CourtOrderIssuingCourt"] == {"j:CourtName": fixtures.court.name}
    assert order["j:CourtOrderServiceDescriptionText"] == "in_hand"
    assert {one["nc:OrganizationName"] for one in order["j:CourtOrderEnforcementAgency"]} >= {
        fixtures.police.name
    }
    assert order["ctc:SurrenderDuty"]["ctc:SurrenderDutyStateCode"] == "overdue"
    states = {
        one["nc:ItemSerialIdentification"]["nc:IdentificationID"]: one
        for one in order["ctc:SurrenderFirearm"]
    }
    assert states["S-1"]["ctc:SurrenderItemStatusCode"] == "alleged"
    assert states["S-2"]["ctc:SurrenderItemStatusCode"] == "sold"
    assert order["ctc:SurrenderOtherItem"][0]["nc:ItemQuantity"] == 50
    (receipt,) = order["ctc:SurrenderReceipt"]
    assert receipt["ctc:SurrenderReceiptItem"] == [{"@id": states["S-2"]["@id"]}]


def test_what_niem_has_no_name_for_fits_its_schema_too_and_a_true_owner_stays_here() -> None:
    words = {"caliber": "9 mm", "firearm_type": "PISTOL", "description": "worn grip", "status": "alleged"}
    items: list[dict[str, Any]] = [
        words | {"id": "6c1f7a2e-0000-4000-8000-000000000001", "item_kind": "firearm"},
        words | {"id": "6c1f7a2e-0000-4000-8000-000000000002", "item_kind": "ammunition", "quantity": 5},
    ]
    receipts = [
        {
            "kind": kind,
            "received_at": "2026-11-28T15:00:00Z",
            "taker_name": "Sky Linden",
            "id": items[0]["id"],
        }
        for kind in ("third_party", "true_owner")
    ]
    record = ExchangeRecord(order={"id": items[0]["id"]}, items=items, receipts=receipts)

    order = protection_order(record)

    shapes = schema("niem")["$defs"]
    for name, rows in ((one, order[f"ctc:{one}"]) for one in ("SurrenderFirearm", "SurrenderOtherItem")):
        assert errors_of(rows[0], shapes[name] | {"$defs": shapes}, {"components": {}}) == []
    assert order["ctc:SurrenderOtherItem"][0]["nc:ItemDescriptionText"] == "9 mm; PISTOL; worn grip"
    takers = [one.get("ctc:SurrenderReceiptTakerName") for one in order["ctc:SurrenderReceipt"]]
    assert takers == ["Sky Linden", None]
    assert [one.get("taker_name") for one in surrender_of(record)["receipts"]] == ["Sky Linden", None]


def test_no_format_has_a_protected_person_or_a_note_for_officers(fixtures: Fixtures, clerk: Caller) -> None:
    fixtures.firearm.believed_place = "the blue barn"
    fixtures.firearm.officer_notes = "beware of the dog"
    fixtures.firearm.save()
    for name in FORMATS:
        body = text_of(clerk.get(f"/exchange/{name}"))
        for secret in ("Linden", "protected", "barn", "beware", fixtures.organization.name):
            assert secret not in body, (name, secret)
    assert "Ash Birch" not in text_of(clerk.get("/exchange/nods"))


def test_only_visible_orders_leave_and_each_is_logged(
    fixtures: Fixtures, clerk: Caller, caller: MakeCaller
) -> None:
    other = make.order()
    own = {fixtures.order.case.public_id, fixtures.unserved.case.public_id}
    for name in FORMATS:
        assert str(other.case.docket_number) not in text_of(clerk.get(f"/exchange/{name}"))
        entry = AuditEntry.objects.latest("pk")
        assert entry.action == AuditAction.SEEN
        assert set(entry.cases) >= own
        assert other.case.public_id not in entry.cases

    police = caller(make.person(Role.LIAISON, fixtures.police))
    entries = json.loads(text_of(police.get("/exchange/surrender")))["orders"]
    assert str(fixtures.order.public_id) in {one["order"]["id"] for one in entries}
    nobody = caller(make.person(Role.LIAISON, make.agency()))
    assert json.loads(text_of(nobody.get("/exchange/surrender")))["orders"] == []


def test_other_roles_and_other_scopes_are_refused(fixtures: Fixtures, caller: MakeCaller) -> None:
    prosecutor = make.person(Role.PROSECUTOR, make.agency(AgencyKind.PROSECUTOR))
    scopes = [one for one in Scope.values if one != Scope.EXCHANGE_READ]
    refused = (
        (caller(make.person(Role.JUDGE, fixtures.court)), "not_permitted"),
        (caller(prosecutor), "not_permitted"),
        (caller(make.person(Role.ADVOCATE, fixtures.organization)), "not_permitted"),
        (caller(make.person(Role.AUDITOR)), "not_permitted"),
        (caller(make.person(Role.CLERK, fixtures.court), scopes), "scope_missing"),
    )
    for calling, code in refused:
        for name in FORMATS:
            answer = calling.get(f"/exchange/{name}")
            assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_days_choose_orders_and_too_many_are_refused(
    fixtures: Fixtures, clerk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = fixtures.order.issued_on
    assert day is not None
    later = {"issued_after": (day + timedelta(days=1)).isoformat()}
    until = {"issued_after": day.isoformat(), "issued_before": (day + timedelta(days=1)).isoformat()}

    ids = [
        {
            one["order"]["id"]
            for one in json.loads(text_of(clerk.get("/exchange/surrender", **query)))["orders"]
        }
        for query in (later, until)
    ]
    assert str(fixtures.order.public_id) not in ids[0]
    assert str(fixtures.order.public_id) in ids[1]

    monkeypatch.setattr(views, "MOST_EXCHANGED", 1)
    answer = clerk.get("/exchange/niem")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "too_many")


def test_downloads_have_a_limit_of_their_own(clerk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"user": "9/min", "exchange": "1/hour"})

    first, second = clerk.get("/exchange/nods"), clerk.get("/exchange/nods")

    assert first.headers["RateLimit-Policy"] == '"user";q=9;w=60, "exchange";q=1;w=3600'
    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) > 60
    assert clerk.get("/orders").status_code == 200
    cache.clear()


def test_more_orders_take_no_more_queries(fixtures: Fixtures, clerk: Caller) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            text_of(clerk.get("/exchange/niem"))
        return len(caught)

    queries()
    before = queries()
    for _ in range(3):
        order = make.order(court=fixtures.court)
        inventory.list_firearm(order, serial="N-1", source="application", by=None, now=fixtures.now)

    assert queries() == before


def test_the_schemas_list_what_the_product_has() -> None:
    surrender, niem = schema("surrender")["$defs"], schema("niem")["$defs"]

    assert surrender["order"]["properties"]["kind"]["enum"] == OrderKind.values
    assert surrender["item"]["properties"]["kind"]["enum"] == ItemKind.values
    assert surrender["item"]["properties"]["status"]["enum"] == FirearmStatus.values
    assert surrender["receipt"]["properties"]["kind"]["enum"] == ReceiptKind.values
    assert surrender["statement"]["properties"]["kind"]["enum"] == StatementKind.values
    order = niem["ProtectionOrder"]["properties"]
    assert order["nc:ActivityCategoryText"]["enum"] == OrderKind.values
    assert order["j:CourtOrderServiceDescriptionText"]["enum"] == ServiceMethod.values
    assert schema("niem")["properties"]["@context"]["const"] == CONTEXT


def test_the_extension_declares_each_of_our_elements_on_an_augmentation_point() -> None:
    extension = ET.parse(FOLDER / "ctc-surrender.xsd").getroot()
    assert extension.get("targetNamespace") == CONTEXT["ctc"]
    declared = {one.get("name"): one for one in extension.findall(f"{XS}element")}
    types = {
        one.get("name"): [ref.get("ref") for ref in one.iter(f"{XS}element")]
        for one in extension.findall(f"{XS}complexType")
    }
    properties = {name for shape in shapes(schema("niem")) for name in shape.get("properties", {})}
    ours = {name.removeprefix("ctc:") for name in properties if name.startswith("ctc:")}

    assert ours <= declared.keys()
    points = {
        "ProtectionOrderAugmentation": "j:ProtectionOrderAugmentationPoint",
        "ItemAugmentation": "nc:ItemAugmentationPoint",
    }
    for name, point in points.items():
        assert declared[name].get("substitutionGroup") == point
    order = {
        one for one in schema("niem")["$defs"]["ProtectionOrder"]["properties"] if one.startswith("ctc:")
    }
    assert order == set(types["ProtectionOrderAugmentationType"])
    # Every name of NIEM is explained in the document.
    text = (FOLDER.parent / "exchange.md").read_text()
    assert [one for one in properties if one not in text] == []
    assert [one for one in COLUMNS if f"`{one}`" not in text] == []


def shapes(value: Any) -> list[dict[str, Any]]:
    """Every object within a schema."""
    if isinstance(value, dict):
        return [value, *(shape for one in value.values() for shape in shapes(one))]
    return [shape for one in value for shape in shapes(one)] if isinstance(value, list) else []
