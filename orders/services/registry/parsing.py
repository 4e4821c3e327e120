"""What a row of the export means, or the one code for why it means nothing.

Where a row has several faults, the first of this order is its code: the number of cells, the registry number,
kind, town, instants, dates, all other cells, and then what contradicts itself (service before issue first of
all). Only a row without faults is compared with others of its number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import CharField

from accounts.models import POLICE, Agency, AgencyKind, Town
from orders.errors import InvalidFact
from orders.models import (
    Case,
    Firearm,
    FirearmSource,
    Order,
    ProtectedPerson,
    Receipt,
    ReceiptKind,
    Respondent,
    ServiceMethod,
)
from orders.rules.court_time import TimeError, parse_instant
from orders.rules.facts import Kind
from orders.rules.licence import LicenceError, parse_dealer_licence
from orders.services.calendar import bundled
from orders.services.entry import NewOrder

#: The registry's own jurisdiction.
JURISDICTION = "us_ct"

#: Kinds that courts of other states issue stand in no registry of Connecticut.
KINDS = frozenset(Kind) - {Kind.INTERIM_ERPO, Kind.TEMPORARY_ERPO, Kind.FINAL_ERPO}

#: The court of a docket number whose first letters are nobody's.
UNNAMED_COURT = "Superior Court, judicial district not named"

_SURRENDER = "surrender"
_STATEMENT = "non_possession_statement"


class Rejected(Exception):  # noqa: N818 - read as a sentence: “raise Rejected”
    """A row that cannot be imported. `detail` names the cell and what would be right, and no person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Places:
    """Towns, courts and police by the names the registry uses."""

    def __init__(self) -> None:
        self.zone: ZoneInfo = bundled().jurisdictions[JURISDICTION].zone
        self._towns = {one.name.casefold(): one for one in Town.objects.select_related("police")}
        self._police = {one.ori: one for one in Agency.objects.filter(kind__in=POLICE).exclude(ori="")}
        self._courts = {
            prefix: court
            for court in Agency.objects.filter(kind=AgencyKind.COURT).order_by("-id")
            for prefix in court.docket_prefixes.upper().split()
        }

    def town(self, name: str) -> Town | None:
        """The town or village of that name, however its letters are written."""
        return self._towns.get(_joined(name).casefold())

    def police(self, ori: str) -> Agency | None:
        """The police agency of that ORI."""
        return self._police.get(ori.upper())

    def court(self, docket_number: str) -> Agency:
        """The court whose letters open the docket number, else one that says that it is not known."""
        prefix = docket_number.partition("-")[0].upper()
        if prefix not in self._courts:
            self._courts[prefix], _ = Agency.objects.get_or_create(
                name=UNNAMED_COURT, defaults={"kind": AgencyKind.COURT}
            )
        return self._courts[prefix]


@dataclass(frozen=True, kw_only=True, slots=True)
class FirearmRow:
    """A firearm as the registry lists it."""

    serial: str
    make: str
    model: str
    caliber: str
    firearm_type: str
    source: str
    digest: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptRow:
    """A receipt or, without `taker`, a sworn statement of having none. Two that mean the same are equal."""

    number: str
    at: datetime
    taker: ReceiptKind | None = None
    agency_id: int | None = None
    dealer_licence: str = ""
    serials: frozenset[str] = frozenset()
    digest: str = field(default="", compare=False)


def por_number_of(cells: tuple[str, ...] | None, width: int) -> str:
    """The row's registry number. Raises `Rejected`."""
    if cells is None:
        raise Rejected("wrong_number_of_cells", f"The row has not {width} cells as the header has.")
    if not cells[0]:
        raise Rejected("missing_por_number", "por_number: empty; the row belongs to no order.")
    return _fitting(Order, "por_number", cells[0])


