"""`rules apply` replans orders planned with other rules, can be stopped, and skips locked orders."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import AgencyKind
from orders.management.commands import rules
from orders.models import Case, Deadline, DeadlineState, HistoryEntry, Order
from orders.services.planning import court_rules, replan_stale
from orders.services.planning.rulebooks import current_rulebook, record_closing
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders a batch, and no pause."""
    monkeypatch.setattr(replan_stale, "BATCH", 2)
    monkeypatch.setattr(rules, "PAUSE", 0.0)


def apply() -> dict[str, Any]:
    """What the command answers."""
    out = StringIO()
    call_command("rules", "apply", "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def stale() -> set[int]:
    return set(replan_stale.stale_orders().values_list("pk", flat=True))


def make_stale(count: int) -> list[Order]:
    """Orders of a court that has just changed the reminders."""
    court = make.agency(AgencyKind.COURT)
    found = [make.order(court=court) for _ in range(count)]
    court_rules.decide(court, rule_id="CT-LE-48", is_on=False, reason="policy", by=None, now=NOW)
    return found


def test_every_order_is_planned_by_the_current_rules() -> None:
    orders = make_stale(5)
    make.order()

    assert apply() == {"rulebook": current_rulebook().version, "orders": 5, "left": 0}

    states = Deadline.objects.filter(rule_id="CT-LE-48", order__in=orders).values_list("state", flat=True)
    assert set(states) == {DeadlineState.WITHDRAWN}
    assert HistoryEntry.objects.filter(kind="replanned").count() == 5
    assert apply()["orders"] == 0, "applied again it does nothing"
    assert HistoryEntry.objects.filter(kind="replanned").count() == 5


def test_a_closed_day_makes_every_order_one_to_plan() -> None:
    for _ in range(3):
        make.order()
    record_closing(jurisdiction="us_ct", closed_on=date(2026, 12, 9), name="Snow")

    assert apply()["orders"] == 3


def test_stopped_in_the_middle_it_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    make_stale(5)
    batches = 0

    def stopped(**given: Any) -> int:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise KeyboardInterrupt
        return upkeep_replan(**given)

    upkeep_replan = replan_stale.replan_stale
    monkeypatch.setattr(replan_stale, "replan_stale", stopped)
    with pytest.raises(KeyboardInterrupt):
        apply()
    assert len(stale()) == 3

    assert (apply()["orders"], stale()) == (3, set())


def test_the_number_of_orders_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    make_stale(3)

    call_command("rules", "apply")

    out, err = capsys.readouterr()
    assert out == "3 orders were planned again.\n"
    assert err == "", "no bar where no terminal is"


def test_a_terminal_sees_a_bar_and_standard_output_stays_one_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_stale(3)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    call_command("rules", "apply", "--json")

    out, err = capsys.readouterr()
    assert json.loads(out)["orders"] == 3
    assert "3/3" in err


@pytest.mark.django_db(transaction=True)
def test_orders_that_stay_locked_are_left_and_reported() -> None:
    orders = make_stale(3)
    with locked(orders[1].case):
        found = apply()
        out = StringIO()
        call_command("rules", "apply", stdout=out)

    assert (found["orders"], found["left"]) == (2, 1)
    assert out.getvalue().startswith(
        "0 orders were planned again.\n1 orders are left because they were being changed"
    )
    assert stale() == {orders[1].pk}
    assert apply()["orders"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_locked_deadline_blocks_only_its_batch() -> None:
    (order,) = make_stale(1)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    try:
        with locked(Deadline.objects.filter(order=order)[0]):
            found = apply()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")

    assert (found["orders"], found["left"]) == (0, 1)
    assert apply()["orders"] == 1


@contextmanager
def locked(row: Case | Deadline) -> Iterator[None]:
    """Another connection holds the row, as a clerk's unfinished act does."""
    other = connection.copy()
    table = other.ops.quote_name(row._meta.db_table)
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE", [row.pk])
        yield
    finally:
        other.rollback()
        other.close()
