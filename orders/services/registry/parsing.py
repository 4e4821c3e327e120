"""Interpret a row of the export, or reject it with one code.

A row with several faults gets the code of the first in this order: the number of cells, the registry number,
kind, town, instants, dates, all other cells, and then contradictions, service before issue first. Only a row
without faults is compared with other rows of its number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import CharField

from accounts.crypto import digests
from accounts.text import show_invisible
from orders.errors import InvalidFact
from orders.matching.dockets import clean_docket
from orders.matching.registry_numbers import clean_registry_number, registry_key
from orders.matching.serials import distinct, is_identifying, is_rounded
from orders.models import (
    Case,
    Firearm,
    FirearmSource,
    Hearing,
    Order,
    ProtectedPerson,
    Receipt,
    ReceiptKind,
    Respondent,
    ServiceMethod,
)
from orders.models.orders import MOST_FIREARMS
from orders.rules.facts import Kind
from orders.rules.license import LicenseError, parse_dealer_license
from orders.services.orders.entry import NewOrder
from orders.services.registry.cells import (
    Rejected,
    is_empty,
    read_birth,
    read_day,
    read_flag,
    read_instant,
    word_of,
    words_of_a_map,
)
from orders.services.registry.columns import COLUMNS
from orders.services.registry.files import Broken
from orders.services.registry.places import Places

_SURRENDER = "surrender"
_STATEMENT = "non_possession_statement"


@dataclass(frozen=True, kw_only=True, slots=True)
class FirearmRow:
    """A firearm in the registry."""

    serial: str
    make: str
    model: str
    caliber: str
    firearm_type: str
    source: str
    digest: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptRow:
    """A receipt or, without `taker`, a sworn statement of no firearms. Rows with equal meaning are equal.

    `serials` are sorted. A text that identifies no firearm occurs once for each firearm.
    """

    number: str = field(compare=False)
    at: datetime
    taker: ReceiptKind | None = None
    agency_id: int | None = None
    dealer_license: str = ""
    serials: tuple[str, ...] = ()
    digest: str = field(default="", compare=False)
    #: What earlier versions made of a row whose number has small letters.
    former_digest: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """The number in capitals: `R1` and `r1` are one."""
        return self.number.upper()

    def as_payload(self) -> dict[str, Any]:
        """The receipt as JSON, for a list that a person works through."""
        return {
            "receipt_number": self.number,
            "at": self.at.isoformat(),
            "kind": self.taker.value if self.taker else "",
            "agency": self.agency_id,
            "dealer_license": self.dealer_license,
            "serials": list(self.serials),
        }


def por_number_of(cells: tuple[str, ...] | Broken | None, width: int) -> str:
    """The row's registry number. Raises `Rejected`."""
    if isinstance(cells, Broken):
        raise Rejected(cells.code, cells.detail)
    if cells is None:
        raise Rejected(
            "wrong_number_of_cells", f"The row does not have {width} cells like the header. Export it again."
        )
    if not cells[0]:
        raise Rejected("missing_por_number", "por_number: empty. Every row needs the number of its order.")
    if is_rounded(cells[0]):
        raise Rejected(
            "rounded_number",
            f"por_number: a spreadsheet rounded it to {cells[0]}, so that other orders have the same. Format "
            "the column as text in the system that has the numbers, and export the row again.",
        )
    return _fitting(Order, "por_number", clean_registry_number(cells[0]))


