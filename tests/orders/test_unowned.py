"""The hourly check: no overdue deadline without an owner who sees it, and none that nobody was told of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AgencyKind, Role
from ctcompliance.celery import app
from notifications.models import Alert
from notifications.services.firing import Firer
from orders import tasks
from orders.models import (
    Checkpoint,
    CheckpointState,
    Deadline,
    DeadlineState,
    FollowUp,
    HandOver,
    Order,
)
from orders.services import unowned
from orders.services.entry import correct_respondent_town, enter_orders
from orders.services.hand_overs import offer_hand_over
from orders.services.involved import involve_agency
from orders.services.planning import replan
from orders.services.unowned import Found, check_unowned
from tests import make

pytestmark = pytest.mark.django_db

NOW = make.NOW


def imported(count: int = 1, **given: object) -> list[Order]:
    """Orders that the registry tells of long after their hearings should have been; nobody was told."""
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


def test_what_an_import_left_gets_an_owner_and_is_told_of_once() -> None:
    court = make.agency(AgencyKind.COURT)
    clerk = make.person(Role.CLERK, court)
    (order,) = imported(court=court)
    found = overdue(order)
    assert found
    assert not FollowUp.objects.exists()
    assert Firer("test").fire(now=NOW).alerts == 0

    checked = check_unowned(now=NOW)

    assert checked == Found(opened=len(found), armed=len(found))
    assert is_right(order)
    task = FollowUp.objects.filter(deadline=found[0]).get()
    assert (task.owner, task.assigned_to, task.next_action_at) == (court, None, NOW)
    assert order.events.filter(kind="follow_up_opened").count() == len(found)

    fired = Firer("test").fire(now=NOW + timedelta(seconds=1))

    assert fired.alerts == Alert.objects.filter(recipient=clerk).count() == len(found)
    assert FollowUp.objects.count() == len(found)
    assert {one.state for one in Deadline.objects.filter(pk__in=[one.pk for one in found])} == {"overdue"}
    assert check_unowned(now=NOW + timedelta(hours=1)) == Found()
    assert Firer("test").fire(now=NOW + timedelta(hours=2)).alerts == 0


def test_it_is_idempotent_and_plans_stay_as_they_are() -> None:
    (order,) = imported()
    check_unowned(now=NOW)
    before = list(Checkpoint.objects.order_by("pk").values())

    assert check_unowned(now=NOW) == Found()
    replan([order], now=NOW + timedelta(minutes=1))

    assert list(Checkpoint.objects.order_by("pk").values()) == before


def test_a_running_deadline_is_left_alone() -> None:
    make.served_order()

    assert check_unowned(now=NOW) == Found()
    assert not FollowUp.objects.exists()


def test_the_first_of_the_checks_audience_owns_it() -> None:
    """As FIRE has it: of the surrender check the police; not the court that is told too, nor a marshal, who
    sees no follow-ups."""
    police, court, marshal = make.agency(), make.agency(AgencyKind.COURT), make.agency(AgencyKind.MARSHAL)
    order = make.served_order(ago=timedelta(hours=30), respondent_town=make.town(police), court=court)
    involve_agency(order, agency=marshal, by=None, now=NOW)
    Checkpoint.objects.filter(name="check", deadline__rule_id="CT-SUR-01").update(
        audience=["marshal", "respondent_police", "court"]
    )
    Firer("test").fire(now=NOW)
    check_unowned(now=NOW)
    FollowUp.objects.filter(deadline__rule_id="CT-SUR-01").delete()

    assert check_unowned(now=NOW).opened == 1

    assert FollowUp.objects.get(deadline__rule_id="CT-SUR-01", order=order).owner == police


def test_a_deadline_that_moved_and_is_still_overdue_is_told_of_anew() -> None:
    (order,) = imported()
    check_unowned(now=NOW)
    Firer("test").fire(now=NOW + timedelta(seconds=1))
    deadline = overdue(order)[0]
    Deadline.objects.filter(pk=deadline.pk).update(revision=deadline.revision + 1)

    assert check_unowned(now=NOW) == Found(armed=1)

    assert is_right(order)


def test_what_an_owner_no_longer_sees_goes_to_who_does() -> None:
    old, new, asked = make.agency(), make.agency(), make.agency()
    liaison = make.person(Role.LIAISON, old)
    order = make.served_order(ago=timedelta(hours=30), respondent_town=make.town(old))
    Firer("test").fire(now=NOW)
    check_unowned(now=NOW)
    task = FollowUp.objects.get(deadline__rule_id="CT-SUR-01")
    offer_hand_over(task, to=asked, reason="lives there", by=liaison, now=NOW)
    correct_respondent_town(order, town=make.town(new), by=None, now=NOW, reason="moved")

    checked = check_unowned(now=NOW)

    assert (checked.given, checked.opened) == (1, 0)
    task.refresh_from_db()
    assert (task.owner, task.assigned_to) == (new, None)
    assert HandOver.objects.get().withdrawn_at == NOW
    assert not order.concerns.filter(agency=asked).exists()
    (event,) = order.events.filter(kind="follow_up_given")
    assert event.data["hand_over"] == {"from": old.name, "to": new.name}
    assert check_unowned(now=NOW) == Found()


def test_where_no_check_can_tell_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule without a check, whose deadline was marked overdue when it had one: the court answers for it."""
    court = make.agency(AgencyKind.COURT)
    (order,) = imported(court=court)
    deadline = overdue(order)[0]
    monkeypatch.setattr(
        unowned, "replan_cases", lambda cases, **_: list(Order.objects.select_related("case"))
    )

    checked = check_unowned(now=NOW)

    assert checked.untold == checked.opened == len(overdue(order))
    assert FollowUp.objects.get(deadline=deadline).owner == court


def test_it_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = imported(3)
    monkeypatch.setattr(unowned, "BATCH", 1)
    monkeypatch.setattr(unowned, "BUDGET", timedelta(0))
    assert check_unowned(now=NOW) == Found(after=0)
    monkeypatch.setattr(unowned, "BUDGET", timedelta(seconds=15))

    assert check_unowned(now=NOW).after is None

    assert all(is_right(order) for order in orders)


def test_many_take_as_many_queries_as_few() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            check_unowned(now=NOW)
        return len(captured)

    imported(2)
    few = queries()
    imported(20)

    assert queries() == few
    assert FollowUp.objects.count() > 20


def test_the_task_says_what_it_found_and_rings_for_the_rest(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    imported()
    rung: list[tuple[int, ...]] = []
    monkeypatch.setattr(tasks.check_unowned, "apply_async", lambda args, **_: rung.append(args))

    tasks.check_unowned()
    assert "follow-ups opened" in caplog.text
    assert rung == []
    monkeypatch.setattr(unowned, "BUDGET", timedelta(0))
    tasks.check_unowned(7)

    assert rung == [(7,)]
    assert app.conf.beat_schedule["check-unowned"]["task"] == "orders.check_unowned"
    assert app.conf.task_routes["orders.check_unowned"] == {"queue": "bulk"}
