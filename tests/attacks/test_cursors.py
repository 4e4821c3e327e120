"""A cursor of another person, list or filter compares no rows: it is refused as one that was made up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from orders.models import HistoryEntry, Order
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db

Ask = Callable[[Caller, Caller, list[str], str], Any]

#: Who asks for what with the cursor of a clerk's own list of all orders.
ELSEWHERE: dict[str, Ask] = {
    "a colleague": lambda _own, other, _ids, cursor: other.get("/orders", cursor=cursor),
    "other filters": lambda own, _other, _ids, cursor: own.get("/orders", cursor=cursor, served="false"),
    "another list": lambda own, _other, ids, cursor: own.get(f"/orders/{ids[0]}/history", cursor=cursor),
}


@pytest.fixture
def two(caller: MakeCaller) -> tuple[Caller, Caller, list[str]]:
    """Two clerks of a court with three orders, and the ids of those."""
    court, now = make.agency(AgencyKind.COURT), timezone.now()
    orders = [make.order(court=court, issued_at=now - timedelta(days=day), now=now) for day in (1, 2, 3)]
    ids = [str(order.public_id) for order in orders]
    own, other = (caller(make.person(Role.CLERK, court)) for _ in range(2))
    return own, other, ids


def done_to(order: Order, kind: str) -> None:
    """One more entry of the history."""
    HistoryEntry.objects.create(order=order, kind=kind, occurred_at=timezone.now(), data={})


def cursor_of(answer: Any) -> str:
    return str(parse_qs(urlsplit(answer.json()["next"]).query)["cursor"][0])


@pytest.mark.parametrize("how", ELSEWHERE)
def test_a_cursor_from_elsewhere_is_refused(how: str, two: tuple[Caller, Caller, list[str]]) -> None:
    own, other, ids = two

    answer = ELSEWHERE[how](own, other, ids, cursor_of(own.get("/orders", limit=1)))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "cursor"


def test_a_cursor_of_one_order_opens_no_page_of_another(two: tuple[Caller, Caller, list[str]]) -> None:
    own, _, ids = two
    for one in ids[:2]:
        done_to(Order.objects.get(public_id=one), "orphaned")
    cursor = cursor_of(own.get(f"/orders/{ids[0]}/history", limit=1))

    assert own.get(f"/orders/{ids[1]}/history", cursor=cursor).status_code == 400
    assert own.get(f"/orders/{ids[0]}/history", cursor=cursor, limit=5).status_code == 200
