"""Measure every list and detail of the API with a million orders: `make bench`.

Some orders are entered through the services; the others are copies that the database makes of them, so that
the tables hold what a state's courts would. Then one caller asks, one request after the other, each time for
other rows; the client is Django's own: what is measured is ours and the database's, not a server's.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from itertools import cycle, islice
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from accounts.access import MATRIX
from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, Membership, Role, Scope, Town, User
from accounts.services.access.tokens import issue_token
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import Confirmed, FollowUp, Order, OrderAgency
from orders.services.conditions.conditions import available_conditions, set_condition
from orders.services.conditions.notices import record_notice_sent, required_notices
from orders.services.firearms.inventory import list_firearm, record_permit
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.returns import record_return
from orders.services.firearms.statements import record_statement
from orders.services.follow_ups.attempts import record_attempt
from orders.services.follow_ups.referrals import refer
from orders.services.follow_ups.transfers import offer_transfer
from orders.services.orders.case_events import RECORDABLE, record_case_event
from orders.services.orders.entry import NewOrder, enter_orders
from orders.services.orders.vacatur import vacate_order
from orders.services.parties.agencies import add_agency
from orders.services.parties.releases import record_release
from orders.services.service import record_failed_attempt
from tests.copies import multiply
from tests.make import may_return

#: Orders in all, and how many of them are entered by the services.
ORDERS = int(os.environ.get("CTC_BENCH_ORDERS", "1000000"))
ENTERED = 500

#: Requests for each URL.
REQUESTS = 100

#: Courts and police departments, between which the orders are divided.
COURTS, POLICE = 20, 90

#: The courts that have old orders only, and new ones only.
OLD, NEW = 18, 19

#: Orders of the first court and the first police department both, and how many days old they are: one with
#: all that `live` does, one new.
OF_BOTH = {10: (100, 200), 30: (200, 1500), 31: (2, 4)}


@dataclass(frozen=True)
class Caller:
    """A system that calls, and its name in the table."""

    name: str
    role: Role
    agency: Agency
    token: str


class UnmeasuredError(Exception):
    """A URL that cannot be measured."""


def main() -> None:
    """Fill the database and print the table. Exit with 1 if a URL could not be measured."""
    began = time.perf_counter()
    callers = fill()
    write(f"{Order.objects.count():,} orders made in {time.perf_counter() - began:,.0f} s")
    write(f"{REQUESTS} requests each, one after the other; milliseconds")
    write("{:<44}{:<11}{:>9}{:>9}{:>9}".format("address", "caller", "median", "p95", "queries"))
    failures = []
    for caller in callers:
        for path in addresses(caller):
            try:
                measure(caller, path)
            except UnmeasuredError as reason:
                failures.append(f"Not measured: {path} of {caller.name}: {reason}")
    for line in failures:
        write(line)
    if failures:
        sys.exit(1)


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fill() -> list[Caller]:
    """Make orders of every age and state, and return the callers.

    They are a court and a police department with orders of every age, a court with old orders only, and one
    with new orders only.
    """
    now = timezone.now()
    courts = [Agency.objects.create(kind=AgencyKind.COURT, name=f"Court {n}") for n in range(COURTS)]
    towns = []
    for n in range(POLICE):
        police = Agency.objects.create(kind=AgencyKind.POLICE, name=f"Police {n}")
        towns.append(Town.objects.create(name=f"Town {n}", police=police))
    callers = [
        caller("clerk", Role.CLERK, courts[0]),
        caller("liaison", Role.LIAISON, towns[0].police),
        caller("old court", Role.CLERK, courts[OLD]),
        caller("new court", Role.CLERK, courts[NEW]),
    ]
    chance = random.Random(20261122)
    new = []
    for n in range(ENTERED):
        court, town = (0, 0) if n in OF_BOTH else (chance.randrange(COURTS), chance.randrange(POLICE))
        days = OF_BOTH.get(n) or {OLD: (1500, 1600), NEW: (2, 4)}.get(court, (3, 1500))
        issued = now - timedelta(days=chance.randrange(*days), hours=chance.randrange(24))
        new.append(
            NewOrder(
                docket_number=f"HHD-FA{n:06}-S",
                court=courts[court],
                kind=chance.choice(["ex_parte_restraining_order", "restraining_order"]),
                respondent_name="Ash Birch",
                respondent_town=towns[town],
                issued_at=issued,
                expires_on=(issued + timedelta(days=365)).date(),
                hearing_on=(issued + timedelta(days=7)).date(),
                judge=f"Judge {court} {n % 4}",
                served_at=issued + timedelta(hours=20) if n % 4 else None,
                service_method="in_hand",
                protected_person="Sky Linden",
                firearms_indicated=bool(n % 3),
                por_number=f"POR{n}",
            )
        )
    advocates = Agency.objects.create(kind=AgencyKind.ADVOCACY, name="Advocates")
    Agency.objects.create(kind=AgencyKind.MARSHAL, name="Marshals")
    for number, order in enumerate(enter_orders(new, by=None, now=now)):
        live(order, number, towns[0].police, advocates, now)
    firer = Firer("bench")
    while firer.fire().checkpoints:
        pass
    work_on(callers[1], towns[1].police, now)
    multiply(ORDERS // ENTERED - 1, is_bare=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return callers


def live(order: Order, number: int, police: Agency, advocates: Agency, now: datetime) -> None:
    """Add rows of many kinds to this order."""
    by: dict[str, Any] = {"by": None, "now": now}
    firearm = list_firearm(order, source="application", make="Example", **by)
    ends_at = now + timedelta(days=60)
    record_release(order, agency=advocates, signed_on=court_date(now), begins_at=now, ends_at=ends_at, **by)
    if number % 10 == 0:
        add_agency(order, agency=Agency.objects.get(kind=AgencyKind.MARSHAL), **by)
        record_permit(order, kind="pistol permit", **by)
        record_statement(order, kind="non_possession", sworn_at=now, **by)
        record_failed_attempt(
            order, attempted_at=now, method="in_hand", reason="no answer", confirm="A test.", **by
        )
        record_case_event(order, kind=sorted(RECORDABLE)[0], occurred_at=now, **by)
        record_notice_sent(order, entry=required_notices(order)[0].entry.id, sent_at=now, **by)
    if "CT-HOM-01" in available_conditions(order):
        set_condition(order, condition="CT-HOM-01", due_on=order.issued_on + timedelta(days=30), **by)
    if order.served_at is None or number % 2:
        return
    taken = order.served_at + timedelta(hours=9)
    record_receipt(order, kind="police", agency=police, received_at=taken, firearms=[firearm], **by)
    if number % 10 == 0 and order.served_at < now - timedelta(days=30):
        over = order.served_at + timedelta(days=20)
        vacate_order(order, vacated_at=over, reason="on motion", **by)
        may_return(order, at=over + timedelta(hours=1), now=now)
        record_return(
            order,
            firearms=[firearm],
            returned_at=over + timedelta(days=1),
            agency=police,
            officer="Officer Reed",
            confirmed=Confirmed.values,
            # Every respondent here has one name.
            confirm="Another person of the same name.",
            **by,
        )


def work_on(liaison: Caller, other: Agency, now: datetime) -> None:
    """Have the liaison work on the queue: an attempt, a transfer and a referral for each follow-up."""
    prosecutor = Agency.objects.create(kind=AgencyKind.PROSECUTOR, name="Prosecutor")
    by: dict[str, Any] = {"by": User.objects.get(name=liaison.name), "now": now}
    for task in FollowUp.objects.filter(owner=liaison.agency, closed_at=None):
        record_attempt(
            task,
            attempted_at=now,
            kind="visit",
            result="not_found",
            next_action_at=now + timedelta(seconds=1),
            **by,
        )
        offer_transfer(task, to_agency=other, reason="moved", **by)
        refer(task, agency=prosecutor, reason="refused", **by)


def caller(name: str, role: Role, agency: Agency) -> Caller:
    """A system with the role in the agency."""
    address = f"{name.replace(' ', '-')}@bench.example"
    user = User.objects.create_user(address, None, name=name, is_system=True)
    Membership.objects.create(user=user, agency=agency, role=role)
    token = issue_token(user=user, name="bench", scopes=Scope.values, lasts=timedelta(days=1))[1]
    return Caller(name, role, agency, token)


#: Filters as the desks use them, besides each list as it is.
FILTERS = {
    "orders": ("court=Court 0", "kind=restraining_order", "served=false", "docket_number={docket}"),
    "deadlines": (
        "court=Court 0",
        "agency=Police 0",
        "court=Court 1",
        "state=overdue",
        "due_before={now}",
        "due_after={now}",
    ),
    "follow-ups": ("next_action_before={now}",),
    "alerts": ("acknowledged=false",),
    "cases": ("docket_number={docket}",),
}

#: Finds no rows: the callers have no orders of that court. It must not take longer than others.
IN_VAIN = "deadlines?court=Court 1"

#: What courts with old orders only, and with new ones only, ask for.
OF_SOME_AGE = ("orders", "orders?served=false", "deadlines", "follow-ups", "alerts")


def addresses(caller: Caller) -> Iterator[str]:
    """Every list and detail that the caller's role may read."""
    if caller.agency.name in (f"Court {OLD}", f"Court {NEW}"):
        yield from OF_SOME_AGE
        return
    for pattern in _patterns():
        view = pattern.callback.cls
        may_read = MATRIX.may({caller.role}, view.actions.get("GET", ""), view.resource)
        if not may_read or view.resource == "report":
            continue
        path = str(pattern.pattern).replace("<uuid:id>", "{id}").replace("<str:id>", "CT-SUR-01")
        # Cases are listed by docket; imports and subscriptions are few, however many orders there are.
        if path != "cases" and view.resource.partition("_")[0] not in ("import", "webhook"):
            yield path
        for query in FILTERS.get(path, ()):
            yield f"{path}?{query}"


