"""Entering orders, one or many, and correcting what was entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import Agency, Town, User
from orders.errors import InvalidFact
from orders.models import (
    Capacity,
    Case,
    Concern,
    Event,
    Hearing,
    HearingPurpose,
    Order,
    ProtectedPerson,
    Respondent,
    ServiceMethod,
)
from orders.models.fields import offset_of
from orders.rules.court_time import local_date
from orders.rules.facts import Facts, Kind
from orders.services.bulk import insert, make
from orders.services.calendar import current_rulebook, zone_at
from orders.services.change import (
    changing,
    check_not_before_issue,
    court_day,
    need_one_of,
    need_reason,
    with_deadlines,
    zone_of,
)
from orders.services.known import facts_of
from orders.services.lawful import check_area, check_asked
from orders.services.planning import replan


@dataclass(frozen=True, kw_only=True, slots=True)
class NewOrder:
    """An order as a clerk enters it or the registry sends it. `issued_at` where the time of day is known,
    else `issued_on`. Service may be known already."""

    docket_number: str
    court: Agency
    kind: str
    respondent_name: str
    respondent_town: Town
    respondent_dob: date | None = None
    respondent_address: str = ""
    issued_at: datetime | None = None
    issued_on: date | None = None
    expires_on: date | None = None
    hearing_on: date | None = None
    served_at: datetime | None = None
    service_method: str = ""
    protected_person: str = ""
    address_confidential: bool = False
    firearms_indicated: bool = False
    permit_indicated: bool = False
    financial_support: bool = False
    filed_by: str = ""
    proof_found: str = ""
    por_number: str = ""
    jurisdiction: str = "us_ct"
    area: str = ""
    source_digest: str = ""

    @property
    def day_of_issue(self) -> date:
        """The order's own date, in court time."""
        if self.issued_at is not None:
            return local_date(self.issued_at, zone_at(self.jurisdiction, self.area))
        if self.issued_on is None:
            raise InvalidFact("issued_at", "required", "Give the date of the order, with its time if known.")
        return self.issued_on

    def check(self) -> None:
        """Raises `InvalidFact` for the first thing that cannot be."""
        for name in ("docket_number", "respondent_name"):
            if not getattr(self, name).strip():
                raise InvalidFact(name, "required", "Empty; every order has one.")
        need_one_of("kind", "unknown_order_kind", self.kind, list(Kind))
        check_area(self.jurisdiction, self.area)
        issued_on = self.day_of_issue
        for name, code in (("expires_on", "expires_before_issue"), ("hearing_on", "hearing_before_issue")):
            day = getattr(self, name)
            if day is not None and day < issued_on:
                raise InvalidFact(
                    name, code, f"{day} is before the order's own date, {issued_on}. Correct one of the two."
                )
        if self.served_at is not None:
            check_not_before_issue("served_at", self._order(), self.served_at, "served_before_issued")
        if self.filed_by or self.proof_found:
            facts = Facts(jurisdiction=self.jurisdiction, kind=self.kind, issued_on=issued_on)
            check_asked(facts, filed_by=self.filed_by, proof_found=self.proof_found)

    def _order(self) -> Order:
        served = self.served_at
        return make(
            Order,
            jurisdiction=self.jurisdiction,
            kind=self.kind,
            por_number=self.por_number.strip(),
            issued_on=self.day_of_issue,
            issued_at=self.issued_at,
            issued_offset=offset_of(self.issued_at) if self.issued_at else None,
            expires_on=self.expires_on,
            served_at=served,
            served_offset=offset_of(served) if served else None,
            service_method=(self.service_method or ServiceMethod.UNKNOWN) if served else "",
            firearms_indicated=self.firearms_indicated,
            permit_indicated=self.permit_indicated,
            financial_support=self.financial_support,
            filed_by=self.filed_by,
            proof_found=self.proof_found,
            area=check_area(self.jurisdiction, self.area),
            source_digest=self.source_digest,
        )

    def row(self, case: Case) -> Order:
        """The row, not stored yet."""
        order = self._order()
        order.case = case
        return order