def read_order(cells: tuple[str, ...] | Broken | None, places: Places, *, now: datetime) -> NewOrder:
    """The order that a row of orders.csv means, `source_digest` included. Raises `Rejected`."""
    por_number = por_number_of(cells, len(COLUMNS["orders"]))
    row = dict(zip(COLUMNS["orders"], cells if isinstance(cells, tuple) else (), strict=True))
    kind = word_of(row["order_kind"])
    if kind not in places.kinds:
        raise Rejected(
            "unknown_order_kind",
            f"order_kind: “{row['order_kind'][:40]}” is not among {_among(places.kinds)}. "
            f"{words_of_a_map('order_kind')}",
        )
    town = places.town(row["respondent_town"])
    if town is None:
        raise Rejected("unknown_town", _unknown_town(row["respondent_town"], places))
    zone = places.zone_for(row["docket_number"])
    issued = read_instant("issued_at", row["issued_at"], zone)
    is_served = not is_empty(row["served_at"])
    served = read_instant("served_at", row["served_at"], zone) if is_served else None
    days = {column: read_day(column, row[column]) for column in ("expires_on", "hearing_on")}
    born = read_birth("respondent_dob", row["respondent_dob"], before=issued.astimezone(zone).date())
    method = _method(row["service_method"], is_served=served is not None)
    flags = {
        column: read_flag(column, row[column])
        for column in ("address_confidential", "firearms_indicated", "permit_held")
    }
    docket = _fitting(Case, "docket_number", clean_docket(row["docket_number"]), needed=True)
    new = NewOrder(
        por_number=por_number,
        docket_number=docket,
        court=places.court(docket),
        kind=kind,
        issued_at=issued,
        expires_on=days["expires_on"],
        hearing_on=days["hearing_on"],
        judge=_fitting(Hearing, "judge", row["judge"]),
        served_at=served,
        service_method=method,
        respondent_name=_fitting(
            Respondent, "name", row["respondent_name"], needed=True, column="respondent_name"
        ),
        respondent_dob=born,
        respondent_town=town,
        protected_person=_fitting(
            ProtectedPerson, "name", row["protected_person"], column="protected_person"
        ),
        address_confidential=flags["address_confidential"],
        firearms_indicated=flags["firearms_indicated"],
        firearms_alleged_count=_count("firearms_alleged_count", row["firearms_alleged_count"]),
        permit_indicated=flags["permit_held"],
        jurisdiction=places.state.value,
    )
    digest, *former = _digests_of(new)
    new = replace(new, source_digest=digest, former_digests=tuple(former))
    _check(new, now)
    return new


def _method(text: str, *, is_served: bool) -> str:
    """The method of service. Nothing is made up for a row without one."""
    if not is_served:
        return ""
    method = word_of(text)
    if method and method not in ServiceMethod.values:
        raise Rejected(
            "unknown_service_method",
            f"service_method: “{text[:40]}” is not among {_among(ServiceMethod.values)}. "
            f"{words_of_a_map('service_method')}",
        )
    return method or ServiceMethod.UNKNOWN.value


def _count(column: str, text: str) -> int | None:
    """The number of firearms in a cell, also as 3.0; None for an empty one. Raises `Rejected`."""
    if not text:
        return None
    text = text.removesuffix(".0")
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MOST_FIREARMS)):
        raise Rejected("not_a_count", f"{column}: “{text[:40]}” is no number from 0 to {MOST_FIREARMS}.")
    return int(text)


def _digests_of(new: NewOrder) -> list[str]:
    """The digests of what the row means, equal for two rows that mean the same: the current one, and what
    earlier keys and versions made of it.

    They are keyed, because everything else in the row is stored: the name of the protected person could be
    found by trying names.
    """
    meaning = (
        registry_key(new.por_number),
        new.docket_number,
        new.kind,
        _utc(new.issued_at),
        new.expires_on,
        new.hearing_on,
        _utc(new.served_at),
        new.service_method,
        new.respondent_name,
        new.respondent_dob,
        new.respondent_town.name,
        new.protected_person,
        new.address_confidential,
        new.firearms_indicated,
        new.permit_indicated,
        *([] if new.firearms_alleged_count is None else [new.firearms_alleged_count]),
        *([f"judge: {new.judge}"] if new.judge else []),
    )
    # Earlier versions took the number as it was written.
    written = (new.por_number, *meaning[1:])
    return [
        *digests("registry row", _joined(meaning)),
        *([] if written == meaning else digests("registry row", _joined(written))),
        _digest(*written),
    ]


def read_firearm(cells: Sequence[str]) -> FirearmRow:
    """The firearm in a row of firearms.csv. Raises `Rejected`."""
    _, serial, make, model, caliber, firearm_type, given = cells
    source = word_of(given)
    if source not in FirearmSource.values:
        raise Rejected(
            "unknown_firearm_source", f"source: “{given[:40]}” is not among {_among(FirearmSource.values)}."
        )
    return FirearmRow(
        serial=_fitting(Firearm, "serial", serial),
        make=_fitting(Firearm, "make", make),
        model=_fitting(Firearm, "model", model),
        caliber=_fitting(Firearm, "caliber", caliber),
        firearm_type=_fitting(Firearm, "firearm_type", firearm_type),
        source=source,
        digest=_digest("firearm", serial, make, model, caliber, firearm_type, source),
    )