def read_order(cells: tuple[str, ...] | None, places: Places) -> NewOrder:
    """The order that a row of orders.csv means, `source_digest` included. Raises `Rejected`."""
    por_number = por_number_of(cells, 15)
    assert cells is not None  # noqa: S101 - por_number_of refused it
    (_, docket_number, kind, issued_at, expires_on, hearing_on, served_at, method, name, dob, town_name) = (
        cells[:11]
    )
    if kind not in KINDS:
        raise Rejected("unknown_order_kind", f"order_kind: “{kind[:40]}” is not among {_among(KINDS)}.")
    town = places.town(town_name)
    if town is None:
        raise Rejected("unknown_town", f"respondent_town: “{town_name[:40]}” is no town of Connecticut.")
    issued = _instant("issued_at", issued_at, places.zone)
    served = _instant("served_at", served_at, places.zone) if served_at else None
    expires, hearing, born = (
        _day(column, text)
        for column, text in (
            ("expires_on", expires_on),
            ("hearing_on", hearing_on),
            ("respondent_dob", dob),
        )
    )
    if served and method and method not in ServiceMethod.values:
        raise Rejected(
            "unknown_service_method",
            f"service_method: “{method[:40]}” is not among {_among(ServiceMethod.values)}.",
        )
    confidential, indicated, permit = (
        _flag(column, text)
        for column, text in zip(
            ("address_confidential", "firearms_indicated", "permit_held"), cells[12:], strict=True
        )
    )
    docket = _fitting(Case, "docket_number", docket_number, needed=True)
    respondent = _fitting(Respondent, "name", _joined(name), needed=True, column="respondent_name")
    protected = _fitting(ProtectedPerson, "name", _joined(cells[11]), column="protected_person")
    method = (method or ServiceMethod.IN_HAND.value) if served else ""
    new = NewOrder(
        por_number=por_number,
        docket_number=docket,
        court=places.court(docket),
        kind=kind,
        issued_at=issued,
        expires_on=expires,
        hearing_on=hearing,
        served_at=served,
        service_method=method,
        respondent_name=respondent,
        respondent_dob=born,
        respondent_town=town,
        protected_person=protected,
        address_confidential=confidential,
        firearms_indicated=indicated,
        permit_indicated=permit,
        jurisdiction=JURISDICTION,
        source_digest=_digest(
            por_number,
            docket,
            kind,
            _utc(issued),
            expires,
            hearing,
            _utc(served),
            method,
            respondent,
            born,
            town.name,
            protected,
            confidential,
            indicated,
            permit,
        ),
    )
    _check(new)
    return new