def enter_order(new: NewOrder, *, by: User | None, now: datetime) -> Order:
    """The order is stored with its case and parties, planned, and its entry is an event.

    Raises `InvalidFact`.
    """
    if new.por_number and Order.objects.filter(por_number=new.por_number).exists():
        raise InvalidFact(
            "por_number",
            "duplicate_por_number",
            f"{new.por_number} is entered already. Open that order and correct it instead.",
        )
    _check_issued(new.day_of_issue, new.issued_at, zone_at(new.jurisdiction, new.area), now)
    return enter_orders([new], by=by, now=now)[0]


def _check_issued(day: date, at: datetime | None, zone: ZoneInfo, now: datetime) -> None:
    """Refuses an order of tomorrow: a slip of the keyboard that would move every deadline."""
    today = local_date(now, zone)
    if day > today or (at is not None and at > now):
        given = at.isoformat() if at else day
        raise InvalidFact("issued_at", "in_the_future", f"{given} lies ahead. Correct the date of the order.")


def enter_orders(
    new: Sequence[NewOrder], *, by: User | None, now: datetime, source: str = "clerk"
) -> list[Order]:
    """Stores many orders at once, in a fixed number of statements; all of them or none."""
    for one in new:
        one.check()
    with transaction.atomic():
        orders = store_orders(new)
        case_ids = {order.case_id for order in orders}
        ids = {order.pk for order in orders}
        siblings = Order.objects.filter(case__in=case_ids).exclude(pk__in=ids).select_related("case")
        told = replan([*orders, *siblings], now=now)
        insert(
            [
                make(
                    Event,
                    order=order,
                    kind="entered",
                    occurred_at=order.issued_at or now,
                    actor=by,
                    data=with_deadlines({"source": source}, told.get(order.pk)),
                )
                for order in orders
            ]
        )
    return orders


def store_orders(new: Sequence[NewOrder]) -> list[Order]:
    """The orders are stored with their cases, parties, hearings and the agencies they concern.

    They were checked, and are not planned yet: to be called in the transaction that plans them and appends
    their events.
    """
    cases = _cases_of(new)
    version = current_rulebook().version
    orders = [one.row(cases[_case_key(one)]) for one in new]
    for order in orders:
        # The plan follows in this transaction; to note it now spares a second write of every row.
        order.planned_with = version
    insert(orders)
    _store_around(new, orders)
    return orders


_CaseKey = tuple[str, int, str, date | None]


def _case_key(new: NewOrder) -> _CaseKey:
    return (new.docket_number.strip(), new.court.pk, new.respondent_name.strip(), new.respondent_dob)


def _cases_of(new: Sequence[NewOrder]) -> dict[_CaseKey, Case]:
    """The case of each order, locked; those that are not there yet are made, with their respondents."""
    dockets = {one.docket_number.strip() for one in new}
    standing = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("respondent")
    cases = {
        (case.docket_number, case.court_id, case.respondent.name, case.respondent.date_of_birth): case
        for case in standing.filter(docket_number__in=dockets).order_by("id")
    }
    missing = {_case_key(one): one for one in new if _case_key(one) not in cases}
    respondents = insert(
        [
            make(
                Respondent,
                name=one.respondent_name.strip(),
                date_of_birth=one.respondent_dob,
                town=one.respondent_town,
                address=one.respondent_address.strip(),
            )
            for one in missing.values()
        ]
    )
    made = insert(
        [
            make(Case, docket_number=one.docket_number.strip(), court=one.court, respondent=respondent)
            for one, respondent in zip(missing.values(), respondents, strict=True)
        ]
    )
    cases |= dict(zip(missing, made, strict=True))
    for one in new:
        # The newest order says where its respondent lives now.
        respondent = cases[_case_key(one)].respondent
        if (address := one.respondent_address.strip()) and address != respondent.address:
            respondent.address = address
            respondent.save(update_fields=["address"])
    return cases


