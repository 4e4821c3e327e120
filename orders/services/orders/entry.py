"""Enter one order or many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import IntegrityError, transaction

from accounts.models import Agency, Town, User
from accounts.text import clean
from orders.errors import DoubtfulFact, InvalidFact
from orders.matching.dockets import DOCKET_EXAMPLE, clean_docket, looks_like_docket
from orders.matching.registry_numbers import clean_registry_number, registry_key
from orders.models import (
    Capacity,
    Case,
    Hearing,
    HearingPurpose,
    HistoryEntry,
    Order,
    OrderAgency,
    Person,
    ProtectedPerson,
    ServiceMethod,
)
from orders.models.fields import offset_of
from orders.rules.court_time import local_date
from orders.rules.facts import Event, Facts
from orders.services.bulk import insert, make
from orders.services.court_days import (
    birth_doubts,
    check_born,
    check_dates,
    check_day_ahead,
    check_day_not_before_issue,
    check_issued,
)
from orders.services.limits import ask, beyond_at, doubts_about, noted
from orders.services.orders.legal_checks import (
    check_alleged_count,
    check_area,
    check_asked,
    check_kind,
    check_state,
)
from orders.services.orders.new_cases import Cases
from orders.services.parties.prosecutors import name_filer
from orders.services.planning.history import replan_and_record, with_siblings
from orders.services.planning.rulebooks import current_rulebook, rulebooks_of, zone_at
from orders.services.validation import check_all, check_instant, need_name, need_visible


@dataclass(frozen=True, kw_only=True, slots=True)
class NewOrder:
    """An order as a clerk enters it or the registry sends it.

    Set `issued_at` if the time of day is known, else `issued_on`. Service may already be known.
    """

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
    #: Who hears the application, if the hearing is set and it is known.
    judge: str = ""
    served_at: datetime | None = None
    service_method: str = ""
    protected_person: str = ""
    address_confidential: bool = False
    firearms_indicated: bool = False
    firearms_alleged_count: int | None = None
    permit_indicated: bool = False
    financial_support: bool = False
    filed_by: str = ""
    proof_found: str = ""
    por_number: str = ""
    #: The state of the order and the county with a time zone of its own; those of the court if not given.
    jurisdiction: str = ""
    area: str = ""
    source_digest: str = ""
    #: What earlier keys and versions made of the same row.
    former_digests: tuple[str, ...] = ()
    #: The person that the respondent is, if somebody chose one.
    person: Person | None = None
    #: True if a clerk chose “Another person”.
    is_another_person: bool = False

    def __post_init__(self) -> None:
        """Take state and county from the court."""
        for name in ("jurisdiction", "area"):
            object.__setattr__(self, name, getattr(self, name) or getattr(self.court, name))

    @property
    def number_key(self) -> str:
        """The registry number in the form in which equal numbers are equal."""
        return registry_key(self.por_number)

    @property
    def day_of_issue(self) -> date:
        """The date of the order, in court time."""
        if self.issued_at is not None:
            return local_date(self.issued_at, zone_at(self.jurisdiction, self.area))
        if self.issued_on is None:
            raise InvalidFact("issued_at", "required", "Enter the date of the order, with its time if known.")
        return self.issued_on

    def cleaned(self) -> NewOrder:
        """Return the order with its text as it is stored: no invisible characters, dockets in one form."""
        return replace(
            self,
            docket_number=clean_docket(self.docket_number),
            respondent_name=clean(self.respondent_name),
            respondent_address=clean(self.respondent_address),
            protected_person=clean(self.protected_person),
            por_number=clean_registry_number(self.por_number),
            judge=clean(self.judge),
            area=clean(self.area),
        )

    def check(self, *, now: datetime) -> None:
        """Raise `InvalidFact` for the impossible values. The text is clean (`cleaned`)."""
        check_state(self.jurisdiction, self.court)
        check_kind(self.jurisdiction, self.kind)
        check_area(self.jurisdiction, self.area)
        order = self.unstored()
        check_all(
            lambda: need_visible("docket_number", self.docket_number),
            lambda: need_name("respondent_name", self.respondent_name),
            lambda: check_dates(order),
            lambda: check_issued(order, now=now),
            lambda: check_alleged_count(self.firearms_alleged_count),
            lambda: self._check_hearing(order, now=now),
            lambda: self._check_born(order),
            lambda: self._check_served(now=now),
            self._check_asked,
        )

    def _check_hearing(self, order: Order, *, now: datetime) -> None:
        if self.hearing_on is not None:
            check_day_ahead("hearing_on", self.hearing_on, now=now)
            check_day_not_before_issue("hearing_on", order, self.hearing_on, "hearing_before_issue")

    def _check_born(self, order: Order) -> None:
        if self.respondent_dob is not None:
            check_born("respondent_dob", self.respondent_dob, order.issued_on)

    def _check_served(self, *, now: datetime) -> None:
        if self.served_at is not None:
            check_instant("served_at", self.served_at, now=now, zone=zone_at(self.jurisdiction, self.area))

    def _check_asked(self) -> None:
        if self.filed_by or self.proof_found:
            check_asked(self.facts(), filed_by=self.filed_by, proof_found=self.proof_found)

    def facts(self) -> Facts:
        """The facts for the rules, as far as they are known at entry."""
        events = []
        if self.served_at is not None:
            events.append(Event(kind="served", at=self.served_at))
        if self.hearing_on is not None:
            purpose = HearingPurpose.APPLICATION.value
            events.append(Event(kind="hearing_scheduled", on=self.hearing_on, purpose=purpose))
        return Facts(
            jurisdiction=self.jurisdiction,
            kind=self.kind,
            issued_on=self.day_of_issue,
            issued_at=self.issued_at,
            expires_on=self.expires_on,
            firearms_indicated=self.firearms_indicated,
            permit_indicated=self.permit_indicated,
            financial_support=self.financial_support,
            area=self.area,
            events=tuple(events),
        )

    def unstored(self) -> Order:
        """The row without its case, not stored yet."""
        served = self.served_at
        return make(
            Order,
            jurisdiction=self.jurisdiction,
            kind=self.kind,
            por_number=self.por_number,
            number_key=registry_key(self.por_number),
            issued_on=self.day_of_issue,
            issued_at=self.issued_at,
            issued_offset=offset_of(self.issued_at) if self.issued_at else None,
            expires_on=self.expires_on,
            served_at=served,
            served_offset=offset_of(served) if served else None,
            service_method=(self.service_method or ServiceMethod.UNKNOWN) if served else "",
            firearms_indicated=self.firearms_indicated or bool(self.firearms_alleged_count),
            firearms_alleged_count=self.firearms_alleged_count,
            permit_indicated=self.permit_indicated,
            financial_support=self.financial_support,
            filed_by=self.filed_by,
            proof_found=self.proof_found,
            area=check_area(self.jurisdiction, self.area),
            source_digest=self.source_digest,
        )

    def row(self, case: Case, *, now: datetime) -> Order:
        """The row in its case, not stored yet."""
        order = self.unstored()
        order.case = case
        order.entered_at = now
        return order


def enter_order(new: NewOrder, *, by: User | None, now: datetime, confirm: str = "") -> Order:
    """Store an order with its case and parties, plan it, and record the entry in its history.

    Raises `InvalidFact`, and `DoubtfulFact` for an unusual docket number or dates beyond the rules unless
    `confirm` gives the reason.
    """
    new = new.cleaned()
    check_all(lambda: check_por_number(new.por_number, court=new.court.pk, by=by), lambda: new.check(now=now))
    found = beyond_at(new.facts(), new.court.pk)
    young = birth_doubts("respondent_dob", new.respondent_dob, new.day_of_issue)
    ask([*_docket_doubts(new), *young, *doubts_about(found, hearing_field="hearing_on")], confirm=confirm)
    with once(new.por_number):
        return enter_orders([new], by=by, now=now, reason=confirm, asks=True)[0]


def _docket_doubts(new: NewOrder) -> list[DoubtfulFact]:
    """Return a doubt about a docket number without the parts of Connecticut's numbers."""
    if new.jurisdiction != "us_ct" or looks_like_docket(new.docket_number):
        return []
    message = (
        f"{new.docket_number} does not look like a Connecticut docket number, such as {DOCKET_EXAMPLE}. "
        "Check it, or continue with a reason."
    )
    return [DoubtfulFact("docket_number", "unusual_docket", message)]


