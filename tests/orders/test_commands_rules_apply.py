"""`rules apply` plans anew what was planned with other rules, can be stopped, passes over what is locked."""

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
from orders.models import Case, Deadline, DeadlineState, Event, Order
from orders.services import court_rules, upkeep
from orders.services.calendar import current_rulebook, record_closing
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders a batch, and no pause."""
    monkeypatch.setattr(upkeep, "BATCH", 2)
    monkeypatch.setattr(rules, "PAUSE", 0.0)


def apply() -> dict[str, Any]:
    """What the command answers."""
    out = StringIO()
    call_command("rules", "apply", "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def stale() -> set[int]:
    return set(upkeep.stale_orders().values_list("pk", flat=True))


def make_stale(count: int) -> list[Order]:
    """So many orders of a court that has just decided that police are told otherwise."""
    court = make.agency(AgencyKind.COURT)
    found = [make.order(court=court) for _ in range(count)]
    court_rules.decide(court, rule_id="CT-LE-48", is_on=False, reason="policy", by=None, now=NOW)
    return found


def test_every_order_is_planned_by_the_rules_that_stand() -> None:
    orders = make_stale(5)
    make.order()

    assert apply() == {"rulebook": current_rulebook().version, "orders": 5, "left": 0}

    states = Deadline.objects.filter(rule_id="CT-LE-48", order__in=orders).values_list("state", flat=True)
    assert set(states) == {DeadlineState.WITHDRAWN}
    assert Event.objects.filter(kind="replanned").count() == 5
    assert apply()["orders"] == 0, "applied again it does nothing"
    assert Event.objects.filter(kind="replanned").count() == 5


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

    upkeep_replan = upkeep.replan_stale
    monkeypatch.setattr(upkeep, "replan_stale", stopped)
    with pytest.raises(KeyboardInterrupt):
        apply()
    assert len(stale()) == 3

    assert (apply()["orders"], stale()) == (3, set())


def test_people_are_told_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    make_stale(3)

    call_command("rules", "apply")

    out, err = capsys.readouterr()
    assert out == "3 orders were planned anew.\n"
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
def test_what_somebody_changes_all_the_while_is_left_and_said() -> None:
    orders = make_stale(3)
    with locked(orders[1].case):
        found = apply()
        out = StringIO()
        call_command("rules", "apply", stdout=out)

    assert (found["orders"], found["left"]) == (2, 1)
    assert out.getvalue().startswith("0 orders were planned anew.\n1 are left, because somebody was changing")
    assert stale() == {orders[1].pk}
    assert apply()["orders"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_deadline_that_stays_locked_holds_nobody_up_for_good() -> None:
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
            cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE", [row.pk])  # noqa: S608
        yield
    finally:
        other.rollback()
        other.close()