def _store_around(new: Sequence[NewOrder], orders: Sequence[Order]) -> None:
    """What stands around an order: whom it protects, its hearing, the agencies it concerns."""
    pairs = list(zip(new, orders, strict=True))
    insert(
        [
            make(
                ProtectedPerson,
                order=order,
                name=one.protected_person.strip(),
                address_confidential=one.address_confidential,
            )
            for one, order in pairs
            if one.protected_person.strip()
        ]
    )
    insert(
        [
            make(Hearing, order=order, purpose=HearingPurpose.APPLICATION, scheduled_on=one.hearing_on)
            for one, order in pairs
            if one.hearing_on
        ]
    )
    insert(
        [
            make(Concern, order=order, agency_id=agency, capacity=capacity)
            for one, order in pairs
            for capacity, agency in (
                (Capacity.COURT, one.court.pk),
                (Capacity.RESPONDENT_POLICE, one.respondent_town.police_id),
            )
        ]
    )


#: What a correction may change on the order itself.
CORRECTABLE = frozenset(
    {
        "kind",
        "issued_at",
        "issued_on",
        "expires_on",
        "firearms_indicated",
        "permit_indicated",
        "financial_support",
        "filed_by",
        "proof_found",
        "area",
    }
)


def correct_order(order: Order, *, by: User | None, now: datetime, reason: str, **changes: Any) -> Order:
    """The order has the values given, is planned anew, and the event keeps old, new and reason.

    Raises `InvalidFact`; `TypeError` for a name that is not in `CORRECTABLE`.
    """
    if unknown := changes.keys() - CORRECTABLE:
        raise TypeError(f"not to be corrected here: {', '.join(sorted(unknown))}")
    with changing(order, "corrected", by=by, now=now, reason=need_reason(reason)) as change:
        row = change.order
        if "area" in changes:
            change.set("area", check_area(row.jurisdiction, changes.pop("area")))
            # The same instant may be another day there.
            changes.setdefault("issued_at", row.issued_as_given)
        if changes.get("issued_at") is not None:
            changes["issued_on"] = court_day(row, changes["issued_at"])
        for name, value in changes.items():
            change.set(name, value)
        if "issued_at" in changes:
            change.set("issued_offset", offset_of(row.issued_at) if row.issued_at else None)
        if changes.keys() & {"issued_at", "issued_on"}:
            _check_issued(row.issued_on, row.issued_at, zone_of(row), now)
        _check_corrected(row)
        if change.touched & {"kind", "issued_on", "filed_by", "proof_found"}:
            check_asked(facts_of([row])[row.pk], filed_by=row.filed_by, proof_found=row.proof_found)
    return change.order


def _check_corrected(row: Order) -> None:
    need_one_of("kind", "unknown_order_kind", row.kind, list(Kind))
    if row.expires_on is not None and row.expires_on < row.issued_on:
        raise InvalidFact(
            "expires_on",
            "expires_before_issue",
            f"{row.expires_on} is before the order's own date, {row.issued_on}. Correct one of the two.",
        )
    if row.served_at is not None:
        check_not_before_issue("issued_at", row, row.served_at, "served_before_issued")


def correct_respondent_town(
    order: Order, *, town: Town, by: User | None, now: datetime, reason: str
) -> Order:
    """The respondent lives in `town`; in every order its police are concerned, not the former town's."""
    with changing(order, "corrected", by=by, now=now, reason=need_reason(reason)) as change:
        respondent = change.order.case.respondent
        former = respondent.town
        change.data["changes"] = {"respondent_town": [former.name, town.name]}
        respondent.town = town
        respondent.save(update_fields=["town"])
        concerns = Concern.objects.filter(
            order__case__respondent=respondent, capacity=Capacity.RESPONDENT_POLICE
        )
        concerns.update(agency=town.police_id)
    return change.order


def correct_respondent_address(
    order: Order, *, address: str, by: User | None, now: datetime, reason: str
) -> Order:
    """The respondent lives at `address`, in every order; the event, which is kept for ever, names none."""
    with changing(order, "corrected", by=by, now=now, reason=need_reason(reason)) as change:
        respondent = change.order.case.respondent
        respondent.address = address.strip()
        respondent.save(update_fields=["address"])
        change.data["changed"] = ["respondent_address"]
    return change.order