def check_por_number(number: str, *, court: int, by: User | None, besides: Order | None = None) -> None:
    """Refuse a registry number that another order of the court (by key) has, also written in another way.

    Of other courts, only an order that `by` sees refuses it: the answer to the number of an unseen order is
    that to a number that no order has.
    """
    if not (key := registry_key(number)):
        return
    same = Order.recorded.filter(number_key=key).exclude(pk__in=[besides.pk] if besides else [])
    other = same.filter(number_court=court).first()
    if other is None and by is not None:
        other = same.known_to(by).first()
    if other is not None and other.withdrawn_at is not None:
        raise InvalidFact(
            "por_number",
            "entered_in_error",
            f"{number} is the number of an order that was withdrawn because it was entered in error. Restore "
            "that order, or correct its registry number first.",
        )
    if other is not None:
        raise _duplicate(number)


@contextmanager
def once(number: str) -> Iterator[None]:
    """Refuse the registry number if another order of the court gets it at the same moment.

    The block has a transaction of its own. Raises `InvalidFact`.
    """
    try:
        yield
    except IntegrityError as error:
        if "order_number_once_in_a_court" not in str(error):
            raise
        raise _duplicate(number) from error


def _duplicate(number: str) -> InvalidFact:
    return InvalidFact(
        "por_number",
        "duplicate_por_number",
        f"{number} is already entered. Open that order and correct it instead.",
    )


