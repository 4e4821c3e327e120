"""Merge a changed row of the registry into an order that people may have corrected since.

Column by column: a person's correction of the last registry value is kept, unless the registry now has a
third value. The last registry values are read from the history of the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from orders.errors import InvalidFact
from orders.matching.dockets import docket_key, spellings
from orders.models import (
    Capacity,
    Case,
    Continuance,
    Hearing,
    HearingOutcome,
    HearingPurpose,
    HistoryEntry,
    Order,
    OrderAgency,
    ServiceMethod,
)
from orders.models.fields import offset_of
from orders.services.change import Change, note_permit, plain
from orders.services.court_days import check_dates, check_nothing_earlier
from orders.services.hearings import set_hearing
from orders.services.orders.early_proof import early_proof
from orders.services.orders.entry import NewOrder
from orders.services.orders.extension import follow_last_day
from orders.services.parties.persons import refresh_person
from orders.services.registry.cells import Rejected
from orders.services.registry.early_proof import set_early_proof_aside
from orders.services.service import set_town

#: In the history entries of the import.
SOURCE = "registry"
REASON = "registry update"

_SERVICE = {
    (False, True): "served",
    (True, True): "service_corrected",
    (True, False): "service_withdrawn",
}


@dataclass
class LastValues:
    """The last registry values of columns that a person changed since, and of the hearing's day."""

    before_correction: dict[str, Any] = field(default_factory=dict)
    hearing_on: str | None = None
    judge: str = ""
    #: A person put the protected persons right. Their names are in no history, so they stay as they are.
    keeps_protected: bool = False
    #: The row has a date of birth that a clerk must confirm first.
    keeps_birth: bool = False

    def has_new(self, name: str, value: Any) -> bool:
        """True unless the registry repeats the value that a person has corrected."""
        return name not in self.before_correction or _instant(self.before_correction[name]) != _instant(
            plain(value)
        )

    def has_correction(self, name: str) -> bool:
        """True if a person has corrected the last value of the registry."""
        return name in self.before_correction

    def add(self, data: dict[str, Any]) -> None:
        """Apply the data of one history entry. Call it in the order of the history."""
        by_registry = data.get("source") == SOURCE
        for name, (old, _) in data.get("changes", {}).items():
            if by_registry:
                self.before_correction.pop(name, None)
            else:
                self.before_correction.setdefault(name, old)
        changed = data.get("changed", ())
        if by_registry and "respondent" in changed:
            self.before_correction.pop("respondent_name", None)
            self.before_correction.pop("respondent_date_of_birth", None)
        elif not by_registry and "protected_person" in changed:
            self.keeps_protected = True
        if by_registry and "hearing_on" in data:
            self.hearing_on = data["hearing_on"]
        if by_registry and "judge" in data:
            self.judge = data["judge"]


def last_values(orders: Sequence[Order]) -> dict[int, LastValues]:
    """The last registry values of each order, from its history."""
    found = {order.pk: LastValues() for order in orders}
    for order_id, data in (
        HistoryEntry.objects.filter(order__in=found).order_by("id").values_list("order_id", "data")
    ):
        found[order_id].add(data)
    return found


def update(order: Order, new: NewOrder, last: LastValues, *, line: int, now: datetime) -> list[HistoryEntry]:
    """Apply the changes of the row to the order, whose case is locked. Return unstored history entries.

    Replan the order in the same transaction. Raises `Rejected`, before anything is stored, if the row
    contradicts a person's correction.
    """
    service, rest = Change(order), Change(order)
    former_last_day = order.expires_on
    early = early_proof(order) if new.issued_at != order.issued_at else []
    _merge_service(service, new, last)
    _merge_order(rest, new, last)
    note_permit(rest, now=now)
    _check_extension(order, former_last_day)
    _check(order, moved="issued_at" in rest.touched)
    _check_docket(order, new, last)
    taken_back = []
    if "issued_at" in rest.touched:
        taken_back = set_early_proof_aside(order, besides=early, line=line, now=now)
    if order.served_at is None and "served_at" in service.touched:
        set_town(service, None)
    _merge_case(rest, new, last)
    if not last.keeps_protected:
        _merge_protected(rest, new)
    _merge_hearing(rest, new, last)
    was_served = service.data.get("changes", {}).get("served_at", [plain(order.served_at)])[0] is not None
    if "expires_on" in rest.touched:
        follow_last_day(order, former=former_last_day)
    order.source_digest = new.source_digest
    order.save()
    events = []
    if service.data:
        kind = _SERVICE.get((was_served, order.served_at is not None), "service_corrected")
        events.append(_event(order, kind, service.data, order.served_at or now))
    if rest.data or not events:
        events.append(_event(order, "corrected", rest.data, now))
    return events + [_event(order, "fact_set_aside", data, now) for data in taken_back]