def measure(caller: Caller, path: str) -> None:
    """Send `REQUESTS` requests, each for other rows. Raises `UnmeasuredError`."""
    client = Client(headers={"Authorization": f"Bearer {caller.token}", "Host": "localhost"})
    rows = rows_of(caller, path.partition("?")[0])
    if not rows:
        raise UnmeasuredError("the caller has no rows here")
    taken: list[float] = []
    queries = found = 0
    for row in islice(cycle(rows), REQUESTS):
        address = "/api/v1/" + path.format(**row)
        with nullcontext() if taken else CaptureQueriesContext(connection) as captured:
            began = time.perf_counter()
            answer = client.get(address)
            taken.append((time.perf_counter() - began) * 1000)
        if captured is not None:
            queries = len(captured)
        if answer.status_code != HTTPStatus.OK:
            raise UnmeasuredError(f"the answer is {answer.status_code}")
        found += len(answer.json().get("results", [answer]))
    if (found == 0) is not (path == IN_VAIN):
        raise UnmeasuredError(f"{found} rows are found")
    p95 = statistics.quantiles(taken, n=20)[-1]
    write(f"{path:<44}{caller.name:<11}{statistics.median(taken):>9.1f}{p95:>9.1f}{queries:>9}")


@cache
def rows_of(caller: Caller, path: str) -> list[dict[str, Any]]:
    """Return the ids for a URL: rows of the caller's orders, evenly from the whole table. For a list below an
    order, they are orders that have rows of that kind."""
    resource, _, below = path.replace("/{id}", "").partition("/")
    model: Any = apps.get_model(OF_RESOURCE.get(below or resource, "orders.order"))
    to_order = "" if model is Order else "order__"
    key = "public_id"
    if resource == "cases":
        key = "case__public_id"
    elif resource == "orders":
        key = f"{to_order}public_id"
    elif resource == "follow-ups" and below:
        key = "follow_up__public_id"
    order_agencies = OrderAgency.objects.filter(
        agency=caller.agency, capacity__in=MATRIX.capacities_by_role[caller.role]
    )
    found = model.objects.filter(**{f"{to_order}pk__in": order_agencies.values("order")})
    if model is Alert:
        # Alerts of a release are not visible to police or courts.
        found = found.filter(release=None)
    keys = sorted(found.values_list("pk", flat=True))
    # In steps of a prime, since copies are stored in the order of their originals.
    some = [keys[number * 7919 % len(keys)] for number in range(min(REQUESTS, len(keys)))]
    now = f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"
    return [
        {"id": id_, "docket": docket, "now": now}
        for id_, docket in found.filter(pk__in=some).values_list(key, f"{to_order}case__docket_number")
    ]


#: The table of details and lists, if it is not the table of orders.
OF_RESOURCE = {
    "service-attempts": "orders.serviceattempt",
    "permits": "orders.permit",
    "statements": "orders.statement",
    "case-events": "orders.caseevent",
    "notices-sent": "orders.noticesent",
    "firearms": "orders.firearm",
    "receipts": "orders.receipt",
    "confidentiality-releases": "orders.confidentialityrelease",
    "returns": "orders.firearmreturn",
    "conditions": "orders.ordercondition",
    "hearings": "orders.hearing",
    "deadlines": "orders.deadline",
    "follow-ups": "orders.followup",
    "attempts": "orders.attempt",
    "transfers": "orders.transfer",
    "referrals": "orders.referral",
    "alerts": "notifications.alert",
}


def _patterns() -> list[Any]:
    """The URL patterns of the API that have a resource."""

    def walk(patterns: list[Any]) -> Iterator[Any]:
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns)
            elif hasattr(getattr(one.callback, "cls", None), "resource"):
                yield one

    return list(walk(get_resolver().url_patterns))