def enter_orders(
    new: Sequence[NewOrder],
    *,
    by: User | None,
    now: datetime,
    source: str = "clerk",
    reason: str = "",
    asks: bool = False,
) -> list[Order]:
    """Store many orders in a fixed number of statements, all or nothing. Raises `InvalidFact`.

    `reason` is why some of their dates are beyond the rules. With `asks`, a docket with another respondent is
    refused until somebody chose who it is.
    """
    new = [one.cleaned() for one in new]
    for one in new:
        one.check(now=now)
    books = rulebooks_of(one.court.pk for one in new)
    with transaction.atomic():
        orders = store_orders(new, now=now, asks=asks)
        entries = {
            order.pk: [
                HistoryEntry(
                    order=order,
                    kind="entered",
                    occurred_at=order.issued_at or now,
                    actor=by,
                    reason=clean(reason),
                    data={
                        "source": source,
                        **noted(beyond_at(one.facts(), one.court.pk, books), reason=reason),
                    },
                )
            ]
            for one, order in zip(new, orders, strict=True)
        }
        # What is past fires at once, except for an import, which may hold thousands of old orders.
        replan_and_record(with_siblings(orders), entries, now=now, by=by, arm_past_checks=source != "import")
    return orders


def store_orders(new: Sequence[NewOrder], *, now: datetime, asks: bool = False) -> list[Order]:
    """Store the orders with their cases, parties, hearings and agencies.

    The orders must have been checked. They are not planned yet: call it in the transaction that plans them
    and appends to their history.
    """
    cases = Cases(new, asks=asks)
    version = current_rulebook().version
    orders = [one.row(cases.case_of(one), now=now) for one in new]
    for order in orders:
        # The plan follows in this transaction. Setting it here saves a second write of every row.
        order.planned_with = version
    insert(orders)
    _store_around(new, orders)
    return orders


def _store_around(new: Sequence[NewOrder], orders: Sequence[Order]) -> None:
    """Store the protected persons, hearings and agencies of the orders."""
    pairs = list(zip(new, orders, strict=True))
    insert(
        [
            make(
                ProtectedPerson,
                order=order,
                name=one.protected_person,
                address_confidential=one.address_confidential,
            )
            for one, order in pairs
            if one.protected_person
        ]
    )
    insert(
        [
            make(
                Hearing,
                order=order,
                purpose=HearingPurpose.APPLICATION,
                scheduled_on=one.hearing_on,
                judge=one.judge,
            )
            for one, order in pairs
            if one.hearing_on
        ]
    )
    insert(
        [
            make(OrderAgency, order=order, agency_id=agency, capacity=capacity)
            for one, order in pairs
            for capacity, agency in (
                (Capacity.COURT, one.court.pk),
                (Capacity.RESPONDENT_POLICE, one.respondent_town.police_id),
            )
        ]
    )
    for one, order in pairs:
        if one.filed_by:
            name_filer(order)
