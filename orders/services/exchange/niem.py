"""Orders, service and surrender as NIEM 6.0 JSON: domain justice, with our extension for surrender.

NIEM has no element for the surrender of firearms, a receipt or the state of a duty. The extension
(docs/exchange/ctc-surrender.xsd) hangs them on the augmentation points of a protection order and an item. In
JSON, properties of an augmentation are properties of what they augment.

Source: NIEM 6.0, https://github.com/niemopen/niem-model, xsd/niem-core.xsd and xsd/domains/justice.xsd.
"""

from __future__ import annotations

from typing import Any

from orders.models import ItemKind
from orders.services.exchange.surrender import ExchangeRecord, Row, filled, taker_of

#: The namespaces of a document, by their prefix.
CONTEXT = {
    "nc": "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/",
    "j": "https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/",
    "ctc": "urn:ctcompliance:ns:surrender:1.0/",
}


def protection_order(record: ExchangeRecord) -> dict[str, Any]:
    """Return one `j:ProtectionOrder`."""
    order, case = record.order, record.order.get("case", {})
    issued = order.get("issued_at")
    return {"@id": f"urn:uuid:{order['id']}"} | filled(
        {
            "nc:ActivityIdentification": [
                _identification(case.get("docket_number"), "Docket number"),
                *(
                    [_identification(order["por_number"], "Registry number")]
                    if order.get("por_number")
                    else []
                ),
            ],
            "nc:ActivityCategoryText": order.get("kind"),
            "nc:ActivityDate": _until(order.get("expires_on")),
            "j:CourtOrderEnforcementAgency": [
                {"nc:OrganizationName": one["agency"]}
                for one in order.get("agencies", ())
                if one["capacity"] != "court"
            ],
            "j:CourtOrderIssuingCourt": filled({"j:CourtName": case.get("court")}),
            "j:CourtOrderIssuingDate": _moment(issued) if issued else _date(order.get("issued_on")),
            "j:CourtOrderRecallDate": _moment(order.get("vacated_at")),
            "j:CourtOrderServiceAttemptedDate": [
                _moment(one["attempted_at"]) for one in record.attempts if one.get("attempted_at")
            ],
            "j:CourtOrderServiceDate": _moment(order.get("served_at")),
            "j:CourtOrderServiceDescriptionText": order.get("service_method"),
            "j:ProtectionOrderRestrictedPerson": _person(case.get("respondent", {})),
            **_surrender(record),
        }
    )


def _surrender(record: ExchangeRecord) -> dict[str, Any]:
    """Return the augmentation of a protection order."""
    duty = record.duty or {}
    return {
        "ctc:FirearmsIndicatedIndicator": record.order.get("firearms_indicated"),
        "ctc:SurrenderDuty": filled(
            {
                "ctc:SurrenderDutyStateCode": duty.get("state"),
                "ctc:SurrenderDutyProofCode": duty.get("proof"),
                "ctc:SurrenderDutyDueDate": _moment(duty.get("due_at")),
                "ctc:SurrenderDutyMetDate": _moment(duty.get("met_at")),
            }
        ),
        "ctc:SurrenderFirearm": [_item(one) for one in record.items if _is_firearm(one)],
        "ctc:SurrenderOtherItem": [_item(one) for one in record.items if not _is_firearm(one)],
        "ctc:SurrenderReceipt": [_receipt(one) for one in record.receipts],
        "ctc:SurrenderStatement": [_statement(one) for one in record.statements],
    }


def _is_firearm(row: Row) -> bool:
    return row.get("item_kind") == ItemKind.FIREARM


def _item(row: Row) -> dict[str, Any]:
    """Return a firearm, or for ammunition and magazines an `nc:ItemType`, with where it is."""
    return {"@id": f"urn:uuid:{row['id']}"} | filled(
        {
            **(_of_firearm(row) if _is_firearm(row) else _of_lot(row)),
            "nc:ItemMakeName": row.get("make"),
            "nc:ItemModelName": row.get("model"),
            "nc:ItemQuantity": row.get("quantity"),
            "nc:ItemSerialIdentification": filled({"nc:IdentificationID": row.get("serial")}),
            "ctc:SurrenderItemStatusCode": row.get("status"),
        }
    )


def _of_firearm(row: Row) -> dict[str, Any]:
    return {
        "nc:ItemDescriptionText": row.get("description"),
        "j:FirearmCategoryText": row.get("firearm_type"),
        "j:FirearmBoreSizeText": row.get("caliber"),
    }


def _of_lot(row: Row) -> dict[str, Any]:
    """Return what only a lot has. NIEM gives no caliber to an item that is not a firearm."""
    described = filled({name: row.get(name) for name in ("caliber", "firearm_type", "description")})
    return {
        "nc:ItemCategoryText": row.get("item_kind"),
        "nc:ItemDescriptionText": "; ".join(described.values()),
    }


def _receipt(row: Row) -> dict[str, Any]:
    taker = row.get("agency") or taker_of(row)
    return filled(
        {
            "nc:ActivityIdentification": filled({"nc:IdentificationID": row.get("receipt_number")}),
            "nc:ActivityDate": _moment(row.get("received_at")),
            "ctc:SurrenderReceiptKindCode": row.get("kind"),
            "ctc:SurrenderReceiptTakerName": taker,
            "ctc:SurrenderReceiptDealerLicenseID": row.get("dealer_license"),
            "ctc:SurrenderReceiptItem": _references(row),
        }
    )


def _statement(row: Row) -> dict[str, Any]:
    return filled(
        {
            "nc:ActivityIdentification": filled({"nc:IdentificationID": row.get("receipt_number")}),
            "nc:ActivityDate": _moment(row.get("sworn_at")),
            "ctc:SurrenderStatementKindCode": row.get("kind"),
            "ctc:SurrenderStatementItem": _references(row),
        }
    )


def _references(row: Row) -> list[dict[str, str]]:
    return [{"@id": f"urn:uuid:{one}"} for one in row.get("firearms", ())]


def _person(row: Row) -> dict[str, Any]:
    return filled(
        {
            "nc:PersonBirthDate": _date(row.get("date_of_birth")),
            "nc:PersonName": filled({"nc:PersonFullName": row.get("name")}),
        }
    )


def _identification(number: Any, what: str) -> dict[str, Any]:
    return {"nc:IdentificationID": number, "nc:IdentificationCategoryDescriptionText": what}


def _moment(value: Any) -> dict[str, Any]:
    return {"nc:DateTime": value} if value else {}


def _until(day: Any) -> dict[str, Any]:
    return {"nc:DateRange": {"nc:EndDate": _date(day)}} if day else {}


def _date(value: Any) -> dict[str, Any]:
    return {"nc:Date": value} if value else {}
