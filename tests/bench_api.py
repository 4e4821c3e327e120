"""How long every list and detail of the API takes among a million orders: `make bench`.

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
from accounts.models import Agency, AgencyKind, Membership, Role, Scope, Town, User
from accounts.services.tokens import issue_token
from notifications.models import Alert
from notifications.services.firing import Firer
from orders.models import Concern, Confirmed, FollowUp, Order
from orders.services.entry import NewOrder, enter_orders
from orders.services.follow_ups import record_attempt
from orders.services.hand_overs import offer_hand_over
from orders.services.involved import involve_agency
from orders.services.referrals import refer
from orders.services.releases import record_release
from orders.services.requirements import record_sending, requirements_of
from orders.services.returns import record_return
from orders.services.service import record_failed_attempt
from orders.services.surrender import list_firearm, record_permit, record_receipt, record_statement
from orders.services.term import RECORDABLE, record_happening, vacate_order
from orders.services.terms import set_term, settable_terms
from tests.copies import multiply

#: Orders in all, and how many of them are entered by the services.
ORDERS = int(os.environ.get("CTC_BENCH_ORDERS", "1000000"))
ENTERED = 500

#: Requests for each address.
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
    """A system that asks, and what it is called in the table."""

    name: str
    role: Role
    agency: Agency
    token: str


class UnmeasuredError(Exception):
    """An address of which no figure can be given."""


def main() -> None:
    """Fills the database and prints the table; exits with 1 where something of it could not be measured."""
    began = time.perf_counter()
    callers = fill()
    say(f"{Order.objects.count():,} orders made in {time.perf_counter() - began:,.0f} s")
    say(f"{REQUESTS} requests each, one after the other; milliseconds")
    say("{:<44}{:<11}{:>9}{:>9}{:>9}".format("address", "caller", "median", "p95", "queries"))
    failures = []
    for caller in callers:
        for path in addresses(caller):
            try:
                measure(caller, path)
            except UnmeasuredError as reason:
                failures.append(f"Not measured: {path} of {caller.name}: {reason}")
    for line in failures:
        say(line)
    if failures:
        sys.exit(1)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fill() -> list[Caller]:
    """Orders of every age and state; and who asks: a court and a police department with orders of every age,
    and a court each with old orders only and with new ones only."""
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
    chance = random.Random(20261122)  # noqa: S311 - the same orders each time
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
    """Some of what happens to orders happens to this one."""
    by: dict[str, Any] = {"by": None, "now": now}
    firearm = list_firearm(order, source="application", make="Example", **by)
    ends_at = now + timedelta(days=60)
    record_release(order, agency=advocates, signed_on=now.date(), begins_at=now, ends_at=ends_at, **by)
    if number % 10 == 0:
        involve_agency(order, agency=Agency.objects.get(kind=AgencyKind.MARSHAL), **by)
        record_permit(order, kind="pistol permit", **by)
        record_statement(order, kind="non_possession", at=now, **by)
        record_failed_attempt(order, at=now, method="in_hand", reason="nobody there", **by)
        record_happening(order, kind=sorted(RECORDABLE)[0], at=now, **by)
        record_sending(order, entry=requirements_of(order)[0].entry.id, at=now, **by)
    if "CT-HOM-01" in settable_terms(order):
        set_term(order, term="CT-HOM-01", on=order.issued_on + timedelta(days=30), **by)
    if order.served_at is None or number % 2:
        return
    taken = order.served_at + timedelta(hours=9)
    record_receipt(order, kind="police", agency=police, at=taken, firearms=[firearm], **by)
    if number % 10 == 0 and order.served_at < now - timedelta(days=30):
        over = order.served_at + timedelta(days=20)
        vacate_order(order, at=over, reason="on motion", **by)
        record_return(
            order,
            firearms=[firearm],
            at=over + timedelta(days=1),
            agency=police,
            officer="Officer Reed",
            confirmed=Confirmed.values,
            **by,
        )


def work_on(liaison: Caller, other: Agency, now: datetime) -> None:
    """The liaison works on what stands in the queue: each is tried, offered to others and referred."""
    prosecutor = Agency.objects.create(kind=AgencyKind.PROSECUTOR, name="Prosecutor")
    by: dict[str, Any] = {"by": User.objects.get(name=liaison.name), "now": now}
    for task in FollowUp.objects.filter(owner=liaison.agency, closed_at=None):
        record_attempt(
            task, at=now, kind="visit", result="not_found", next_action_at=now + timedelta(seconds=1), **by
        )
        offer_hand_over(task, to=other, reason="moved", **by)
        refer(task, agency=prosecutor, reason="refused", **by)


def caller(name: str, role: Role, agency: Agency) -> Caller:
    """A system that holds the role at the agency."""
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

#: What finds nothing: no order of the callers' is of that court. To find that out must not take longer.
IN_VAIN = "deadlines?court=Court 1"

#: What courts with old orders only, and with new ones only, ask for.
OF_SOME_AGE = ("orders", "orders?served=false", "deadlines", "follow-ups", "alerts")


def addresses(caller: Caller) -> Iterator[str]:
    """Every list and detail that the caller's role reads, from the addresses there are."""
    if caller.agency.name in (f"Court {OLD}", f"Court {NEW}"):
        yield from OF_SOME_AGE
        return
    for pattern in _patterns():
        view = pattern.callback.cls
        if not MATRIX.may({caller.role}, view.acts.get("GET", ""), view.thing) or view.thing == "report":
            continue
        path = str(pattern.pattern).replace("<uuid:id>", "{id}").replace("<str:id>", "CT-SUR-01")
        # Cases are asked for by docket; imports and subscriptions are few, however many orders there are.
        if path != "cases" and view.thing.partition("_")[0] not in ("import", "webhook"):
            yield path
        for query in FILTERS.get(path, ()):
            yield f"{path}?{query}"


