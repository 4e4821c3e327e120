"""The help directory in the Human Services Data Specification, version 3.

Source: the field names of the Open Referral specification, https://docs.openreferral.org. An entry is a
service of its own organization. Its id follows from the key, so it stays the same from export to export.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from guidance.services.directory import DirectoryEntry

_NAMESPACE = uuid5(NAMESPACE_URL, "https://docs.openreferral.org/ctcompliance")


def export(found: Sequence[DirectoryEntry]) -> dict[str, Any]:
    """Return one page with all entries, as the specification's `GET /services` does."""
    return {
        "total_items": len(found),
        "total_pages": 1,
        "page_number": 1,
        "size": len(found),
        "first_page": True,
        "last_page": True,
        "empty": not found,
        "contents": [_service(one) for one in found],
    }


def _id(*parts: str) -> str:
    return str(uuid5(_NAMESPACE, "/".join(parts)))


def organization_id(key: str) -> UUID:
    """Return the id of the organization of an entry."""
    return UUID(_id(key, "organization"))


def _service(one: DirectoryEntry) -> dict[str, Any]:
    where = f" Address: {one.address}." if one.address else ""
    service = {
        "id": _id(one.key),
        "name": one.name,
        "description": f"{one.en}{where}",
        "status": "active",
        "organization": {
            "id": str(organization_id(one.key)),
            "name": one.name,
            "description": one.en,
        },
        "phones": [*_phones(one)],
        "service_areas": _areas(one),
        "attributes": [],
        "alert": "" if one.phone else "No source gives a number that can be trusted.",
    }
    if one.checked is not None:
        service["assured_date"] = one.checked.isoformat()
    return service


def _phones(one: DirectoryEntry) -> list[dict[str, Any]]:
    lines = (
        ("voice", one.phone, "English"),
        ("voice", one.phone_es, "Spanish"),
        ("textphone", one.tty, "For people who are deaf or hard of hearing"),
    )
    return [
        {"id": _id(one.key, "phone", str(place)), "number": number, "type": kind, "description": about}
        for place, (kind, number, about) in enumerate(lines)
        if number
    ]


def _areas(one: DirectoryEntry) -> list[dict[str, Any]]:
    return [
        {"id": _id(one.key, "area", name), "name": name, "description": f"The town of {name}, Connecticut"}
        for name in one.towns
    ] or [{"id": _id(one.key, "area"), "name": "Connecticut", "description": "All towns"}]
