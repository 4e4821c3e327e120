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
from datetime import datetime, timedelta
from http import HTTPStatus
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
from notifications.services.firing import Firer
from orders.models import Concern, Confirmed, Order
from orders.services.entry import NewOrder, enter_orders
from orders.services.releases import record_release
from orders.services.returns import record_return
from orders.services.surrender import list_firearm, record_receipt
from orders.services.term import vacate_order
from orders.services.terms import set_term, settable_terms
from tests.copies import multiply

#: Orders in all, and how many of them are entered by the services.
ORDERS = int(os.environ.get("CTC_BENCH_ORDERS", "1000000"))
ENTERED = 500

#: Requests for each address.
REQUESTS = 100

#: Courts and police departments, between which the orders are divided.
COURTS, POLICE = 20, 90


def main() -> None:
    """Fills the database and prints the table."""
    began = time.perf_counter()
    callers = fill()
    say(f"{Order.objects.count():,} orders made in {time.perf_counter() - began:,.0f} s")
    say(f"{REQUESTS} requests each, one after the other; milliseconds")
    say("{:<44}{:<9}{:>9}{:>9}{:>9}".format("address", "role", "median", "p95", "queries"))
    for role, token in callers.items():
        for path in addresses(role):
            measure(role, token, path)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fill() -> dict[str, str]:
    """Orders of every age and state, and a caller for each of two roles with its token."""
    now = timezone.now()
    courts = [Agency.objects.create(kind=AgencyKind.COURT, name=f"Court {n}") for n in range(COURTS)]
    towns = []
    for n in range(POLICE):
        police = Agency.objects.create(kind=AgencyKind.POLICE, name=f"Police {n}")
        towns.append(Town.objects.create(name=f"Town {n}", police=police))
    tokens = {
        Role.CLERK.value: caller(Role.CLERK, courts[0]),
        Role.LIAISON.value: caller(Role.LIAISON, towns[0].police),
    }
    chance = random.Random(20261122)  # noqa: S311 - the same orders each time
    new = []
    for n in range(ENTERED):
        issued = now - timedelta(days=chance.randrange(3, 1500), hours=chance.randrange(24))
        new.append(
            NewOrder(
                docket_number=f"HHD-FA{n:06}-S",
                court=chance.choice(courts),
                kind=chance.choice(["ex_parte_restraining_order", "restraining_order"]),
                respondent_name="Ash Birch",
                respondent_town=chance.choice(towns),
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
    for number, order in enumerate(enter_orders(new, by=None, now=now)):
        live(order, number, towns[0].police, advocates, now)
    firer = Firer("bench")
    while firer.fire().checkpoints:
        pass
    multiply(ORDERS // ENTERED - 1, is_bare=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return tokens


def live(order: Order, number: int, police: Agency, advocates: Agency, now: datetime) -> None:
    """Some of what happens to orders happens to this one."""
    by: dict[str, Any] = {"by": None, "now": now}
    firearm = list_firearm(order, source="application", make="Example", **by)
    ends_at = now + timedelta(days=60)
    record_release(
        order, agency=advocates, signed_on=now.date(), begins_at=order.entered_at, ends_at=ends_at, **by
    )
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


def caller(role: Role, agency: Agency) -> str:
    """The token of a system that holds the role."""
    user = User.objects.create_user(f"{role}@bench.example", None, name="Bench", is_system=True)
    Membership.objects.create(user=user, agency=agency, role=role)
    return issue_token(user=user, name="bench", scopes=Scope.values, lasts=timedelta(days=1))[1]


#: Filters as the desks use them, besides each list as it is.
FILTERS = {
    "orders": ("court=Court 0", "kind=restraining_order", "served=false", "docket_number={docket}"),
    "deadlines": ("court=Court 0", "state=overdue", "due_before={now}", "due_after={now}"),
    "follow-ups": ("next_action_before={now}",),
    "alerts": ("acknowledged=false",),
    "cases": ("docket_number={docket}",),
}


def addresses(role: str) -> Iterator[str]:
    """Every list and detail that the role reads, from the addresses there are."""
    for pattern in _patterns():
        view = pattern.callback.cls
        if not MATRIX.may({role}, view.acts.get("GET", ""), view.thing) or view.thing == "report":
            continue
        path = str(pattern.pattern).replace("<uuid:id>", "{id}").replace("<str:id>", "CT-SUR-01")
        # Cases are asked for by docket; imports and subscriptions are few, however many orders there are.
        if path != "cases" and view.thing.partition("_")[0] not in ("import", "webhook"):
            yield path
        for query in FILTERS.get(path, ()):
            yield f"{path}?{query}"


def measure(role: str, token: str, path: str) -> None:
    """Asks so many times, each time for other rows."""
    client = Client(headers={"Authorization": f"Bearer {token}", "Host": "localhost"})
    taken: list[float] = []
    queries: set[int] = set()
    for row in rows_of(role, path.split("/", maxsplit=1)[0] if "{id}" in path else ""):
        address = "/api/v1/" + path.format(**row)
        with CaptureQueriesContext(connection) if not taken else nullcontext() as captured:
            began = time.perf_counter()
            answer = client.get(address)
            taken.append((time.perf_counter() - began) * 1000)
        if captured is not None:
            queries.add(len(captured))
        if answer.status_code != HTTPStatus.OK:
            say(f"{path}: {answer.status_code}")
            return
    if len(taken) < 2:
        say(f"{path}: no rows")
        return
    p95 = statistics.quantiles(taken, n=20)[-1]
    say(f"{path:<44}{role:<9}{statistics.median(taken):>9.1f}{p95:>9.1f}{max(queries):>9}")


def rows_of(role: str, resource: str) -> list[dict[str, Any]]:
    """Rows of the caller's, anywhere in the table."""
    if (role, resource) not in _ROWS:
        model = apps.get_model(OF_RESOURCE[resource])
        orders = Order.objects.filter(pk__in=_orders_of(role)).select_related("case")
        by_order = {one.pk: one for one in orders}
        if resource == "cases":
            found = [(one.case.public_id, one) for one in orders]
        elif model is Order:
            found = [(one.public_id, one) for one in orders]
        else:
            rows: Any = model._default_manager.filter(order__in=by_order)
            found = [(row.public_id, by_order[row.order_id]) for row in rows[:REQUESTS]]
        _ROWS[role, resource] = [
            {"id": id_, "docket": one.case.docket_number, "now": "2026-11-22T12:00:00Z"} for id_, one in found
        ][:REQUESTS]
    return _ROWS[role, resource]


_ROWS: dict[tuple[str, str], list[dict[str, Any]]] = {}

#: Of which table a detail is.
OF_RESOURCE = {
    "": "orders.order",
    "cases": "orders.order",
    "orders": "orders.order",
    "firearms": "orders.firearm",
    "receipts": "orders.receipt",
    "releases": "orders.release",
    "returns": "orders.firearmreturn",
    "terms": "orders.orderterm",
    "hearings": "orders.hearing",
    "deadlines": "orders.deadline",
    "follow-ups": "orders.followup",
    "alerts": "notifications.alert",
}


def _orders_of(role: str) -> list[int]:
    """Some of the caller's orders, evenly from the whole table."""
    user = User.objects.get(email=f"{role}@bench.example")
    agency = user.memberships.get().agency_id
    mine = Concern.objects.filter(agency=agency, capacity__in=MATRIX.concerned_as[role])
    keys = list(mine.order_by("order").values_list("order", flat=True))
    return keys[:: max(1, len(keys) // REQUESTS)][:REQUESTS]


def _patterns() -> list[Any]:
    """The addresses of the API that are about something."""

    def walk(patterns: list[Any]) -> Iterator[Any]:
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns)
            elif hasattr(getattr(one.callback, "cls", None), "thing"):
                yield one

    return list(walk(get_resolver().url_patterns))