def measure(caller: Caller, path: str) -> None:
    """Asks so many times, each time for other rows. Raises `UnmeasuredError`."""
    client = Client(headers={"Authorization": f"Bearer {caller.token}", "Host": "localhost"})
    rows = rows_of(caller, path.partition("?")[0])
    if not rows:
        raise UnmeasuredError("the caller has no such rows")
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
    say(f"{path:<44}{caller.name:<11}{statistics.median(taken):>9.1f}{p95:>9.1f}{queries:>9}")


@cache
def rows_of(caller: Caller, path: str) -> list[dict[str, Any]]:
    """What to ask for at the address: rows of the caller's orders, evenly from the whole table; for a list
    below an order, orders that have such rows."""
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
    concerns = Concern.objects.filter(agency=caller.agency, capacity__in=MATRIX.concerned_as[caller.role])
    found = model.objects.filter(**{f"{to_order}pk__in": concerns.values("order")})
    if model is Alert:
        # What a release led to is no police's and no court's to see.
        found = found.filter(release=None)
    keys = sorted(found.values_list("pk", flat=True))
    # By a prime, for copies stand in the order of what they are of.
    some = [keys[number * 7919 % len(keys)] for number in range(min(REQUESTS, len(keys)))]
    now = f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"
    return [
        {"id": id_, "docket": docket, "now": now}
        for id_, docket in found.filter(pk__in=some).values_list(key, f"{to_order}case__docket_number")
    ]


#: Of which table details and lists are; orders where it is not said.
OF_RESOURCE = {
    "service-attempts": "orders.serviceattempt",
    "permits": "orders.permit",
    "statements": "orders.statement",
    "happenings": "orders.happening",
    "sendings": "orders.sending",
    "firearms": "orders.firearm",
    "receipts": "orders.receipt",
    "releases": "orders.release",
    "returns": "orders.firearmreturn",
    "terms": "orders.orderterm",
    "hearings": "orders.hearing",
    "deadlines": "orders.deadline",
    "follow-ups": "orders.followup",
    "attempts": "orders.attempt",
    "hand-overs": "orders.handover",
    "referrals": "orders.referral",
    "alerts": "notifications.alert",
}


def _patterns() -> list[Any]:
    """The addresses of the API that are about something."""

    def walk(patterns: list[Any]) -> Iterator[Any]:
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns)
            elif hasattr(getattr(one.callback, "cls", None), "thing"):
                yield one

    return list(walk(get_resolver().url_patterns))