def read_firearm(cells: Sequence[str]) -> FirearmRow:
    """The firearm that a row of firearms.csv means. Raises `Rejected`."""
    _, serial, make, model, caliber, firearm_type, source = cells
    if not serial:
        raise Rejected("missing_serial", "serial: empty; list a firearm without a number by hand.")
    if source not in FirearmSource.values:
        raise Rejected(
            "unknown_firearm_source", f"source: “{source[:40]}” is not among {_among(FirearmSource.values)}."
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


def read_receipt(cells: Sequence[str], places: Places) -> ReceiptRow:
    """The receipt or statement that a row of receipts.csv means. Raises `Rejected`."""
    _, kind, at_text, recipient_kind, recipient_id, number, serials_text = cells
    if kind not in (_SURRENDER, _STATEMENT):
        raise Rejected(
            "unknown_receipt_kind", f"kind: “{kind[:40]}” is neither {_SURRENDER} nor {_STATEMENT}."
        )
    if not number:
        raise Rejected("missing_receipt_number", "receipt_number: empty; the row could be imported twice.")
    _fitting(Receipt, "receipt_number", number)
    at = _instant("at", at_text, places.zone)
    if kind == _STATEMENT:
        if recipient_kind != "court":
            raise Rejected("unknown_recipient", "recipient_kind: a statement is filed with the court.")
        return ReceiptRow(number=number, at=at, digest=_digest("statement", number, _utc(at)))
    taker, agency_id, licence = _recipient(recipient_kind, recipient_id, places)
    serials = frozenset(one for text in serials_text.split(";") if (one := text.strip()))
    if not serials:
        raise Rejected("missing_serials", "serials: empty; a receipt names at least one firearm.")
    return ReceiptRow(
        number=number,
        at=at,
        taker=taker,
        agency_id=agency_id,
        dealer_licence=licence,
        serials=serials,
        digest=_digest("receipt", number, _utc(at), taker, agency_id, licence, *sorted(serials)),
    )


def _recipient(kind: str, id_: str, places: Places) -> tuple[ReceiptKind, int | None, str]:
    if kind == ReceiptKind.POLICE:
        agency = places.police(id_)
        if agency is None:
            raise Rejected(
                "unknown_recipient", f"recipient_id: “{id_[:40]}” is the ORI of no police known here."
            )
        return ReceiptKind.POLICE, agency.pk, ""
    if kind == ReceiptKind.DEALER:
        try:
            parse_dealer_licence(id_)
        except LicenceError as error:
            raise Rejected("invalid_dealer_licence", f"recipient_id: {error}") from error
        return ReceiptKind.DEALER, None, id_
    raise Rejected("unknown_recipient", f"recipient_kind: “{kind[:40]}” is neither police nor dealer.")


def _check(new: NewOrder) -> None:
    """Service before issue first; then what else the order itself refuses."""
    try:
        new.check()
    except InvalidFact as error:
        served, issued = new.served_at, new.issued_at
        if served and issued and served < issued:
            raise Rejected(
                "served_before_issued",
                f"served_at: {served.isoformat()} is before the order was issued ({issued.isoformat()}).",
            ) from None
        raise Rejected(error.code, str(error)) from error


def _instant(column: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        return parse_instant(text, zone)
    except TimeError as error:
        said = str(error) if len(text) <= len("2026-11-01T01:30:00.000000-04:00") else "not a time."
        raise Rejected(error.code, f"{column}: {said}") from error


_DAY = re.compile(r"(19|20|21)\d\d-\d\d-\d\d")


def _day(column: str, text: str) -> date | None:
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    # The text itself is not repeated: it may be a date of birth.
    raise Rejected("invalid_timestamp", f"{column}: not a day of the calendar. Write it as 2026-12-04.")


def _flag(column: str, text: str) -> bool:
    if text not in ("Y", "N", "y", "n"):
        raise Rejected("invalid_flag", f"{column}: “{text[:10]}” is neither Y nor N.")
    return text in ("Y", "y")


_Model = type[Order] | type[Case] | type[Respondent] | type[ProtectedPerson] | type[Firearm] | type[Receipt]
_LENGTHS: dict[tuple[_Model, str], int] = {}


def _fitting(model: _Model, name: str, text: str, *, needed: bool = False, column: str = "") -> str:
    """The text, if it fits the column it is for."""
    if needed and not text:
        raise Rejected("missing_value", f"{column or name}: empty; every order has one.")
    longest = _LENGTHS.get((model, name))
    if longest is None:
        column_of = cast("CharField[Any, Any]", model._meta.get_field(name))  # noqa: SLF001 - as documented
        longest = _LENGTHS[model, name] = column_of.max_length or 0
    if len(text) > longest:
        raise Rejected("too_long", f"{column or name}: {len(text)} characters; at most {longest} are kept.")
    return text


def _joined(text: str) -> str:
    return " ".join(text.split())


def _among(words: Sequence[str] | frozenset[Kind]) -> str:
    return ", ".join(sorted(words))


def _utc(instant: datetime | None) -> str:
    return instant.astimezone(UTC).isoformat() if instant else ""


def _digest(*meaning: object) -> str:
    return hashlib.sha256("\x1f".join(map(str, meaning)).encode()).hexdigest()
