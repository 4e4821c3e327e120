"""Invented agencies, people and orders for tests, created through the services."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Agency, AgencyKind, Membership, Role, State, Town, User
from accounts.models.agencies import place_name
from orders.matching.dockets import clean_docket, looks_like_docket
from orders.models import Checkpoint, CheckpointState, CustodyRequest, Deadline, Order
from orders.rules.vocabulary import Purpose
from orders.services.firearms.requests import record_custody_request
from orders.services.orders.case_events import record_case_event
from orders.services.orders.entry import NewOrder, enter_order

#: A Friday afternoon in December; the instant at which tests happen unless they set another.
NOW = datetime(2026, 12, 4, 21, 0, tzinfo=UTC)

_numbers = count(1)


def agency(
    kind: AgencyKind = AgencyKind.POLICE,
    name: str = "",
    email: str = "",
    state: str = State.CONNECTICUT,
    area: str = "",
) -> Agency:
    """An agency with a name of its own."""
    return Agency.objects.create(
        kind=kind, name=name or f"{kind.label} {next(_numbers)}", email=email, jurisdiction=state, area=area
    )


def town(police: Agency | None = None, state: str = State.CONNECTICUT) -> Town:
    """A town without people."""
    name = place_name(f"Town {next(_numbers)}", state)
    return Town.objects.create(name=name, jurisdiction=state, police=police or agency(state=state))


def person(role: Role, of: Agency | None = None, *, active: bool = True) -> User:
    """A person with one role, who receives the alerts of the agency."""
    number = next(_numbers)
    if of is None and role is Role.AGENCY_ADMINISTRATOR:
        of = agency()
    user = User.objects.create_user(
        f"person{number}@agency.example", "a long pass phrase", name=f"Person {number}", is_active=active
    )
    Membership.objects.create(user=user, agency=of, role=role)
    return user


def new_order(**given: Any) -> NewOrder:
    """The input of a clerk: an unserved ex parte order of two days ago with firearms indicated."""
    state = given.get("jurisdiction", State.CONNECTICUT)
    plain = NewOrder(
        docket_number=f"HHD-FA26-{next(_numbers)}-S",
        court=given.pop("court", None) or agency(AgencyKind.COURT, state=state),
        kind="ex_parte_restraining_order",
        respondent_name="Ash Birch",
        respondent_town=given.pop("respondent_town", None) or town(),
        issued_at=NOW - timedelta(days=2),
        firearms_indicated=True,
    )
    return replace(plain, **given)


def order(*, now: datetime = NOW, announces: bool = False, **given: Any) -> Order:
    """An entered order. Only if it `announces` does its entry notify anyone beside its deadlines."""
    new = new_order(**given)
    odd = new.jurisdiction == "us_ct" and not looks_like_docket(clean_docket(new.docket_number))
    entered = enter_order(new, by=None, now=now, confirm="An invented number." if odd else "")
    if not announces:
        # What is committed may have fired already.
        # Not by a join: an UPDATE would look for its rows among all checkpoints.
        rows = Deadline.with_announcements.filter(order=entered)
        announced = Checkpoint.objects.filter(deadline__in=rows, purpose=Purpose.INFORM)
        announced.filter(state=CheckpointState.PENDING).update(state=CheckpointState.WITHDRAWN)
    return entered


def served_order(*, ago: timedelta = timedelta(hours=1), now: datetime = NOW, **given: Any) -> Order:
    """An order served in hand `ago` before `now`."""
    return order(now=now, served_at=now - ago, service_method="in_hand", **given)


def deadline(order: Order, rule: str) -> Deadline:
    """The one deadline of a rule."""
    return Deadline.objects.get(order=order, rule_id=rule)


def may_return(order: Order, *, at: datetime, now: datetime = NOW) -> CustodyRequest:
    """Ask for what police hold, and have the court order its release at once."""
    request = record_custody_request(order, kind="return", requested_at=at, by=None, now=now)
    record_case_event(order, kind="release_ordered", occurred_at=at, by=None, now=now)
    return request


def pending(order: Order, rule: str) -> set[str]:
    """The names of a rule's pending checkpoints."""
    rows = Checkpoint.objects.filter(
        deadline__order=order, deadline__rule_id=rule, state=CheckpointState.PENDING
    )
    return set(rows.values_list("name", flat=True))
