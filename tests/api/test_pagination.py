"""Both ways to find a page return the same rows, and neither reads the whole table.

PostgreSQL prefers to walk an index to its end over sorting, so the rows that a query reads are counted here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.api import pagination
from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, Role, Town
from notifications.services.firing.fire import Firer
from orders.models import ConfidentialityRelease, Order
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def town() -> Town:
    return make.town()


def enter(now: datetime, days: int, **places: Any) -> Order:
    """An order issued so many days ago, served a day later and long overdue."""
    issued = now - timedelta(days=days)
    return make.order(
        now=now, issued_at=issued, served_at=issued + timedelta(days=1), service_method="in_hand", **places
    )


def walked(caller: Caller, path: str, **query: str) -> list[str]:
    """The ids of all pages, in order."""
    answer = caller.get(path, limit=2 if path == "/orders" else 15, **query).json()
    found = [one["id"] for one in answer["results"]]
    while answer["next"]:
        headers = {"Authorization": f"Bearer {caller.token}"}
        answer = caller.client.get(answer["next"], headers=headers).json()
        found += [one["id"] for one in answer["results"]]
    return found


QUERIES = [
    ("/orders", {}),
    ("/orders", {"served": "true"}),
    ("/orders", {"court": "{court}"}),
    ("/orders", {"court": "{other}"}),
    ("/orders", {"issued_before": "{day}"}),
    ("/deadlines", {}),
    ("/deadlines", {"court": "{court}"}),
    ("/deadlines", {"agency": "{police}"}),
    ("/deadlines", {"court": "{court}", "agency": "{police}"}),
    ("/deadlines", {"due_before": "{day}T12:00:00Z"}),
    ("/follow-ups", {}),
    ("/follow-ups", {"owner": "{police}"}),
    ("/alerts", {"acknowledged": "false"}),
]


@pytest.mark.long
def test_index_scan_and_agency_query_return_the_same_pages(
    caller: MakeCaller, court: Agency, town: Town, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, elsewhere = make.agency(AgencyKind.COURT), make.town()
    organization = make.agency(AgencyKind.ADVOCACY)
    for days in range(40, 48):
        order = enter(
            now,
            # Two orders a day, so that a page can end between them.
            days - days % 2,
            court=other if days % 3 == 0 else court,
            respondent_town=elsewhere if days % 4 == 0 else town,
        )
        if days % 3:
            ends_at = now + timedelta(days=1)
            ConfidentialityRelease.objects.create(
                order=order, agency=organization, signed_on=court_date(now), begins_at=now, ends_at=ends_at
            )
    Firer("test").fire()
    words = {
        "court": court.name,
        "other": other.name,
        "police": town.police.name,
        "day": (now - timedelta(days=43)).date().isoformat(),
    }
    places = {Role.CLERK: court, Role.LIAISON: town.police, Role.ADVOCATE: organization}
    callers = [caller(make.person(role, place)) for role, place in places.items()]
    asked = [
        (who, path, {name: value.format(**words) for name, value in query.items()})
        for who in callers
        for path, query in QUERIES
        if who.get(path).status_code == 200
    ]
    along = [walked(who, path, **query) for who, path, query in asked]
    assert sum(map(bool, along)) > len(QUERIES)

    for tried in (0, 3):
        monkeypatch.setattr(pagination, "SCAN_LIMIT", tried)
        assert [walked(who, path, **query) for who, path, query in asked] == along


def read(query: str, table: str) -> int:
    """The number of rows of the table that a query reads."""

    def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for below in node.get("Plans", ()):
            yield from nodes(below)

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
        (said,) = cursor.fetchone()
    plan = (said if isinstance(said, list) else json.loads(said))[0]["Plan"]
    return sum(
        round((one["Actual Rows"] + one.get("Rows Removed by Filter", 0)) * one["Actual Loops"])
        for one in nodes(plan)
        if one.get("Relation Name") == table
    )


def test_rows_of_other_agencies_are_not_read(
    caller: MakeCaller, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the rows of other agencies, only `SCAN_LIMIT` are read."""
    monkeypatch.setattr(pagination, "SCAN_LIMIT", 3)
    # Orders are sorted newest first and deadlines longest overdue first: the rows of one court come last.
    old, new, others = (make.agency(AgencyKind.COURT) for _ in range(3))
    enter(now, 60, court=old)
    enter(now, 30, court=new)
    town = make.town()
    for _ in range(15):
        enter(now, 45, court=others, respondent_town=town)
    Firer("test").fire()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        # PostgreSQL would read all of so few rows.
        cursor.execute("SET LOCAL enable_seqscan = off")

    for path, table, court in [
        ("/orders", "orders_order", old),
        ("/orders?served=true", "orders_order", old),
        ("/deadlines", "orders_deadline", new),
        ("/follow-ups", "orders_followup", new),
    ]:
        clerk = caller(make.person(Role.CLERK, court))
        with CaptureQueriesContext(connection) as captured:
            shown = len(clerk.get(path).json()["results"])

        queries = [one["sql"] for one in captured if f'FROM "{table}"' in one["sql"]]
        assert shown
        # The end of the scan, the scan, the keys of the caller's rows, and the rows.
        assert len(queries) >= 4
        for query in queries:
            assert read(query, table) <= shown + 4, query
