"""The hourly check: every overdue deadline has an owner who sees the order, and an alert."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AgencyKind, Role
from ctcompliance.celery import app
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders import tasks
from orders.models import Checkpoint, CheckpointState, Deadline, DeadlineState, FollowUp, Order, Transfer
from orders.services.follow_ups import orphaned
from orders.services.follow_ups.orphaned import Repairs, check_orphaned
from orders.services.follow_ups.transfers import offer_transfer
from orders.services.orders.entry import enter_orders
from orders.services.parties.agencies import add_agency
from orders.services.parties.respondents import correct_respondent_town
from orders.services.planning.replan import replan
from tests import make

pytestmark = pytest.mark.django_db

NOW = make.NOW


def imported(count: int = 1, **given: object) -> list[Order]:
    """Imported orders whose hearings are long past, without an alert."""
    new = [
        make.new_order(
            issued_at=None,
            issued_on=(NOW - timedelta(days=60)).date(),
            firearms_indicated=False,
            **given,
        )
        for _ in range(count)
    ]
    return enter_orders(new, by=None, now=NOW, source="import")


def overdue(order: Order) -> list[Deadline]:
    return list(Deadline.objects.filter(order=order, state=DeadlineState.OVERDUE))


def is_right(order: Order) -> bool:
    """True where each overdue deadline has one open follow-up and its check."""
    return all(
        deadline.follow_ups.filter(closed_at=None).count() == 1
        and deadline.checkpoints.filter(
            purpose="check",
            revision=deadline.revision,
            state__in=[CheckpointState.PENDING, CheckpointState.FIRED],
        ).exists()
        for deadline in overdue(order)
    )


def test_imported_overdue_deadlines_get_an_owner_and_one_alert() -> None:
    court = make.agency(AgencyKind.COURT)
    clerk = make.person(Role.CLERK, court)
    (order,) = imported(court=court)
    found = overdue(order)
    assert found
    assert not FollowUp.objects.exists()
    assert Firer("test").fire(now=NOW).alerts == 0

    checked = check_orphaned(now=NOW)

    assert checked == Repairs(opened=len(found), armed=len(found))
    assert is_right(order)
    task = FollowUp.objects.filter(deadline=found[0]).get()
    assert (task.owner, task.assigned_to, task.next_action_at) == (court, None, NOW)
    assert order.history.filter(kind="follow_up_opened").count() == len(found)

    fired = Firer("test").fire(now=NOW + timedelta(seconds=1))

    assert fired.alerts == Alert.objects.filter(recipient=clerk).count() == len(found)
    assert FollowUp.objects.count() == len(found)
    assert {one.state for one in Deadline.objects.filter(pk__in=[one.pk for one in found])} == {"overdue"}
    assert check_orphaned(now=NOW + timedelta(hours=1)) == Repairs()
    assert Firer("test").fire(now=NOW + timedelta(hours=2)).alerts == 0


def test_it_is_idempotent_and_plans_stay_as_they_are() -> None:
    (order,) = imported()
    check_orphaned(now=NOW)
    before = list(Checkpoint.objects.order_by("pk").values())

    assert check_orphaned(now=NOW) == Repairs()
    replan([order], now=NOW + timedelta(minutes=1))

    assert list(Checkpoint.objects.order_by("pk").values()) == before


def test_a_running_deadline_is_left_alone() -> None:
    make.served_order()

    assert check_orphaned(now=NOW) == Repairs()
    assert not FollowUp.objects.exists()


def test_the_first_of_the_checks_audience_owns_it() -> None:
    """As in FIRE: for the surrender check the police, not the court, which is alerted too, nor a marshal, who
    sees no follow-ups."""
    police, court, marshal = make.agency(), make.agency(AgencyKind.COURT), make.agency(AgencyKind.MARSHAL)
    order = make.served_order(ago=timedelta(hours=30), respondent_town=make.town(police), court=court)
    add_agency(order, agency=marshal, by=None, now=NOW)
    Checkpoint.objects.filter(name="check", deadline__rule_id="CT-SUR-01").update(
        audience=["marshal", "respondent_police", "court"]
    )
    Firer("test").fire(now=NOW)
    check_orphaned(now=NOW)
    FollowUp.objects.filter(deadline__rule_id="CT-SUR-01").delete()

    assert check_orphaned(now=NOW).opened == 1

    assert FollowUp.objects.get(deadline__rule_id="CT-SUR-01", order=order).owner == police


def test_a_moved_deadline_that_is_still_overdue_is_alerted_again() -> None:
    (order,) = imported()
    check_orphaned(now=NOW)
    Firer("test").fire(now=NOW + timedelta(seconds=1))
    deadline = overdue(order)[0]
    Deadline.objects.filter(pk=deadline.pk).update(revision=deadline.revision + 1)

    assert check_orphaned(now=NOW) == Repairs(armed=1)

    assert is_right(order)


def test_what_an_owner_no_longer_sees_goes_to_who_does() -> None:
    old, new, asked = make.agency(), make.agency(), make.agency()
    liaison = make.person(Role.LIAISON, old)
    order = make.served_order(ago=timedelta(hours=30), respondent_town=make.town(old))
    Firer("test").fire(now=NOW)
    check_orphaned(now=NOW)
    task = FollowUp.objects.get(deadline__rule_id="CT-SUR-01")
    offer_transfer(task, to_agency=asked, reason="lives there", by=liaison, now=NOW)
    correct_respondent_town(order, town=make.town(new), by=None, now=NOW, reason="moved")

    checked = check_orphaned(now=NOW)

    assert (checked.reassigned, checked.opened) == (1, 0)
    task.refresh_from_db()
    assert (task.owner, task.assigned_to) == (new, None)
    assert Transfer.objects.get().withdrawn_at == NOW
    assert not order.order_agencies.filter(agency=asked).exists()
    (event,) = order.history.filter(kind="follow_up_given")
    assert event.data["transfer"] == {"from": old.name, "to": new.name}
    assert check_orphaned(now=NOW) == Repairs()


def test_deadlines_without_a_check_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule without a check, whose deadline was marked overdue when it had one: the court answers for it."""
    court = make.agency(AgencyKind.COURT)
    (order,) = imported(court=court)
    deadline = overdue(order)[0]
    monkeypatch.setattr(
        orphaned, "replan_cases", lambda cases, **_: list(Order.objects.select_related("case"))
    )

    checked = check_orphaned(now=NOW)

    assert checked.without_check == checked.opened == len(overdue(order))
    assert FollowUp.objects.get(deadline=deadline).owner == court


def test_it_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = imported(3)
    monkeypatch.setattr(orphaned, "BATCH", 1)
    monkeypatch.setattr(orphaned, "BUDGET", timedelta(0))
    assert check_orphaned(now=NOW) == Repairs(after=0)
    monkeypatch.setattr(orphaned, "BUDGET", timedelta(seconds=15))

    assert check_orphaned(now=NOW).after is None

    assert all(is_right(order) for order in orders)


def test_many_take_as_many_queries_as_few() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            check_orphaned(now=NOW)
        return len(captured)

    imported(2)
    few = queries()
    imported(20)

    assert queries() == few
    assert FollowUp.objects.count() > 20


def test_the_task_logs_its_repairs_and_requests_the_rest(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    imported()
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(tasks.check_orphaned, "apply_async", lambda args, **_: asked.append(args))

    tasks.check_orphaned()
    assert "follow-ups opened" in caplog.text
    assert asked == []
    monkeypatch.setattr(orphaned, "BUDGET", timedelta(0))
    tasks.check_orphaned(7)

    assert asked == [(7,)]
    assert app.conf.beat_schedule["check-orphaned"]["task"] == "orders.check_orphaned"
    assert app.conf.task_routes["orders.check_orphaned"] == {"queue": "bulk"}