def _event(order: Order, kind: str, data: dict[str, Any], occurred_at: datetime) -> HistoryEntry:
    return HistoryEntry(
        order=order, kind=kind, occurred_at=occurred_at, reason=REASON, data={"source": SOURCE, **data}
    )


def _merge_service(change: Change, new: NewOrder, last: LastValues) -> None:
    if last.has_new("served_at", new.served_at) and change.order.served_at != new.served_at:
        change.set("served_at", new.served_at)
        change.set("served_offset", offset_of(new.served_at) if new.served_at else None)
        change.set("service_method", new.service_method)
        if new.served_at is None:
            change.set("service_officer", "")
            change.set("served_in_custody", value=False)
    elif (
        change.order.served_at is not None
        and new.served_at
        and last.has_new("service_method", new.service_method)
        and not (new.service_method == ServiceMethod.UNKNOWN and last.has_correction("service_method"))
    ):
        change.set("service_method", new.service_method)


def _merge_order(change: Change, new: NewOrder, last: LastValues) -> None:
    count = new.firearms_alleged_count
    if count is not None and last.has_new("firearms_alleged_count", count):
        change.set("firearms_alleged_count", count)
    for name in ("kind", "expires_on", "firearms_indicated", "permit_indicated"):
        if last.has_new(name, value := getattr(new, name)):
            change.set(name, value)
    if change.order.firearms_alleged_count:
        # A number of firearms indicates them.
        change.set("firearms_indicated", value=True)
    if new.issued_at and last.has_new("issued_at", new.issued_at) and change.order.issued_at != new.issued_at:
        change.set("issued_at", new.issued_at)
        change.set("issued_on", new.day_of_issue)
        change.set("issued_offset", offset_of(new.issued_at))


def _check(order: Order, *, moved: bool) -> None:
    try:
        check_dates(order)
        if moved:
            check_nothing_earlier(order, by_registry=True)
    except InvalidFact as error:
        raise Rejected(
            "conflicts_with_correction",
            f"{error} A person corrected one of the two here. Correct the order by hand.",
        ) from error


def _check_extension(order: Order, former: date | None) -> None:
    """Reject a later last day of a vacated order, as entry by hand does."""
    if order.vacated_at is None or former is None or order.expires_on is None:
        return
    if order.expires_on > former:
        raise Rejected(
            "order_vacated",
            "expires_on: later than before, but the order is vacated here, so it cannot be extended. "
            "Reinstate the order on its page if that was an error, and import the row again.",
        )


def _moves(order: Order, new: NewOrder, last: LastValues) -> bool:
    """True if the registry now has another docket, or another court."""
    has_new_docket = last.has_new("docket_number", new.docket_number)
    return order.case.court_id != new.court.pk or (
        has_new_docket and docket_key(order.case.docket_number) != docket_key(new.docket_number)
    )


def _check_docket(order: Order, new: NewOrder, last: LastValues) -> None:
    if not _moves(order, new, last):
        return
    same = Case.objects.filter(
        docket_number__in=spellings(new.docket_number),
        court=new.court,
        respondent__person=order.case.respondent.person_id,
    )
    if order.case.orders.count() > 1 or same.exclude(pk=order.case_id).exists():
        raise Rejected(
            "docket_of_several_orders",
            "docket_number: it changed, but other orders share the case and its inventory. Move it by hand.",
        )


