"""A changed row of the registry, merged into an order that people may have corrected since.

Column by column: what the registry said last and a person changed stands as the person left it, unless the
registry now says a third thing. What the registry said last is read from the order's own events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from orders.models import Capacity, Concern, Event, Hearing, HearingOutcome, HearingPurpose, Order
from orders.models.fields import offset_of
from orders.services.change import Change, plain
from orders.services.entry import NewOrder
from orders.services.registry.parsing import Rejected

#: Said by every event that this import appends.
SOURCE = "registry"
REASON = "registry update"

_SERVICE = {
    (False, True): "served",
    (True, True): "service_corrected",
    (True, False): "service_withdrawn",
}


@dataclass
class Said:
    """What the registry said last of columns that a person changed since, and of the hearing's day."""

    before_correction: dict[str, Any] = field(default_factory=dict)
    hearing_on: str | None = None

    def has_new(self, name: str, value: Any) -> bool:
        """True unless the registry repeats what a person has corrected."""
        return name not in self.before_correction or _instant(self.before_correction[name]) != _instant(
            plain(value)
        )

    def learn(self, data: dict[str, Any]) -> None:
        """Takes in the data of one event; events come in order."""
        by_registry = data.get("source") == SOURCE
        for name, (old, _) in data.get("changes", {}).items():
            if by_registry:
                self.before_correction.pop(name, None)
            else:
                self.before_correction.setdefault(name, old)
        if by_registry and "hearing_on" in data:
            self.hearing_on = data["hearing_on"]


def said_of(orders: Sequence[Order]) -> dict[int, Said]:
    """What the registry said last of each order, as far as its events tell."""
    found = {order.pk: Said() for order in orders}
    for order_id, data in (
        Event.objects.filter(order__in=found).order_by("id").values_list("order_id", "data")
    ):
        found[order_id].learn(data)
    return found


def update(order: Order, new: NewOrder, said: Said, *, now: datetime) -> list[Event]:
    """The order, its case locked, has what is new in the row; answers the events of that, not stored yet.

    To be planned in the same transaction. Raises `Rejected`, with nothing stored, where the row does not go
    together with what a person corrected.
    """
    service, rest = Change(order), Change(order)
    _merge_service(service, new, said)
    _merge_order(rest, new, said)
    _check(order)
    _check_docket(order, new)
    _merge_case(rest, new, said)
    _merge_protected(rest, new)
    _merge_hearing(rest, new, said)
    was_served = service.data.get("changes", {}).get("served_at", [plain(order.served_at)])[0] is not None
    order.source_digest = new.source_digest
    order.save()
    events = []
    if service.data:
        kind = _SERVICE.get((was_served, order.served_at is not None), "service_corrected")
        events.append(_event(order, kind, service.data, order.served_at or now))
    if rest.data or not events:
        events.append(_event(order, "corrected", rest.data, now))
    return events


def _event(order: Order, kind: str, data: dict[str, Any], occurred_at: datetime) -> Event:
    return Event(
        order=order, kind=kind, occurred_at=occurred_at, reason=REASON, data={"source": SOURCE, **data}
    )


def _merge_service(change: Change, new: NewOrder, said: Said) -> None:
    if said.has_new("served_at", new.served_at) and change.order.served_at != new.served_at:
        change.set("served_at", new.served_at)
        change.set("served_offset", offset_of(new.served_at) if new.served_at else None)
        change.set("service_method", new.service_method)
        if new.served_at is None:
            change.set("service_officer", "")
            change.set("served_in_custody", value=False)
    elif (
        change.order.served_at is not None
        and new.served_at
        and said.has_new("service_method", new.service_method)
    ):
        change.set("service_method", new.service_method)


def _merge_order(change: Change, new: NewOrder, said: Said) -> None:
    for name in ("kind", "expires_on", "firearms_indicated", "permit_indicated"):
        if said.has_new(name, value := getattr(new, name)):
            change.set(name, value)
    if new.issued_at and said.has_new("issued_at", new.issued_at) and change.order.issued_at != new.issued_at:
        change.set("issued_at", new.issued_at)
        change.set("issued_on", new.day_of_issue)
        change.set("issued_offset", offset_of(new.issued_at))


def _check(order: Order) -> None:
    if order.expires_on is not None and order.expires_on < order.issued_on:
        raise Rejected(
            "conflicts_with_correction",
            f"expires_on: {order.expires_on} would be before the day of issue, {order.issued_on}, as a "
            "person corrected one of the two. Correct the order by hand.",
        )
    if order.served_at is not None and order.issued_at is not None and order.served_at < order.issued_at:
        raise Rejected(
            "conflicts_with_correction",
            "served_at: would be before the order was issued, as a person corrected one of the two. Correct "
            "the order by hand.",
        )


def _check_docket(order: Order, new: NewOrder) -> None:
    moves = (order.case.docket_number, order.case.court_id) != (new.docket_number, new.court.pk)
    if moves and order.case.orders.count() > 1:
        raise Rejected(
            "docket_of_several_orders",
            "docket_number: it changed, but the case has other orders and one inventory. Move it by hand.",
        )


def _merge_case(change: Change, new: NewOrder, said: Said) -> None:
    """Docket, court and respondent. No name is noted in the event, which is kept for ever."""
    order = change.order
    case, respondent = order.case, order.case.respondent
    if (case.docket_number, case.court_id) != (new.docket_number, new.court.pk):
        change.data.setdefault("changes", {})["docket_number"] = [case.docket_number, new.docket_number]
        case.docket_number, case.court = new.docket_number, new.court
        case.save(update_fields=["docket_number", "court"])
        Concern.objects.filter(order=order, capacity=Capacity.COURT).update(agency=new.court)
    if (respondent.name, respondent.date_of_birth) != (new.respondent_name, new.respondent_dob):
        respondent.name, respondent.date_of_birth = new.respondent_name, new.respondent_dob
        respondent.save(update_fields=["name", "date_of_birth"])
        change.data.setdefault("changed", []).append("respondent")
    town = new.respondent_town
    if respondent.town_id != town.pk and said.has_new("respondent_town", town.name):
        change.data.setdefault("changes", {})["respondent_town"] = [respondent.town.name, town.name]
        respondent.town = town
        respondent.save(update_fields=["town"])
        Concern.objects.filter(
            order__case__respondent=respondent, capacity=Capacity.RESPONDENT_POLICE
        ).update(agency=town.police_id)


def _merge_protected(change: Change, new: NewOrder) -> None:
    """The one protected person of the order is named as the registry names them; a further one is added."""
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


def _merge_hearing(change: Change, new: NewOrder, said: Said) -> None:
    """A new day continues the hearing that was pending; no day any more vacates the one the registry set."""
    on = plain(new.hearing_on)
    if on == said.hearing_on:
        return
    application = change.order.hearings.filter(purpose=HearingPurpose.APPLICATION)
    pending = application.filter(outcome="", held_on=None)
    if new.hearing_on is None:
        pending.filter(scheduled_on=date.fromisoformat(str(said.hearing_on))).update(
            outcome=HearingOutcome.VACATED
        )
    elif not application.filter(scheduled_on=new.hearing_on).exists():
        pending.update(outcome=HearingOutcome.CONTINUED)
        Hearing.objects.create(
            order=change.order, purpose=HearingPurpose.APPLICATION, scheduled_on=new.hearing_on
        )
    change.data["hearing_on"] = on


def _instant(value: Any) -> Any:
    """An instant as an event keeps it, whatever its offset; any other value as it is."""
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value.isoformat() if isinstance(value, date) else value
