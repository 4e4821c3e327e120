"""Conditions in Django and in SQL select the same rows."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.db import connection

from accounts.models import AgencyKind, Role
from orders.models import (
    RUNNING,
    CheckpointState,
    ConfidentialityRelease,
    Deadline,
    DeadlineState,
    FollowUp,
    Transfer,
    deadline_is_overdue,
    deadline_is_running_sql,
)
from orders.predicates import (
    release_in_force,
    release_in_force_sql,
    release_not_ended,
    transfer_is_open,
    transfer_is_open_sql,
    values_sql,
)
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

#: Just before, at and just after the instant at which the question is asked.
_AROUND = [timedelta(microseconds=offset) for offset in (-1, 0, 1)]


def _keys(table: str, condition: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(" ".join(["SELECT id FROM", table, "row WHERE", condition]), {"now": NOW})
        return {key for (key,) in cursor.fetchall()}


def test_a_release_is_in_force_from_its_beginning_until_before_its_end_or_revocation() -> None:
    order, agency = make.order(), make.agency(AgencyKind.ADVOCACY)
    in_force, not_ended = set[int](), set[int]()
    for begins, ends, revoked in product(_AROUND, _AROUND, [*_AROUND, None]):
        release = ConfidentialityRelease.objects.create(
            order=order,
            agency=agency,
            signed_on=NOW.date(),
            # A release must end after it begins.
            begins_at=NOW + begins - timedelta(days=begins <= timedelta(0)),
            ends_at=NOW + ends + timedelta(days=begins > timedelta(0)),
            revoked_at=None if revoked is None else NOW + revoked,
        )
        if release.ends_at > NOW and (release.revoked_at is None or release.revoked_at > NOW):
            not_ended.add(release.pk)
            if release.begins_at <= NOW:
                in_force.add(release.pk)
    found = ConfidentialityRelease.objects.filter(release_in_force(NOW)).values_list("pk", flat=True)
    assert 0 < len(in_force) < len(not_ended)
    assert set(found) == in_force
    assert _keys("orders_confidentialityrelease", release_in_force_sql("row", at="%(now)s")) == in_force
    still = ConfidentialityRelease.objects.filter(release_not_ended(NOW)).values_list("pk", flat=True)
    assert set(still) == not_ended


def test_a_transfer_is_open_until_it_is_answered_or_withdrawn() -> None:
    deadline = Deadline.objects.filter(order=make.served_order(), due_at__isnull=False)[0]
    police, other = make.agency(), make.agency()
    by = make.person(Role.LIAISON, police)
    made = {}
    for name, ended in (
        ("open", {}),
        ("answered", {"accepted": True, "answered_at": NOW, "answered_by": by}),
        ("withdrawn", {"withdrawn_at": NOW}),
    ):
        task = FollowUp.objects.create(
            deadline=deadline,
            order=deadline.order,
            owner=police,
            next_action_at=NOW,
            closed_at=NOW,
            outcome=name,
        )
        made[name] = Transfer.objects.create(
            follow_up=task,
            order=deadline.order,
            from_agency=police,
            to_agency=other,
            reason="He lives there.",
            offered_at=NOW,
            offered_by=by,
            **ended,
        )
    assert [one.is_open for one in made.values()] == [True, False, False]
    assert Transfer.objects.get(transfer_is_open()) == made["open"]
    assert _keys("orders_transfer", transfer_is_open_sql("row")) == {made["open"].pk}


def test_a_deadline_is_overdue_once_its_time_ran_out_marked_or_not() -> None:
    deadline = Deadline.objects.filter(order=make.served_order(), state=DeadlineState.OPEN)[0]
    for state, ago in product(DeadlineState, _AROUND):
        Deadline.objects.filter(pk=deadline.pk).update(
            state=state, due_at=NOW - ago, met_at=NOW, met_in_time=True, overdue_at=NOW
        )
        deadline.refresh_from_db()
        is_overdue = Deadline.objects.filter(deadline_is_overdue(NOW), pk=deadline.pk).exists()
        assert is_overdue == deadline.is_overdue(NOW) == (state in RUNNING and ago >= timedelta(0))
        is_running = deadline.pk in _keys("orders_deadline", deadline_is_running_sql("row"))
        assert is_running == deadline.is_running == (state in RUNNING)


def test_values_in_sql_are_those_of_the_choices_and_nothing_that_needs_quoting() -> None:
    assert values_sql(*RUNNING) == "('open', 'overdue')"
    assert values_sql(CheckpointState.PENDING, CheckpointState.FIRED) == "(0, 1)"
    with pytest.raises(ValueError, match="not a plain value"):
        values_sql(AgencyKind("police"), type("Odd", (str,), {"value": "it's"})())
