"""Measure the pages of a court's desk with a million orders: `make bench`.

The orders are those of `tests.bench_api`. One clerk of a court with a twentieth of them opens each page, one
request after the other. The client is Django's own: what is measured is ours and the database's.
Processor time is what both used, whatever else the machine does: on an idle machine, nearly the median.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, Role, User
from orders.models import Firearm, Order
from orders.services.desk.conditions import FILTERS
from orders.services.desk.reports import GROUPS
from tests import make
from tests.bench_api import fill, write

#: Requests for each page, and the most milliseconds at the median.
REQUESTS = int(os.environ.get("CTC_BENCH_REQUESTS", "15"))
LIMIT = 300

LIST = "/admin/orders/order/"
DEADLINES = "/admin/orders/deadline/"


def main() -> None:
    """Fill the database and print the table. Exit with 1 if a page did not open."""
    began = time.perf_counter()
    if not Order.objects.exists():
        fill()
    court = Agency.objects.get(name="Court 0")
    client = Client(headers={"Host": "localhost"})
    known = User.objects.filter(memberships__agency=court, is_system=False).first()
    client.force_login(known or make.person(Role.CLERK, court))
    mine = Order.objects.filter(case__court=court)
    took = time.perf_counter() - began
    write(f"{Order.objects.count():,} orders made in {took:,.0f} s; {mine.count():,} of the court")
    write(f"{REQUESTS} requests each; milliseconds. More than {LIMIT} of processor time is marked")
    write("{:<64}{:>8}{:>9}{:>9}{:>9}".format("page", "CPU", "median", "p95", "queries"))
    failures = [path for path in pages(court) if not measure(client, path)]
    failures += [words for words in searches(court) if not measure(client, "/search/", search=words)]
    for path in failures:
        write(f"Not measured: {path}")
    if failures:
        sys.exit(1)


def pages(court: Agency) -> Iterator[str]:
    """Yield the address of every page of the desk that is measured."""
    orders = list(Order.objects.filter(case__court=court).order_by("pk").select_related("case")[:2000:400])
    yield "/"
    yield LIST
    yield f"{LIST}?p=3"
    for name, (_, _, choices) in FILTERS.items():
        for value in choices:
            yield f"{LIST}?shown=all&{name}={value}"
    yield f"{LIST}?kind=restraining_order"
    for column in ("1", "2", "4", "-6"):
        yield f"{LIST}?o={column}"
    yield DEADLINES
    for query in ("who=court&due=soon", "due=late", "due=day", "state=cannot_compute", "who=concerns"):
        yield f"{DEADLINES}?{query}"
    yield "/hearings/"
    for by in GROUPS:
        yield f"/reports/?by={by}"
    yield "/reports/filed/"
    yield from (f"{LIST}{one.public_id}/" for one in orders[:2])


def searches(court: Agency) -> Iterator[str]:
    """Yield what is searched for: a docket, parts of a name, a serial number. No address contains it."""
    orders = Order.objects.filter(case__court=court).order_by("pk").select_related("case")[:2000:400]
    yield orders[0].case.docket_number
    yield "ash bir"
    firearms = Firearm.objects.filter(order__in=list(orders)).exclude(serial="")
    yield from firearms.values_list("serial", flat=True)[:1]


def measure(client: Client, path: str, *, search: str = "") -> bool:
    """Open the page, or send what is searched for, and print how long it took; False if it does not open."""

    def opened() -> Any:
        return client.post(path, {"text": search}) if search else client.get(path)

    reset_queries()
    with CaptureQueriesContext(connection) as captured:
        answer = opened()
        _ = answer.getvalue() if answer.streaming else answer.content
        queries = len(captured.captured_queries)
    if answer.status_code != HTTPStatus.OK:
        write(f"{path}: {answer.status_code}")
        return False
    taken: list[float] = []
    spent = cpu_ms()
    for _ in range(REQUESTS):
        began = time.perf_counter()
        opened()
        taken.append((time.perf_counter() - began) * 1000)
    spent = (cpu_ms() - spent) / REQUESTS
    median = statistics.median(taken)
    p95 = statistics.quantiles(taken, n=20)[-1]
    mark = "  <- slow" if spent > LIMIT else ""
    write(f"{path[:63]:<64}{spent:>8.0f}{median:>9.0f}{p95:>9.0f}{queries:>9}{mark}")
    return True


def cpu_ms() -> float:
    """Return the processor time of this process and of its connection's server process, in milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return time.process_time() * 1000 + ticks * 1000 / os.sysconf("SC_CLK_TCK")