def _merge_case(change: Change, new: NewOrder, last: LastValues) -> None:
    """Merge docket, court and respondent. The history, which is kept forever, gets no names."""
    order = change.order
    case, respondent = order.case, order.case.respondent
    if _moves(order, new, last):
        change.data.setdefault("changes", {})["docket_number"] = [case.docket_number, new.docket_number]
        case.docket_number, case.court = new.docket_number, new.court
        case.save(update_fields=["docket_number", "court"])
        OrderAgency.objects.filter(order=order, capacity=Capacity.COURT).update(agency=new.court)
    name, born = respondent.name, respondent.date_of_birth
    if last.has_new("respondent_name", new.respondent_name):
        name = new.respondent_name
    if not last.keeps_birth and last.has_new("respondent_date_of_birth", new.respondent_dob):
        born = new.respondent_dob
    if (respondent.name, respondent.date_of_birth) != (name, born):
        respondent.name, respondent.date_of_birth = name, born
        respondent.save(update_fields=["name", "date_of_birth"])
        refresh_person(respondent)
        change.data.setdefault("changed", []).append("respondent")
    town = new.respondent_town
    if respondent.town_id != town.pk and last.has_new("respondent_town", town.name):
        change.data.setdefault("changes", {})["respondent_town"] = [respondent.town.name, town.name]
        respondent.town = town
        respondent.save(update_fields=["town"])
        OrderAgency.objects.filter(
            order__case__respondent=respondent, capacity=Capacity.RESPONDENT_POLICE
        ).update(agency=town.police_id)


def _merge_protected(change: Change, new: NewOrder) -> None:
    """Rename the only protected person of the order as in the registry, or add another one."""
    if not new.protected_person:
        return
    people = list(change.order.protected_persons.order_by("id"))
    person = next((one for one in people if one.name == new.protected_person), None)
    if person is None and len(people) != 1:
        change.order.protected_persons.create(
            name=new.protected_person, address_confidential=new.address_confidential
        )
    else:
        person = person or people[0]
        if (person.name, person.address_confidential) == (new.protected_person, new.address_confidential):
            return
        person.name, person.address_confidential = new.protected_person, new.address_confidential
        person.save(update_fields=["name", "address_confidential"])
    change.data.setdefault("changed", []).append("protected_person")


def _merge_hearing(change: Change, new: NewOrder, last: LastValues) -> None:
    """A new day continues the pending hearing.

    Without a day, or with that of a hearing that was held, the pending one from the registry is vacated.
    """
    on = plain(new.hearing_on)
    if new.hearing_on is not None and new.judge and new.judge != last.judge:
        change.order.hearings.filter(
            purpose=HearingPurpose.APPLICATION, outcome="", scheduled_on=new.hearing_on
        ).update(judge=new.judge)
        change.data["judge"] = new.judge
    if on == last.hearing_on:
        return
    application = change.order.hearings.filter(purpose=HearingPurpose.APPLICATION)
    pending = application.filter(outcome="", held_on=None)
    if new.hearing_on is None or _was_held(application, new.hearing_on):
        if last.hearing_on:
            former = date.fromisoformat(last.hearing_on)
            pending.filter(scheduled_on=former).update(outcome=HearingOutcome.VACATED)
    elif not pending.filter(scheduled_on=new.hearing_on).exists():
        moved = list(pending)
        pending.update(outcome=HearingOutcome.CONTINUED)
        following = set_hearing(change.order, HearingPurpose.APPLICATION, new.hearing_on, judge=new.judge)
        Continuance.objects.bulk_create(Continuance(hearing=one, following=following) for one in moved)
    change.data["hearing_on"] = on


def _was_held(hearings: QuerySet[Hearing], on: date) -> bool:
    """True if one of the hearings was held on its day: the registry does not set it again."""
    can_be_set = ("", HearingOutcome.CONTINUED, HearingOutcome.VACATED)
    return hearings.filter(scheduled_on=on).exclude(outcome__in=can_be_set).exists()


def _instant(value: Any) -> Any:
    """An instant, independent of its offset; any other value as the history stores it."""
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value.isoformat() if isinstance(value, date) else value