def read_receipt(cells: Sequence[str], places: Places, zone: ZoneInfo) -> ReceiptRow:
    """The receipt or statement in a row of receipts.csv. Raises `Rejected`."""
    _, given_kind, at_text, recipient_kind, recipient_id, number, serials_text = cells
    kind, recipient_kind = word_of(given_kind), word_of(recipient_kind)
    if kind not in (_SURRENDER, _STATEMENT):
        raise Rejected(
            "unknown_receipt_kind", f"kind: “{given_kind[:40]}” is neither {_SURRENDER} nor {_STATEMENT}."
        )
    if not number:
        raise Rejected(
            "missing_receipt_number", "receipt_number: empty. Without it the row could be imported twice."
        )
    _fitting(Receipt, "receipt_number", number)
    at = read_instant("at", at_text, zone)
    if kind == _STATEMENT:
        if recipient_kind != "court":
            raise Rejected(
                "unknown_recipient", "recipient_kind: a statement is filed with the court. Use court."
            )
        if named := [one for one in serials_text.split(";") if is_identifying(one)]:
            raise Rejected(
                "statement_with_serials",
                f"serials: a statement of no firearms names {named[0].strip()[:40]}. Empty the cell; if it "
                "is a receipt, write surrender as the kind.",
            )
        digest, former = (_digest("statement", one, _utc(at)) for one in (number.upper(), number))
        return ReceiptRow(number=number, at=at, digest=digest, former_digest=former)
    taker, agency_id, license_id = _recipient(recipient_kind, recipient_id, places)
    serials = distinct(one for text in serials_text.split(";") if (one := text.strip()))
    if not serials:
        raise Rejected("missing_serials", "serials: empty. A receipt names at least one firearm.")
    digest, former = (
        _digest("receipt", one, _utc(at), taker, agency_id, license_id, *serials)
        for one in (number.upper(), number)
    )
    return ReceiptRow(
        number=number,
        at=at,
        taker=taker,
        agency_id=agency_id,
        dealer_license=license_id,
        serials=serials,
        digest=digest,
        former_digest=former,
    )


def _recipient(kind: str, id_: str, places: Places) -> tuple[ReceiptKind, int | None, str]:
    if kind == ReceiptKind.POLICE:
        agency = places.police(id_)
        if agency is None:
            raise Rejected(
                "unknown_recipient", f"recipient_id: “{id_[:40]}” is not the ORI of a known police agency."
            )
        return ReceiptKind.POLICE, agency.pk, ""
    if kind == ReceiptKind.DEALER:
        try:
            number = parse_dealer_license(id_).number
        except LicenseError as error:
            raise Rejected("invalid_dealer_license", f"recipient_id: {error}") from error
        return ReceiptKind.DEALER, None, number
    raise Rejected("unknown_recipient", f"recipient_kind: “{kind[:40]}” is neither police nor dealer.")


def check_serial(serial: str) -> None:
    """Refuse a serial number of a receipt that is longer than one on the list can be. Raises `Rejected`."""
    _fitting(Firearm, "serial", serial, column="serials")


def _unknown_town(name: str, places: Places) -> str:
    shown = show_invisible(name[:40])
    found = f"respondent_town: “{shown}” is not a town or village in {places.state.label}."
    offered = places.nearest_towns(name)
    return (
        f"{found} Did you mean {', '.join(offered)}?"
        if offered
        else f"{found} Write the town that it is part of."
    )


def _check(new: NewOrder, now: datetime) -> None:
    """Reject service before issue first; then everything else that entry by hand refuses."""
    try:
        new.check(now=now)
    except InvalidFact as error:
        raise Rejected(error.code, str(error)) from error


_Model = (
    type[Order]
    | type[Case]
    | type[Respondent]
    | type[ProtectedPerson]
    | type[Firearm]
    | type[Receipt]
    | type[Hearing]
)
_LENGTHS: dict[tuple[_Model, str], int] = {}


def _fitting(model: _Model, name: str, text: str, *, needed: bool = False, column: str = "") -> str:
    """The text, if it fits its column. Raises `Rejected`."""
    if needed and not text:
        raise Rejected("missing_value", f"{column or name}: empty. Every order has one.")
    longest = _LENGTHS.get((model, name))
    if longest is None:
        column_of = cast("CharField[Any, Any]", model._meta.get_field(name))
        longest = _LENGTHS[model, name] = column_of.max_length or 0
    if len(text) > longest:
        raise Rejected("too_long", f"{column or name}: {len(text)} characters. The limit is {longest}.")
    return text


def _among(words: Sequence[str] | frozenset[Kind]) -> str:
    return ", ".join(sorted(words))


def _utc(instant: datetime | None) -> str:
    return instant.astimezone(UTC).isoformat() if instant else ""


def _digest(*meaning: object) -> str:
    return hashlib.sha256(_joined(meaning).encode()).hexdigest()


def _joined(meaning: Iterable[object]) -> str:
    return "\x1f".join(map(str, meaning))
